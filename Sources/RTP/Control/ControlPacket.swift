import Bytes

/// One packet of a compound RTCP packet (RFC 3550 section 6.1): its common header, and where its body lies.
@frozen
public struct ControlPacket: Equatable, Sendable {
  /// The packet types (RFC 3550 section 12.1, RFC 4585 section 6.1, RFC 3611 section 2).
  public enum Kind {
    public static let senderReport: UInt8 = 200
    public static let receiverReport: UInt8 = 201
    public static let sourceDescription: UInt8 = 202
    public static let goodbye: UInt8 = 203
    public static let transportFeedback: UInt8 = 205
    public static let payloadFeedback: UInt8 = 206
    public static let extendedReport: UInt8 = 207
  }

  /// The feedback message types (RFC 4585 section 6.2 and 6.3, RFC 5104 section 4.2 and 4.3; transport-cc by its draft).
  public enum Format {
    public static let negativeAcknowledgement: UInt8 = 1
    public static let transportWide: UInt8 = 15
    public static let pictureLoss: UInt8 = 1
    public static let fullIntraRequest: UInt8 = 4
    public static let applicationLayer: UInt8 = 15
  }

  public var kind: UInt8
  /// The five bits behind the padding bit: a count, or a feedback message type.
  public var count: UInt8
  /// The body without the four bytes of the header and without padding.
  public var bodyOffset: Int
  public var bodyCount: Int

  /// The packet at `offset`, which moves behind it; nil at the end. Throws where what is left is not RTCP: with it the rest of
  /// the compound is to be thrown away.
  public static func next(in compound: Span<UInt8>, at offset: inout Int) throws(WireError) -> ControlPacket? {
    let left = compound.count &- offset
    guard left > 0 else { return nil }
    guard left >= 4 else { throw .truncated }
    let first = compound[offset]
    guard first &>> 6 == 2 else { throw .malformed }
    let size = (Int(UInt16(compound[offset &+ 2]) &<< 8 | UInt16(compound[offset &+ 3])) &+ 1) &* 4
    guard size <= left else { throw .truncated }
    var packet = ControlPacket(
      kind: compound[offset &+ 1], count: first & 0x1F, bodyOffset: offset &+ 4, bodyCount: size &- 4)
    if first & 0x20 != 0 {
      // RFC 3550 section 6.4.1: padding is a multiple of four, and only the last packet of a compound has it. But what
      // Chromium puts behind transport-wide feedback, to fill it up to one, is 1 to 3 bytes.
      let padding = Int(compound[offset &+ size &- 1])
      let mayBeOdd = packet.kind == Kind.transportFeedback && packet.count == Format.transportWide
      guard size == left, padding > 0, padding & 3 == 0 || mayBeOdd, padding <= packet.bodyCount else { throw .malformed }
      packet.bodyCount &-= padding
    }
    offset &+= size
    return packet
  }

  @inlinable @_lifetime(copy compound)
  public func body(of compound: Span<UInt8>) -> Span<UInt8> {
    compound.extracting(self.bodyOffset..<(self.bodyOffset &+ self.bodyCount))
  }

  /// Starts a packet; `end` fills in its length.
  static func begin(_ kind: UInt8, count: UInt8, into writer: inout SpanWriter) -> Int {
    let start = writer.count
    writer.write(0x80 | count & 0x1F)
    writer.write(kind)
    writer.write(0 as UInt16)
    return start
  }

  /// Ends the packet that began at `start`. Its size is a multiple of four.
  static func end(_ start: Int, into writer: inout SpanWriter) {
    writer.patch(UInt16(truncatingIfNeeded: (writer.count &- start) / 4 &- 1), at: start &+ 2)
  }
}
