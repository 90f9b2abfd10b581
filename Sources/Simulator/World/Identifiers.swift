/// A machine with addresses, on which peers and servers run.
public struct HostID: Hashable, Sendable {
  public let index: Int
  init(_ index: Int) { self.index = index }
}

/// A network address translator.
public struct NATID: Hashable, Sendable {
  public let index: Int
  init(_ index: Int) { self.index = index }
}

/// A peer of a world; peers are numbered from 0 in the order in which they were added.
public struct PeerID: Hashable, Sendable {
  public let index: Int
  init(_ index: Int) { self.index = index }
}

/// A bare UDP socket of a world, for what a test sends by hand.
public struct SocketID: Hashable, Sendable {
  public let index: Int
  init(_ index: Int) { self.index = index }
}

/// A STUN server of a world.
public struct STUNServerID: Hashable, Sendable {
  public let index: Int
  init(_ index: Int) { self.index = index }
}

/// A TURN server of a world.
public struct TURNServerID: Hashable, Sendable {
  public let index: Int
  init(_ index: Int) { self.index = index }
}

/// A partition, to be healed by this name.
public struct PartitionID: Hashable, Sendable {
  let number: UInt32
}

/// Mistakes of the world's owner.
public enum WorldError: Error, Equatable, Sendable {
  /// Another host or NAT of the same network has the address, or the host has it already.
  case addressInUse
  /// The host does not have the address, or has none at all.
  case noSuchAddress
  /// Another socket of the host has the port, or the host's ports are used up.
  case portInUse
  /// A NAT without an address, or one that would stand behind itself.
  case configuration
}
