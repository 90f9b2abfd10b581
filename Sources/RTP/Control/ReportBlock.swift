import Bytes

/// What a receiver says of one stream (RFC 3550 section 6.4.1).
@frozen
public struct ReportBlock: Equatable, Sendable {
  public var ssrc: UInt32
  /// Since the report before, in 1/256.
  public var fractionLost: UInt8 = 0
  /// 24 bits, signed: duplicates may make it negative.
  public var cumulativeLost: Int32 = 0
  /// Cycles in the upper 16 bits.
  public var highestSequenceNumber: UInt32 = 0
  public var jitter: UInt32 = 0
  /// The middle 32 bits of the last sender report's NTP time; 0: none has come.
  public var lastSenderReport: UInt32 = 0
  /// Since then, in 1/65536 s.
  public var delaySinceLastSenderReport: UInt32 = 0

  public static let size = 24

  @inlinable public init(ssrc: UInt32) { self.ssrc = ssrc }

  public init(parsing bytes: Span<UInt8>) throws(WireError) {
    guard bytes.count >= Self.size else { throw .truncated }
    self.ssrc = load32(bytes, at: 0)
    self.fractionLost = bytes[4]
    // The sign is that of 24 bits.
    self.cumulativeLost = Int32(bitPattern: load32(bytes, at: 4) &<< 8) &>> 8
    self.highestSequenceNumber = load32(bytes, at: 8)
    self.jitter = load32(bytes, at: 12)
    self.lastSenderReport = load32(bytes, at: 16)
    self.delaySinceLastSenderReport = load32(bytes, at: 20)
  }

  public func write(into writer: inout SpanWriter) {
    writer.write(self.ssrc)
    writer.write(self.fractionLost)
    let lost = min(max(self.cumulativeLost, -0x80_0000), 0x7F_FFFF)
    writer.write24(UInt32(truncatingIfNeeded: lost) & 0xFF_FFFF)
    writer.write(self.highestSequenceNumber)
    writer.write(self.jitter)
    writer.write(self.lastSenderReport)
    writer.write(self.delaySinceLastSenderReport)
  }
}
