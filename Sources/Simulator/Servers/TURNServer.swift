import Bytes
import Cryptography
import STUN
import Time
import WebRTC

/// A TURN server over UDP (RFC 8656), with long-term credentials (RFC 8489 section 9.2).
///
/// A client *allocates* a relayed address, *permits* peers' addresses, and exchanges data with those by Send and Data indications or, with
/// four bytes of overhead, by *channels*. All of it ends by itself: the nonce after an hour, an allocation after ten minutes, a permission
/// after five, a channel after ten.
///
///     client ⇄ server address │ allocation │ relayed address ⇄ peer
///
/// A machine without I/O: give it what arrives at its own address and at its relayed ones, and send what `pollTransmit` writes. Not there:
/// TCP, the R bit of EVEN-PORT and its reservations (508), ICMP.
public struct TURNServer: Sendable {
  public struct User: Sendable {
    public var name: [UInt8]
    public var password: [UInt8]
    public init(name: [UInt8], password: [UInt8]) {
      self.name = name
      self.password = password
    }
  }

  public struct Configuration: Sendable {
    public var realm: [UInt8] = []
    public var users: [User] = []
    /// Where relayed addresses are made: one IPv4 address, one IPv6 address, or both.
    public var relayAddresses: [IPAddress] = []
    /// Ports of relayed addresses (RFC 8656 section 7.2).
    public var ports: ClosedRange<UInt16> = 49_152...65_535
    public var nonceLifetime = Interval.seconds(3_600)
    public var defaultLifetime = Interval.seconds(600)
    public var maximumLifetime = Interval.seconds(3_600)
    /// RFC 8656 section 9.
    public var permissionLifetime = Interval.seconds(300)
    /// RFC 8656 section 12.
    public var channelLifetime = Interval.seconds(600)
    public var maximumAllocations = 256
    /// More are refused with 486.
    public var maximumAllocationsPerUser = 16
    /// Of each allocation; more are refused with 508.
    public var maximumPermissions = 64
    public var maximumChannels = 64
    /// Datagrams that wait to be polled; what comes beyond is dropped.
    public var maximumPending = 256
    public init() {}
  }

  /// The counts wrap.
  public struct Statistics: Equatable, Sendable {
    public var requests: UInt64 = 0
    /// Error responses, those included that ask for credentials.
    public var refused: UInt64 = 0
    /// Datagrams to and from peers that were passed on.
    public var relayedToPeers: UInt64 = 0
    public var relayedToClients: UInt64 = 0
    /// Datagrams that are none of TURN's, lack a permission, or belong to no allocation.
    public var ignored: UInt64 = 0
    /// For want of room in the queue.
    public var dropped: UInt64 = 0
  }

  struct Permission: Sendable {
    var ip: IPAddress
    var expiry: Instant
  }

  struct ChannelBinding: Sendable {
    var number: UInt16
    var peer: TransportAddress
    var expiry: Instant
  }

  struct Allocation: Sendable {
    /// The 5-tuple, of which the protocol is UDP.
    var client: TransportAddress
    var server: TransportAddress
    var user: Int
    /// Tells a repeated Allocate from a second one (RFC 8656 section 7.2).
    var transactionID: TransactionID
    var relays: [TransportAddress]
    /// What an additional address was refused with; 0: nothing.
    var addressError: UInt16
    var expiry: Instant
    var permissions: [Permission] = []
    var channels: [ChannelBinding] = []
  }

  struct Pending: Sendable {
    var path: Transmit
    var bytes: [UInt8]
  }

  let configuration: Configuration
  var random: SeededRandom
  /// Makes nonces that nobody else can.
  let nonceKey: InlineArray<20, UInt8>
  var keys: [InlineArray<16, UInt8>]
  var allocations: [Allocation] = []
  var pending: [Pending] = []
  /// When the first allocation ends.
  public internal(set) var nextDeadline: Instant?
  public internal(set) var statistics = Statistics()

  public init(configuration: Configuration, random: SeededRandom) {
    self.configuration = configuration
    self.random = random
    self.nonceKey = self.random.bytes()
    self.keys = configuration.users.map {
      longTermKey(username: $0.name.span, realm: configuration.realm.span, password: $0.password.span)
    }
  }

  public var allocationCount: Int { self.allocations.count }
  /// Of all allocations, the oldest first.
  public var relayedAddresses: [TransportAddress] { self.allocations.flatMap(\.relays) }

  /// Takes what came to `local`: one of the relayed addresses, or the address that clients know.
  public mutating func receive(
    _ datagram: Span<UInt8>, from remote: TransportAddress, to local: TransportAddress, now: Instant
  ) {
    self.advance(to: now)
    if let relayed = self.allocations.firstIndex(where: { $0.relays.contains(local) }) {
      self.relayToClient(datagram, from: remote, to: local, allocation: relayed, now: now)
      return
    }
    // RFC 8656 section 12.6 with RFC 7983: the first byte tells.
    switch datagram.count > 0 ? datagram[0] : 255 {
    case 0...3: self.receiveMessage(datagram, from: remote, to: local, now: now)
    case 64...79: self.receiveChannelData(datagram, from: remote, to: local, now: now)
    default: self.statistics.ignored &+= 1
    }
  }

  /// Ends the allocations whose time is over.
  public mutating func advance(to now: Instant) {
    guard let deadline = self.nextDeadline, deadline <= now else { return }
    self.allocations.removeAll { $0.expiry <= now }
    self.updateDeadline()
  }

  /// Writes the next datagram; `writer` needs room for the largest one that was received and 60 bytes.
  public mutating func pollTransmit(into writer: inout SpanWriter) -> Transmit? {
    guard !self.pending.isEmpty else { return nil }
    let next = self.pending.removeFirst()
    writer.write(next.bytes.span)
    return next.path
  }

  mutating func updateDeadline() {
    var first = Instant.distantFuture
    for allocation in self.allocations where allocation.expiry < first { first = allocation.expiry }
    self.nextDeadline = first == .distantFuture ? nil : first
  }

  func allocation(of client: TransportAddress, at server: TransportAddress) -> Int? {
    for i in self.allocations.indices
    where self.allocations[i].client == client && self.allocations[i].server == server { return i }
    return nil
  }

  mutating func append(_ bytes: [UInt8], _ path: Transmit) -> Bool {
    guard self.pending.count < self.configuration.maximumPending else {
      self.statistics.dropped &+= 1
      return false
    }
    self.pending.append(Pending(path: path, bytes: bytes))
    return true
  }
}
