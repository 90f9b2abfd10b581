import Time

/// What was received of one stream, by the names of the W3C's "Identifiers for WebRTC's Statistics API" where it has one. Jitter
/// is in clock-rate units, as RFC 3550 computes it.
public struct InboundStatistics: Equatable, Sendable {
  public var ssrc: UInt32 = 0
  /// Those sent again included, by RTX too.
  public var packetsReceived: UInt64 = 0
  /// Payload bytes.
  public var bytesReceived: UInt64 = 0
  public var lastPacketReceivedAt: Instant?
  /// Expected less received (RFC 3550 section A.3), RTX not counted: negative where duplicates came.
  public var packetsLost: Int64 = 0
  public var jitter: UInt32 = 0
  /// Packets that came by RTX.
  public var retransmittedPacketsReceived: UInt64 = 0
  public var retransmittedBytesReceived: UInt64 = 0
  /// Missing packets that came after they had been asked for.
  public var packetsRepaired: UInt64 = 0
  /// Missing packets given up.
  public var packetsGivenUp: UInt64 = 0
  /// Packets that came after they had been given up, or before the stream's first.
  public var packetsDiscarded: UInt64 = 0
  public var packetsDuplicated: UInt64 = 0
  /// Packets of an unknown payload type, or with a payload that is none of their format.
  public var packetsMalformed: UInt64 = 0
  /// Whole packets thrown away because the frame around them was given up, or for want of room.
  public var packetsDropped: UInt64 = 0
  /// Jumps in the sequence that were taken for a restart of the stream (RFC 3550 section A.1).
  public var restarts: UInt32 = 0

  /// Frames that were whole.
  public var framesReceived: UInt64 = 0
  public var keyFramesReceived: UInt64 = 0
  /// Frames, whole or not, that never came out, as far as one can count what is not there.
  public var framesDropped: UInt64 = 0
  /// Frames that came out.
  public var framesDelivered: UInt64 = 0
  /// NACK packets written, and packets asked for in them.
  public var nackCount: UInt32 = 0
  public var packetsAskedFor: UInt64 = 0
  /// Key frames asked for.
  public var keyFrameRequests: UInt32 = 0
  /// The time from each frame's first packet to its delivery, added up over `jitterBufferEmittedCount` frames.
  public var jitterBufferDelay = Interval.zero
  public var jitterBufferEmittedCount: UInt64 = 0

  public init() {}
}

/// What a report block says of one stream (RFC 3550 section 6.4.1).
public struct ReceptionReport: Equatable, Sendable {
  /// Of what was expected since the report before, in 1/256.
  public var fractionLost: UInt8 = 0
  /// Within 24 bits, signed.
  public var packetsLost: Int32 = 0
  public var extendedHighestSequence: UInt32 = 0
  public var jitter: UInt32 = 0

  public init() {}
}
