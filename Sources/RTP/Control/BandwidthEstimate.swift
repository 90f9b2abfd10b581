import Bytes

/// Receiver Estimated Maximum Bitrate (draft-alvestrand-rmcat-remb-03 section 2).
@frozen
public struct BandwidthEstimate: Equatable, Sendable {
  /// Bits a second. 18 bits of it are kept, rounded down.
  public var bitsPerSecond: UInt64

  @inlinable public init(bitsPerSecond: UInt64) { self.bitsPerSecond = bitsPerSecond }

  /// Reads the body of application layer feedback, the two SSRCs included; nil: it is not REMB.
  public init?(parsing body: Span<UInt8>) throws(WireError) {
    guard body.count >= 16 else { return nil }
    guard load32(body, at: 8) == 0x5245_4D42 else { return nil }
    guard body.count >= 16 &+ Int(body[12]) &* 4 else { throw .truncated }
    let exponent = UInt64(body[13] &>> 2)
    let mantissa = UInt64(body[13] & 3) &<< 16 | UInt64(body[14]) &<< 8 | UInt64(body[15])
    // More than fits into 64 bits is as good as no limit.
    guard mantissa.leadingZeroBitCount >= Int(exponent) else {
      self.bitsPerSecond = .max
      return
    }
    self.bitsPerSecond = mantissa &<< exponent
  }

  public func write(sender: UInt32, media: UInt32, into writer: inout SpanWriter) {
    let start = ControlPacket.begin(
      ControlPacket.Kind.payloadFeedback, count: ControlPacket.Format.applicationLayer, into: &writer)
    writer.write(sender)
    writer.write(0 as UInt32)
    writer.write("REMB")
    let exponent = max(0, 64 &- self.bitsPerSecond.leadingZeroBitCount &- 18)
    let mantissa = UInt32(truncatingIfNeeded: self.bitsPerSecond &>> UInt64(exponent))
    writer.write(1 as UInt8)
    writer.write24(UInt32(exponent) &<< 18 | mantissa)
    writer.write(media)
    ControlPacket.end(start, into: &writer)
  }
}
