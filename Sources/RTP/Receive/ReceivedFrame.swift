import Time

/// A frame that was written into the caller's buffer, and what is known of it.
public struct ReceivedFrame: Equatable, Sendable {
  /// The session's line that it came on.
  public var line = 0
  public var ssrc: UInt32
  public var payloadType: UInt8
  public var format: CodecFormat
  /// Bytes written.
  public var size = 0
  /// As the packets carry it.
  public var timestamp: UInt32
  /// The timestamp counted on from the stream's first frame, which has 0. In units of the codec's clock rate; it goes on over
  /// restarts of the stream and changes of codec by the time of arrival. It may go backwards where the sender's does.
  public var mediaTime: Int64 = 0
  /// Always for audio and JPEG.
  public var isKeyFrame = true
  /// Something before it was lost: a codec whose frames depend on others may show faults; audio wants concealment.
  public var followsLoss = false
  /// Packets given up since the frame before: for audio, how many packets to conceal. A gap in the timestamps without it is
  /// silence that was left out (RFC 7587 section 3.1.3).
  public var missingPackets: UInt32 = 0
  /// Pixels; 0 where not known.
  public var width: UInt16 = 0
  public var height: UInt16 = 0
  /// When its first packet came, and when it was whole and next in order.
  public var receivedAt: Instant
  public var completedAt: Instant
  /// RFC 6464: -dBov, 0 (loudest) to 127.
  public var audioLevel: UInt8?
  public var hasVoice = false
  /// The NTP time of capture by the sender's clock, 32.32 bits.
  public var absoluteCaptureTime: UInt64?

  init(ssrc: UInt32, payloadType: UInt8, format: CodecFormat, timestamp: UInt32, receivedAt: Instant, completedAt: Instant) {
    self.ssrc = ssrc
    self.payloadType = payloadType
    self.format = format
    self.timestamp = timestamp
    self.receivedAt = receivedAt
    self.completedAt = completedAt
  }
}

/// A payload as it came, to be forwarded: written into the caller's buffer, or still in the datagram that `receive` took.
public struct ReceivedPacket: Equatable, Sendable {
  /// The session's line that it came on.
  public var line: Int
  /// As it came: `payloadCount` bytes were written, or lie at `payloadOffset` of the datagram.
  public var header: PacketHeader
  public var codec: Codec
  /// Whether it belongs to a key frame, as far as the payload shows.
  public var isKeyFrame: Bool
  /// It came by a repeat.
  public var isRepair: Bool
  public var receivedAt: Instant
}
