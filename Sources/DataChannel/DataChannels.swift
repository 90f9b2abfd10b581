import Bytes
import SCTP
import Time

/// WebRTC's data channels (RFC 8831, RFC 8832) over one SCTP association, which this owns.
///
/// A channel is a stream in each direction. Like browsers, and as RFC 8832 section 6 allows, the opening side
/// calls a channel open as soon as its OPEN is on its way over a connected association, and keeps to ordered
/// messages until the peer was heard on it. A channel ends when both directions were reset; only then may its stream
/// be used again (RFC 8831 section 6.7).
///
/// After any input: `receiveMessage` and `pollEvent` until nil, then `pollTransmit` until false.
public struct DataChannels: Sendable {
  public struct Configuration: Sendable {
    public var association = Association.Configuration()
    /// Channels that are not closed, of both sides together: 1...32,768. A peer's further ones are refused.
    public var maximumChannels: Int = 1024
    /// The longest label, and the longest subprotocol, in bytes, sent or accepted: at most 65,535.
    public var maximumNameLength: Int = 1024
    /// What may be kept of messages that come before their channel is opened here, in bytes.
    public var maximumEarlyBytes: Int = 65_536
    public init() {}

    package var isValid: Bool {
      (1...32_768).contains(self.maximumChannels) && (0...65_535).contains(self.maximumNameLength)
        && self.maximumEarlyBytes >= 0 && self.association.isValid
    }
  }

  /// What the peer did that it should not have.
  public struct Statistics: Equatable, Sendable {
    /// Opened, by either side.
    public var opened: UInt64 = 0
    public var closed: UInt64 = 0
    /// OPENs that were malformed, of the wrong parity, on a stream in use, or one channel too many.
    public var refused: UInt64 = 0
    /// Control messages that make no sense.
    public var malformedControl: UInt64 = 0
    /// Messages with an identifier that means nothing here (the deprecated 52 and 54 included).
    public var unknownProtocol: UInt64 = 0
    /// Messages for channels that do not exist, or that were closed here.
    public var dropped: UInt64 = 0
    public init() {}
  }

  let configuration: Configuration
  @usableFromInline var association: Association
  @usableFromInline var channels = ChannelTable()
  var isDTLSClient: Bool?
  var isConnected = false
  var isEnded = false
  /// The latest time that the caller told.
  var now: Instant
  /// Channels opened before the role is known, and those with a control message that found no room.
  var awaitingStream: [Int32] = []
  var awaitingControl: [Int32] = []
  var events: [Event] = []
  var eventsTaken = 0
  @usableFromInline var early = EarlyMessages()
  var scratch: [UInt8] = []
  /// Nothing has happened since events were last carried over from the association: polling costs next to nothing.
  var isSettled = false
  /// The size of the message that the send buffer last had no room for; `.writable` is owed.
  var blockedSize: Int?
  public internal(set) var counters = Statistics()

  /// - Parameter isDTLSClient: whether this side is the DTLS client, which opens even streams; nil if not known yet.
  public init(
    configuration: Configuration, isDTLSClient: Bool?, random: SeededRandom, now: Instant
  ) throws(Association.UsageError) {
    guard configuration.isValid else { throw .invalidConfiguration }
    self.init(checked: configuration, isDTLSClient: isDTLSClient, random: random, now: now)
  }

  /// As `init(configuration:)`, with a configuration that is known to be valid.
  package init(checked configuration: Configuration, isDTLSClient: Bool?, random: SeededRandom, now: Instant) {
    self.configuration = configuration
    self.association = Association(checked: configuration.association, random: random, now: now)
    self.isDTLSClient = isDTLSClient
    self.now = now
  }

  /// Tells the DTLS role once it is known: channels opened before get their streams now, in the order of `open`.
  public mutating func setDTLSRole(isClient: Bool, now: Instant) {
    self.note(now)
    guard self.isDTLSClient == nil else { return }
    self.isDTLSClient = isClient
    let waiting = self.awaitingStream
    self.awaitingStream = []
    for slot in waiting {
      guard let stream = self.freeStream() else {
        self.finish(Int(slot))
        continue
      }
      self.channels.assign(stream, to: Int(slot))
      self.begin(Int(slot))
    }
  }

  /// `Association.setInitialRoundTrip`.
  public mutating func setInitialRoundTrip(_ roundTrip: Interval) { self.association.setInitialRoundTrip(roundTrip) }

  /// The largest message that the peer accepts, in bytes (its `a=max-message-size`, RFC 8841 section 6.1); 0: any.
  public mutating func setRemoteMaximumMessageSize(_ bytes: UInt64) {
    self.association.setRemoteMaximumMessageSize(bytes == 0 ? Int.max : Int(clamping: bytes))
  }

  public var state: Association.State { self.association.state }
  public var statistics: Association.Statistics { self.association.statistics }

  // MARK: Input

  public mutating func connect(now: Instant) {
    self.note(now)
    self.association.connect(now: now)
  }

  public mutating func receive(_ packet: Span<UInt8>, now: Instant) {
    self.note(now)
    self.association.receive(packet, now: now)
    self.settle()
  }

  public mutating func advance(to now: Instant) {
    self.note(now)
    self.association.advance(to: now)
    self.settle()
  }

  /// `Association.shutdown`: what was sent is delivered first.
  public mutating func shutdown(now: Instant) {
    self.note(now)
    self.association.shutdown(now: now)
    self.settle()
  }

  public mutating func abort(now: Instant) {
    self.note(now)
    self.association.abort(now: now)
    self.settle()
  }

  // MARK: Output

  @inlinable public var nextDeadline: Instant? { self.association.nextDeadline }

  /// `Association.pollTransmit`: one SCTP packet, for DTLS.
  public mutating func pollTransmit(into writer: inout SpanWriter) -> Bool {
    if !self.awaitingControl.isEmpty { self.sendControl() }
    let didWrite = self.association.pollTransmit(into: &writer)
    if didWrite { self.isSettled = false }
    return didWrite
  }

  public mutating func pollEvent() -> Event? {
    if !self.isSettled { self.settle() }
    guard self.eventsTaken < self.events.count else { return self.takeWritable() }
    let event = self.events[self.eventsTaken]
    self.eventsTaken &+= 1
    if self.eventsTaken == self.events.count {
      self.events.removeAll(keepingCapacity: true)
      self.eventsTaken = 0
    }
    return event
  }

  /// Told once there is room for what was refused, and for enough more to be worth waking up for.
  private mutating func takeWritable() -> Event? {
    guard let size = self.blockedSize, self.awaitingControl.isEmpty,
      self.sendBufferFree >= max(size, self.configuration.association.sendBufferLimit / 4)
    else { return nil }
    self.blockedSize = nil
    return .writable
  }

  // MARK: What is known

  package var inconsistency: StaticString? { self.association.inconsistency }

  /// Whether any channel exists.
  public var hasChannels: Bool { self.channels.count > 0 }

  /// Nil once the channel is closed.
  @inlinable @inline(__always) public func info(of channel: Channel) -> ChannelInfo? { self.channels.info(of: channel) }

  /// Bytes of user data queued on the channel and not yet sent.
  @inlinable @inline(__always) public func bufferedAmount(of channel: Channel) -> Int {
    guard let slot = self.channels.slot(of: channel), let stream = self.channels.stream(of: slot) else { return 0 }
    return self.association.bufferedAmount(stream: stream)
  }

  /// What can be sent before `SendError.wouldBlock`, over all channels, in bytes.
  public var sendBufferFree: Int { self.association.sendBufferFree }

  /// `.bufferedAmountLow` comes each time that the amount falls to `bytes`; never before this is called.
  public mutating func setBufferedAmountLowThreshold(_ bytes: Int, on channel: Channel) {
    guard let slot = self.channels.slot(of: channel) else { return }
    self.channels[slot].threshold = max(0, bytes)
    guard let stream = self.channels.stream(of: slot) else { return }
    self.association.setBufferedAmountLowThreshold(bytes, stream: stream)
  }

  mutating func note(_ now: Instant) {
    self.isSettled = false
    if self.now < now { self.now = now }
  }
}
