import Bytes
import Time

/// The RTP side of one BUNDLE group (RFC 3550, RFC 8834, RFC 9143): any number of lines, each of which sends one stream and receives
/// several, with reports, repair and feedback. SRTP lies below: packets come decrypted and leave plain.
///
/// The caller moves packets and time:
/// 1. `receive` and `receiveControl` each packet, `advance` when `nextDeadline` comes, `send` frames.
/// 2. Then `pollTransmit` until nil, `receiveFrame` (or `receivePacket`) and `pollEvent` until nil.
///
/// What is to be said is kept as intent ("a report is due"), and written when asked. Which lines and streams have something to do
/// stands in sets, so that asking costs the same whatever their number.
public struct Session: Sendable {
  public let configuration: Configuration
  var random: SeededRandom
  let cname: [UInt8]

  var lines: [Line] = []
  var streams: [Stream] = []
  var sources = SourceTable()
  /// All lines' header extensions: one session has one space of ids (RFC 8285 section 6, RFC 9143 section 10).
  var extensions = HeaderExtensionMap()
  /// Whether any line has transport-wide feedback, which is then about the packets of all lines.
  var reportsTransport = false
  /// SSRCs that said BYE, whose stragglers shall not begin a stream anew.
  var departed: [Departed] = []

  // What is ready.
  var audioReady: ReadySet
  var videoReady: ReadySet
  var repeatReady: ReadySet
  var feedbackReady: ReadySet
  var frameReady: ReadySet
  var packetReady: ReadySet
  var turns = Turns()

  var reports = ReportState()
  var departures: DepartureLog
  var arrivals = ArrivalLog()
  var events: EventQueue
  public internal(set) var statistics = Statistics()
  /// The smoothed round trip to the peer, once a report has told.
  public internal(set) var roundTripTime: Interval?
  /// No later than the earliest of all deadlines.
  @usableFromInline var deadline = Instant.distantFuture

  struct Departed: Sendable {
    var ssrc: UInt32
    var until: Instant
  }

  /// Where to look first, so that nobody is always last.
  struct Turns: Sendable {
    var audio = 0
    var video = 0
    var repeats = 0
    var feedback = 0
    var frames = 0
    var packets = 0
  }

  public init(configuration: Configuration = Configuration(), random: SeededRandom, now: Instant) throws(UsageError) {
    guard configuration.isValid else { throw .invalidConfiguration }
    self.init(checked: configuration, random: random, now: now)
  }

  /// As `init(configuration:)`, with a configuration that is known to be valid.
  package init(checked configuration: Configuration, random: SeededRandom, now: Instant) {
    self.configuration = configuration
    self.random = random
    if configuration.cname.isEmpty {
      // RFC 7022 section 5: random, so that nobody is recognised by it.
      var name: [UInt8] = []
      for _ in 0..<16 { name.append(UInt8(ascii: "a") &+ UInt8(truncatingIfNeeded: self.random.next(below: 26))) }
      self.cname = name
    } else {
      self.cname = configuration.cname
    }
    self.departures = DepartureLog(first: UInt16(truncatingIfNeeded: self.random.nextWord()))
    self.audioReady = ReadySet(capacity: configuration.maximumLines)
    self.videoReady = ReadySet(capacity: configuration.maximumLines)
    self.repeatReady = ReadySet(capacity: configuration.maximumLines)
    self.feedbackReady = ReadySet(capacity: configuration.maximumStreams)
    self.frameReady = ReadySet(capacity: configuration.maximumStreams)
    self.packetReady = ReadySet(capacity: configuration.maximumStreams)
    self.events = EventQueue(capacity: configuration.maximumEvents)
  }

  public mutating func pollEvent() -> Event? {
    if let event = self.events.pop() { return event }
    // Kept apart, so that a peer that tells often pushes nothing else out.
    guard let bandwidth = self.reports.bandwidth else { return nil }
    self.reports.bandwidth = nil
    return .bandwidth(bitsPerSecond: bandwidth)
  }

  mutating func tell(_ event: Event) {
    if !self.events.push(event) { self.statistics.droppedEvents &+= 1 }
  }

  /// When `advance` is to be called at the latest; nil: there is nothing to wait for.
  @inlinable public var nextDeadline: Instant? { self.deadline == .distantFuture ? nil : self.deadline }

  @inline(__always) func ntpTime(_ now: Instant) -> UInt64 { NTPTime.at(now, offset: self.configuration.ntpOffset) }
}
