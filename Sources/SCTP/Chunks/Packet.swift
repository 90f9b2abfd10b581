import Bytes

/// The common header of every SCTP packet (RFC 9260 section 3.1).
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------------------------------+-------------------------------+
/// |      Source Port Number       |    Destination Port Number    |
/// +-------------------------------+-------------------------------+
/// |                       Verification Tag                        |
/// +---------------------------------------------------------------+
/// |                           Checksum                            |
/// +---------------------------------------------------------------+
/// ```
struct PacketHeader: Sendable {
  static let size = 12
  var sourcePort: UInt16
  var destinationPort: UInt16
  var verificationTag: UInt32
  /// As a number; on the wire its lowest byte comes first (RFC 9260 appendix A).
  var checksum: UInt32

  init(parsing packet: Span<UInt8>) throws(WireError) {
    // Chunks are padded to four bytes, so that every packet is (section 3.2).
    guard packet.count & 3 == 0 else { throw .malformed }
    var cursor = SpanCursor(packet)
    self.sourcePort = try cursor.read()
    self.destinationPort = try cursor.read()
    self.verificationTag = try cursor.read()
    self.checksum = try cursor.read(UInt32.self).byteSwapped
    guard !cursor.isAtEnd else { throw .truncated }
  }

  /// What the checksum of `packet` ought to be: its own field counts as zero.
  static func checksum(of packet: Span<UInt8>) -> UInt32 {
    var crc = CRC32C()
    crc.update(packet.extracting(0..<8))
    crc.updateZeros(4)
    crc.update(packet.extracting(12..<packet.count))
    return crc.value
  }

  /// Writes a header whose checksum `seal` fills in.
  static func begin(
    in writer: inout SpanWriter, from source: UInt16, to destination: UInt16, tag: UInt32
  ) {
    writer.write(source)
    writer.write(destination)
    writer.write(tag)
    writer.write(UInt32(0))
  }

  static func seal(in writer: inout SpanWriter, from start: Int) {
    let value = Self.checksum(of: writer.bytes(in: start..<writer.count))
    writer.patch(value.byteSwapped, at: start &+ 8)
  }
}
