import Bytes
import Time

/// One incoming stream: its packets become frames again.
public struct Receiver: Sendable {
  public let configuration: Configuration
  public let ssrc: UInt32

  public init(configuration: Configuration, ssrc: UInt32, parameters: LineParameters, now: Instant) throws(UsageError) {
    guard configuration.isValid else { throw .invalidConfiguration }
    self.configuration = configuration
    self.ssrc = ssrc
  }

  /// Takes what a renegotiation settled.
  public mutating func configure(_ parameters: LineParameters) {}

  /// Takes a packet. Of an RTX packet (`isRepair`) the header is to have the original's payload type, sequence number and SSRC, and
  /// `payload` what follows the original sequence number (RFC 4588 section 4).
  public mutating func receive(_ header: PacketHeader, payload: Span<UInt8>, isRepair: Bool, now: Instant) {}

  /// The round trip to the sender: requests for missing packets are spaced by it.
  public mutating func setRoundTrip(_ roundTrip: Interval) {}

  public mutating func advance(to now: Instant) {}

  public var nextDeadline: Instant? { nil }

  /// Whether packets are to be asked for.
  public var owesNACK: Bool { false }

  /// Writes a NACK (RFC 4585 section 6.2.1), a whole RTCP packet, with as many of the packets that are due as there is room for.
  /// False: nothing was due, or there is no room.
  public mutating func writeNACK(into writer: inout SpanWriter, senderSSRC: UInt32) -> Bool { false }

  /// Whether a key frame is to be asked for.
  public var owesKeyFrameRequest: Bool { false }

  /// True once for each time that a key frame is to be asked for, by PLI or FIR.
  public mutating func takeKeyFrameRequest() -> Bool { false }

  /// Asks for a key frame, again and again until one has come.
  public mutating func requestKeyFrame() {}

  /// The room that `receiveFrame` needs for the next frame; nil: there is none.
  public var nextFrameSize: Int? { nil }

  /// Writes the next frame at `writer.count`. Nil: there is none, or it does not fit and stays.
  public mutating func receiveFrame(into writer: inout SpanWriter) -> ReceivedFrame? { nil }

  /// The size of the next payload, where packets are delivered; nil: there is none.
  public var nextPacketSize: Int? { nil }

  /// Writes the next payload at `writer.count`. Nil: there is none, or it does not fit and stays.
  public mutating func receivePacket(into writer: inout SpanWriter) -> ReceivedPacket? { nil }

  public var statistics: InboundStatistics { InboundStatistics() }

  /// What the next report is to say; each call starts the interval that `fractionLost` is about.
  public mutating func takeReceptionReport() -> ReceptionReport { ReceptionReport() }
}
