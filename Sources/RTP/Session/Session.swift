import Bytes
import Time

/// The RTP side of one BUNDLE group (RFC 3550, RFC 8834, RFC 9143): any number of lines, each of which sends one stream and receives
/// several, with reports, repair and feedback. SRTP lies below: packets come decrypted and leave plain.
///
/// The caller moves packets and time:
/// 1. `receive` and `receiveControl` each packet, `advance` when `nextDeadline` comes, `send` frames.
/// 2. Then `pollTransmit` until nil, `receiveFrame` (or `receivePacket`) and `pollEvent` until nil.
public struct Session: Sendable {
  public let configuration: Configuration
  var random: SeededRandom
  public private(set) var statistics = Statistics()

  public init(configuration: Configuration = Configuration(), random: SeededRandom, now: Instant) throws(UsageError) {
    guard configuration.isValid else { throw .invalidConfiguration }
    self.configuration = configuration
    self.random = random
  }

  /// A line that neither sends nor receives before `configure`. Its number is its own for the session.
  /// `receiver` overrides the session's configuration of receivers on this line.
  public mutating func addLine(
    kind: MediaKind, receiver: Receiver.Configuration? = nil
  ) throws(UsageError) -> Int {
    throw .tooManyLines
  }

  /// The SSRCs that the line sends under, for the description; nil: no such line.
  public func sendingStream(of line: Int) -> AnnouncedStream? { nil }

  /// Takes what offer and answer settled: may be called again at any time, to pause, to resume and to change codecs.
  public mutating func configure(_ line: Int, _ parameters: LineParameters, now: Instant) {}

  /// Says BYE for the line's stream and forgets what it received (RFC 3550 section 6.6).
  public mutating func removeLine(_ line: Int, now: Instant) {}

  /// Takes a decrypted RTP packet.
  public mutating func receive(_ packet: Span<UInt8>, now: Instant) {}

  /// Takes a decrypted RTCP packet, compound or of reduced size (RFC 5506).
  public mutating func receiveControl(_ packet: Span<UInt8>, now: Instant) {}

  /// Takes a frame of the line's codec: an H264 access unit in Annex B, a VP8 frame, an Opus packet, G.711 samples, a JPEG file.
  public mutating func send(_ frame: Span<UInt8>, _ timing: FrameTiming, on line: Int, now: Instant) throws(SendError) {
    throw .notNegotiated
  }

  /// Takes a payload that is in the codec's RTP format already, to forward it.
  public mutating func sendPacket(
    _ payload: Span<UInt8>, marker: Bool, _ timing: FrameTiming, on line: Int, now: Instant
  ) throws(SendError) {
    throw .notNegotiated
  }

  /// Writes the next packet at `writer.count`; nil: nothing is due. The writer needs `maximumPacketSize` bytes of room.
  public mutating func pollTransmit(into writer: inout SpanWriter, now: Instant) -> PacketKind? { nil }

  /// The size of the frame that `receiveFrame` would give next.
  public var nextFrameSize: Int? { nil }

  /// Writes the next frame at `writer.count`. Nil: there is none, or it does not fit and stays.
  public mutating func receiveFrame(into writer: inout SpanWriter) -> ReceivedFrame? { nil }

  /// As `nextFrameSize`, of lines that deliver packets.
  public var nextPacketSize: Int? { nil }

  /// As `receiveFrame`, of lines that deliver packets.
  public mutating func receivePacket(into writer: inout SpanWriter) -> ReceivedPacket? { nil }

  /// Asks the senders of the line's streams for a key frame.
  public mutating func requestKeyFrame(of line: Int, now: Instant) {}

  public mutating func pollEvent() -> Event? { nil }

  public mutating func advance(to now: Instant) {}

  public var nextDeadline: Instant? { nil }

  public func statistics(of line: Int) -> LineStatistics? { nil }

  /// How many streams are received now, over all lines.
  public var streamCount: Int { 0 }

  /// One of them, by its place: places change when streams come and go.
  public func stream(at index: Int) -> StreamStatistics? { nil }

  public var transportStatistics: TransportStatistics { TransportStatistics() }

  /// The smoothed round trip to the peer, once a report has told.
  public var roundTripTime: Interval? { nil }
}
