/// What became of a world's datagrams; the counts wrap.
public struct WorldStatistics: Equatable, Sendable {
  public var sent: UInt64 = 0
  public var delivered: UInt64 = 0
  /// Lost on a link: by chance, for want of room in its queue, for being larger than its MTU, or because it was down.
  public var lost: UInt64 = 0
  public var corrupted: UInt64 = 0
  /// The sender does not have the source address any more.
  public var unsendable: UInt64 = 0
  /// Nobody has the destination address where it was looked for.
  public var unroutable: UInt64 = 0
  /// A NAT had no binding for it, did not let it in, would not send it back to its own side, or had no port left.
  public var refusedByNAT: UInt64 = 0
  public var partitioned: UInt64 = 0
  /// The host has the address, and no socket with the port.
  public var unheard: UInt64 = 0
  /// The host was suspended.
  public var missed: UInt64 = 0
  /// Calls of a peer's `advance` after which its deadline was still not in the future: each is a defect of the engine.
  public var staleDeadlines: UInt64 = 0
  /// Descriptions and candidates that a peer refused to take from the world's signalling.
  public var refusedSignals: UInt64 = 0
}
