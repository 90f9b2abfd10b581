import Bytes

/// What a sender says of itself (RFC 3550 section 6.4.1): the head of a sender report's body, its SSRC included.
@frozen
public struct SenderInfo: Equatable, Sendable {
  public var ssrc: UInt32
  /// 32.32 bits, and the RTP timestamp of the same moment.
  public var ntpTime: UInt64 = 0
  public var rtpTimestamp: UInt32 = 0
  public var packetCount: UInt32 = 0
  public var octetCount: UInt32 = 0

  public static let size = 24

  @inlinable public init(ssrc: UInt32) { self.ssrc = ssrc }

  public init(parsing bytes: Span<UInt8>) throws(WireError) {
    guard bytes.count >= Self.size else { throw .truncated }
    self.ssrc = load32(bytes, at: 0)
    self.ntpTime = load64(bytes, at: 4)
    self.rtpTimestamp = load32(bytes, at: 12)
    self.packetCount = load32(bytes, at: 16)
    self.octetCount = load32(bytes, at: 20)
  }

  public func write(into writer: inout SpanWriter) {
    writer.write(self.ssrc)
    writer.write(self.ntpTime)
    writer.write(self.rtpTimestamp)
    writer.write(self.packetCount)
    writer.write(self.octetCount)
  }
}
