import Bytes
import Time

/// One incoming stream: its packets become frames again, whole, in order, each once.
///
/// Packets wait in a window of slots, by sequence number, their payloads in a pool of bytes. `scan` moves over the packets that
/// are there and cuts them into frames; a frame is ready once it is whole and nothing is missing before it: no time is added
/// where all arrives in order. At a missing packet `scan` waits, for `Configuration.holdTime` after the gap was noticed.
/// Meanwhile the packet is asked for (RFC 4585 section 6.2.1); what the sender repeats, on the stream itself or by RTX (RFC
/// 4588), fills the gap. Then it is given up, with the frame around it, and where later frames depend on it, they wait for a
/// key frame, which is asked for.
///
/// ```
///   base          frameStart        scan                end
///    | ready frames   | frame that    | missing, waited   |
///    |                | is not whole  | for; what follows |
/// ```
///
/// Everything has a bound: a window that is full, or a pool, gives up its oldest frames, whole or not.
///
/// The caller polls: after each `receive` and `advance`, `writeNACK` while `owesNACK`, `takeKeyFrameRequest`, `receiveFrame`
/// until nil.
public struct Receiver: Sendable {
  public let configuration: Configuration
  public let ssrc: UInt32
  /// The session's line, told with what comes out.
  var line = 0

  enum Deadline: Int, Sendable { case hold, nack, keyFrame }

  var mappings: [PayloadMapping]
  /// The one that the newest packet had.
  var mapping = 0
  var now: Instant
  var timers = TimerTable<Deadline, 3>()
  var counters = InboundStatistics()
  var tracker = SequenceTracker()

  var window: PacketWindow
  var pool: PayloadPool
  /// The index of the tracker's highest sequence number.
  var highestIndex: Int64 = 0
  /// The index of the first packet since the stream began: whether there are earlier ones is not known.
  var firstIndex: Int64 = 0
  /// What is added to an index to get the sequence number, modulo 65,536: it changes where the sequence breaks, indices do not.
  var sequenceShift: UInt16 = 0
  /// The first packet that was not yet made part of a frame.
  var scan: Int64 = 0

  /// The frame that `scan` is in; -1: none.
  var frameStart: Int64 = -1
  var frameTimestamp: UInt32 = 0
  var framePayloadType: UInt8 = 0
  var frameSize = 0
  var frameIsKey = false
  /// Whether what precedes `scan` is known to have ended a frame.
  var isAtBoundary = false
  /// The frame of which packets are being thrown away, until another timestamp or its end shows.
  var discardedTimestamp: UInt32?
  /// What happened since the last frame that became ready.
  var loss = LossBefore()
  /// What happened to ready frames since the last one taken.
  var deliveryLoss = LossBefore()
  var hasFrames = false
  /// Frames that depend on others cannot be shown until a key frame comes.
  var awaitsKeyFrame = true

  var missingCount = 0
  var owesRequests = false
  var roundTrip: Interval?

  var needsKeyFrame = false
  /// A key frame is needed only because the stream's first packet does not begin one: the packet that does may be on its way.
  var isStarting = false
  var owesKeyFrame = false
  var keyFrameRequestedAt: Instant?

  var assembler = FrameAssembler(format: .opus)
  var assemblerFormat = CodecFormat.opus
  var clock = MediaClock()
  var packets = PacketQueue()

  /// What is told with the next frame.
  struct LossBefore: Sendable {
    var isLoss = false
    var beginsAnew = false
    var missing: UInt32 = 0
  }

  public init(configuration: Configuration, ssrc: UInt32, parameters: LineParameters, now: Instant) throws(UsageError) {
    guard configuration.isValid else { throw .invalidConfiguration }
    self.configuration = configuration
    self.ssrc = ssrc
    self.mappings = parameters.receiveCodecs
    self.now = now
    var count = 16
    while count < configuration.maximumPackets { count &*= 2 }
    self.window = PacketWindow(maximumCount: count)
    self.pool = PayloadPool(
      startBytes: parameters.kind == .audio ? 2048 : 16_384, maximumBytes: configuration.maximumBytes,
      maximumBlocks: count &* 2)
    self.counters.ssrc = ssrc
  }

  /// Takes what a renegotiation settled. Frames that are in work keep the format that they came with.
  public mutating func configure(_ parameters: LineParameters) {
    self.mappings = parameters.receiveCodecs
    self.mapping = 0
  }

  /// The round trip to the sender: requests for missing packets are spaced by it.
  public mutating func setRoundTrip(_ roundTrip: Interval) { self.roundTrip = roundTrip }

  /// Does what is due: gives up packets that were held for too long, and asks again.
  public mutating func advance(to now: Instant) {
    self.now = max(self.now, now)
    if self.timers.isDue(.hold, at: self.now) { self.scanPackets() }
    if self.timers.isDue(.nack, at: self.now) {
      self.timers.cancel(.nack)
      self.owesRequests = self.missingCount > 0
    }
    if carriesVideo, self.timers.isDue(.keyFrame, at: self.now) { self.repeatKeyFrameRequest() }
  }

  /// In the future after `advance(to: now)`.
  public var nextDeadline: Instant? { self.timers.next }

  /// What the stream has to say and to give.
  struct Readiness {
    var owesFeedback: Bool
    var hasFrame: Bool
    var hasPacket: Bool
    var deadline: Instant?
  }

  /// All of it at once. Mutating only so that it is asked where it lies: for a getter, a value of this size is copied.
  mutating func readiness() -> Readiness {
    Readiness(
      owesFeedback: self.owesNACK || self.owesKeyFrameRequest, hasFrame: self.window.base < self.readyEnd,
      hasPacket: self.packets.count > 0, deadline: self.timers.next)
  }

  public var statistics: InboundStatistics {
    var result = self.counters
    result.packetsLost = self.tracker.totalLost
    result.jitter = self.tracker.jitter
    return result
  }

  /// What the next report is to say; each call starts the interval that `fractionLost` is about.
  public mutating func takeReceptionReport() -> ReceptionReport { self.tracker.takeReport() }

  /// Bytes of memory that payloads and what is known of their packets are kept in: at most `Configuration.maximumBytes`, and some
  /// 100 for each of `Configuration.maximumPackets`.
  public var memory: Int { self.pool.bytes.count &+ self.window.count &* MemoryLayout<PacketSlot>.stride }
}
