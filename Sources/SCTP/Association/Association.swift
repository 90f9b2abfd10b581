import Bytes
import Cryptography
import Time

/// One SCTP association over DTLS (RFC 9260, RFC 8261), with partial reliability (RFC 3758), stream
/// reconfiguration (RFC 6525) and zero checksums (RFC 9653).
///
/// The caller moves packets and time; whatever it forgets to poll is late, never lost:
/// 1. `receive` each packet from DTLS, `advance` when `nextDeadline` comes, `send` and `resetStreams` at will.
/// 2. Then `pollTransmit` until false, `receiveMessage` and `pollEvent` until nil.
///
/// What is to be sent is kept as intent ("a SACK is due"); a packet comes into being in the caller's buffer. What
/// is not pulled keeps the window closed that the peer sees. Both sides may call `connect`, or one: an INIT that
/// arrives is answered in any case, and until its cookie returns it leaves no trace here (section 5.1).
public struct Association: Sendable {
  /// Section 4, with `ended` for good: DTLS carries one association, and a new one takes a new value.
  enum Phase: Sendable {
    case closed, cookieWait, cookieEchoed, established
    case shutdownPending, shutdownSent, shutdownReceived, shutdownAckSent
    case ended
  }

  public internal(set) var configuration: Configuration
  var random: SeededRandom
  /// The latest time that the caller told.
  var now: Instant
  var phase = Phase.closed
  @usableFromInline var timers = Timers()

  // Who we are and who the peer is.
  var localTag: UInt32
  var localInitialTSN: UInt32
  var peer = EndpointParameters()
  let cookieKey: InlineArray<32, UInt8>

  @usableFromInline var inbox: Inbox
  @usableFromInline var outbox: Outbox
  var handshake = Handshake()
  var acknowledgement = AcknowledgementState()
  var heartbeat = HeartbeatState()
  var resets: ResetState
  /// What has to be said, and has room in any packet.
  var due = Due()
  /// An answer to a packet that belongs to no association, or to another one.
  var reply = StatelessReply()
  /// Timeouts in a row (section 8.1).
  var errors = 0
  var shutdownTransmissions = 0
  var events = EventQueue()
  var counters = Statistics()

  /// Chunks that are due. Those with contents have them elsewhere.
  struct Due: Sendable {
    var initiation = false
    var cookieEcho = false
    var cookieAck = false
    var acknowledgement = false
    var heartbeat = false
    var heartbeatAck = false
    var error = false
    var resetRequest = false
    var shutdown = false
    var shutdownAck = false
    var isAny: Bool {
      self.initiation || self.cookieEcho || self.cookieAck || self.acknowledgement || self.heartbeat
        || self.heartbeatAck || self.error || self.resetRequest || self.shutdown || self.shutdownAck
    }
  }

  /// Takes the configuration and a generator of its own, seeded from entropy: tags and the cookie key come from it.
  public init(configuration: Configuration, random: SeededRandom, now: Instant) throws(UsageError) {
    guard configuration.isValid else { throw .invalidConfiguration }
    self.init(checked: configuration, random: random, now: now)
  }

  /// As `init(configuration:)`, with a configuration that is known to be valid.
  package init(checked configuration: Configuration, random: SeededRandom, now: Instant) {
    self.configuration = configuration
    self.random = random
    self.now = now
    self.cookieKey = self.random.bytes()
    self.localTag = max(1, self.random.nextWord())
    self.localInitialTSN = self.random.nextWord()
    self.inbox = Inbox(configuration: configuration, initialTSN: 0)
    self.outbox = Outbox(configuration: configuration, initialTSN: self.localInitialTSN)
    self.resets = ResetState(localInitialTSN: self.localInitialTSN)
  }

  public var state: State {
    switch self.phase {
    case .closed, .ended: .closed
    case .cookieWait, .cookieEchoed: .connecting
    case .established: .established
    case .shutdownPending, .shutdownSent, .shutdownReceived, .shutdownAckSent: .shuttingDown
    }
  }

  /// A round trip measured on the same path by ICE or DTLS: it sets the first timers, so that a lost INIT does not
  /// cost a second. Has no effect once SCTP has measured for itself.
  public mutating func setInitialRoundTrip(_ roundTrip: Interval) { self.outbox.roundTrip.assume(roundTrip) }

  /// The earliest time at which `advance` has something to do.
  @inlinable public var nextDeadline: Instant? { self.timers.next }

  public mutating func pollEvent() -> Event? {
    if let event = self.events.take() { return event }
    if let stream = self.inbox.takeReset() { return .incomingStreamReset(stream: stream) }
    if let stream = self.outbox.queue.takeLowStream() { return .bufferedAmountLow(stream: stream) }
    return self.events.takeClosed()
  }

  mutating func note(_ now: Instant) { if self.now < now { self.now = now } }

  /// Ends the association. What was received and not pulled stays to be pulled.
  mutating func end(_ reason: CloseReason) {
    guard self.phase != .ended else { return }
    self.phase = .ended
    self.timers = Timers()
    self.due = Due()
    self.events.close(reason)
  }

  /// Ends the association and tells the peer why.
  mutating func abort(_ reason: CloseReason, cause: UInt16) {
    if self.peer.tag != 0 {
      self.reply = StatelessReply(kind: .abort(cause: cause, reflected: false), tag: self.peer.tag)
    }
    self.end(reason)
  }
}

/// Events in the order in which they happened; bounded by the streams and by what happens once.
struct EventQueue: Sendable {
  private var events: [Association.Event] = []
  private var taken = 0
  private var closed: Association.CloseReason?

  mutating func append(_ event: Association.Event) { self.events.append(event) }
  mutating func close(_ reason: Association.CloseReason) { self.closed = reason }

  mutating func take() -> Association.Event? {
    guard self.taken < self.events.count else { return nil }
    let event = self.events[self.taken]
    self.taken &+= 1
    if self.taken == self.events.count {
      self.events.removeAll(keepingCapacity: true)
      self.taken = 0
    }
    return event
  }

  /// The end comes after everything else.
  mutating func takeClosed() -> Association.Event? {
    guard let reason = self.closed else { return nil }
    self.closed = nil
    return .closed(reason)
  }
}
