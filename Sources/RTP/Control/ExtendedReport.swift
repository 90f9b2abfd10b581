import Bytes

/// The blocks of extended reports (RFC 3611) that let a receiver which sends nothing measure the round trip.
public enum ExtendedReport {
  /// One block in the body of an extended report.
  public struct Block: Equatable, Sendable {
    public var kind: UInt8
    public var offset: Int
    public var count: Int
  }

  /// RFC 3611 section 4.4 and 4.5.
  public static let receiverReferenceTime: UInt8 = 4
  public static let delaySinceLast: UInt8 = 5

  /// The block at `offset` of the packet's body, which begins with the reporter's SSRC; nil at the end.
  public static func next(in body: Span<UInt8>, at offset: inout Int) throws(WireError) -> Block? {
    guard offset < body.count else { return nil }
    guard body.count &- offset >= 4 else { throw .truncated }
    let size = Int(UInt16(body[offset &+ 2]) &<< 8 | UInt16(body[offset &+ 3])) &* 4
    guard body.count &- offset &- 4 >= size else { throw .truncated }
    let block = Block(kind: body[offset], offset: offset &+ 4, count: size)
    offset &+= 4 &+ size
    return block
  }

  /// RFC 3611 section 4.4.
  public static func writeReferenceTime(sender: UInt32, ntpTime: UInt64, into writer: inout SpanWriter) {
    let start = ControlPacket.begin(ControlPacket.Kind.extendedReport, count: 0, into: &writer)
    writer.write(sender)
    writer.write(Self.receiverReferenceTime)
    writer.write(0 as UInt8)
    writer.write(2 as UInt16)
    writer.write(ntpTime)
    ControlPacket.end(start, into: &writer)
  }

  /// RFC 3611 section 4.5, with one sub-block.
  public static func writeDelay(
    sender: UInt32, receiver: UInt32, lastReference: UInt32, delay: UInt32, into writer: inout SpanWriter
  ) {
    let start = ControlPacket.begin(ControlPacket.Kind.extendedReport, count: 0, into: &writer)
    writer.write(sender)
    writer.write(Self.delaySinceLast)
    writer.write(0 as UInt8)
    writer.write(3 as UInt16)
    writer.write(receiver)
    writer.write(lastReference)
    writer.write(delay)
    ControlPacket.end(start, into: &writer)
  }
}
