import Bytes
import STUN
import Time
import WebRTC

/// Any number of peers, the hosts that they run on, the networks between them, and one virtual clock.
///
/// Everything that happens follows from the seed and from the owner's calls: the same calls give the same bytes at the same times, on
/// every machine. Nothing waits for real time; a minute in which little happens costs microseconds.
///
///     peer ─ host ─ interface ═ up link ═▷ ┌─────────────┐ ═ down link ═▷ interface ─ host ─ peer
///                                          │ the network │                              └ STUN server
///                     behind a NAT: its    │ (instant)   │
///                     own network, then    └─────────────┘
///
/// The owner calls the peers as it likes by `world[peer]`, between calls of `step` or `run`, and pulls their events and messages itself.
/// What a peer has to send is put on its way by the world; nobody needs to poll for datagrams or deadlines.
///
/// A class, because what holds connections is too large for the compiler's checks of values that cannot be copied. `fork` makes a
/// second world that goes on byte for byte as this one would.
public final class World {
  public internal(set) var now: Instant
  public internal(set) var statistics = WorldStatistics()
  /// Called for every datagram that a peer sends, with its path as the peer sees it.
  public var onTransmit: ((PeerID, Transmit, Span<UInt8>) -> Void)?
  /// Called for every datagram that a peer is about to get, with its path as the peer sees it.
  public var onDeliver: ((PeerID, Transmit, Span<UInt8>) -> Void)?
  /// The peers that the last step gave a datagram or time to, or that were called before it: those in which something may have changed.
  public internal(set) var active: [PeerID] = []
  /// The next entry in `active` begins a new list.
  var isActiveOver = false

  var random: SeededRandom
  var hosts: [Host] = []
  var interfaces: [Interface] = []
  var nats: [NATBox] = []
  var routes: [Route] = []
  var partitions: [Partition] = []
  var lastPartition: UInt32 = 0
  /// Whatever has sockets: peers, servers, bare sockets. Deadlines are numbered like these.
  var endpoints: [Endpoint] = []
  var deadlines = DeadlineHeap()
  var flights = FlightQueue()
  /// Endpoints that may have something to send.
  var dirty: [Int] = []
  var peers: [PeerBox] = []
  var sockets: [BareSocket] = []
  var stunServers: [STUNServer] = []
  var turnServers: [TURNServer] = []
  var sessions: [SignalingSession] = []
  var heldSignals: [HeldSignal] = []
  var hash = OutputHash()
  /// Where datagrams are written; taken and put back, so that nothing is allocated for one.
  var buffer = [UInt8](repeating: 0, count: World.bufferSize)
  var arrived: [UInt8] = []

  static let bufferSize = 9_216

  /// An empty world. It begins one second after the clock's zero: a clock that starts anywhere must do.
  public init(seed: UInt64) {
    self.random = SeededRandom(seed: .init(seed))
    self.now = Instant(nanoseconds: 1_000_000_000)
  }

  /// A hash over every datagram that was sent, its path, and its time: equal in two runs exactly if all of those were.
  public var outputHash: UInt64 { self.hash.value }

  /// When the next thing happens; nil: nothing ever will, unless the owner makes it.
  public var nextInstant: Instant? {
    self.flush()
    guard let arrival = self.flights.nextArrival else { return self.deadlines.next }
    guard let deadline = self.deadlines.next else { return arrival }
    return min(arrival, deadline)
  }

  /// Goes to the next thing that happens and does it, with all else that happens at the same instant; false when nothing ever will.
  @discardableResult
  public func step() -> Bool {
    guard let next = self.nextInstant else { return false }
    self.now = max(next, self.now)
    self.beginActive()
    while let flight = self.flights.popFirst(now: self.now, bytes: &self.arrived) { self.arrive(flight) }
    while let endpoint = self.deadlines.first(by: self.now) { self.advance(endpoint) }
    self.flush()
    self.isActiveOver = true
    return true
  }

  /// Steps until `deadline`, to which the clock then is set.
  public func run(until deadline: Instant) {
    while let next = self.nextInstant, next <= deadline { self.step() }
    self.now = max(self.now, deadline)
  }

  public func run(for interval: Interval) { self.run(until: self.now + interval) }

  /// Steps until `condition` holds, which is asked at every instant at which something happens; false when it did not within `limit`.
  public func run(for limit: Interval, until condition: (World) -> Bool) -> Bool {
    let deadline = self.now + limit
    self.flush()
    while !condition(self) {
      guard let next = self.nextInstant, next <= deadline else {
        self.now = max(self.now, deadline)
        return condition(self)
      }
      self.step()
    }
    return true
  }
}
