import Bytes

/// What a record carries (RFC 5246 section 6.2.1).
enum ContentType: UInt8 {
  case changeCipherSpec = 20
  case alert = 21
  case handshake = 22
  case applicationData = 23
}

/// A record's header (RFC 6347 section 4.1).
struct RecordHeader {
  static var length: Int { 13 }
  static var dtls10: UInt16 { 0xFEFF }
  static var dtls12: UInt16 { 0xFEFD }

  /// A type as received, perhaps one that is not known here.
  var type: UInt8
  var epoch: UInt16
  /// 48 bits.
  var sequenceNumber: UInt64
  /// Bytes that follow the header.
  var length: Int

  /// Reads the header at `offset`; the whole record lies in the datagram.
  init(parsing datagram: Span<UInt8>, at offset: Int) throws(WireError) {
    var cursor = SpanCursor(datagram.extracting(offset..<datagram.count))
    self.type = try cursor.read()
    // The minor version differs between a first ClientHello and the rest; it decides nothing.
    guard try cursor.read(UInt8.self) == 0xFE else { throw .malformed }
    try cursor.skip(1)
    self.epoch = try cursor.read()
    self.sequenceNumber = UInt64(try cursor.read(UInt16.self)) &<< 32 | UInt64(try cursor.read(UInt32.self))
    self.length = Int(try cursor.read(UInt16.self))
    guard self.length <= 16384 + 2048 else { throw .malformed }
    guard self.length <= cursor.remaining else { throw .truncated }
  }

  static func write(
    _ type: ContentType, version: UInt16 = RecordHeader.dtls12, epoch: UInt16, sequenceNumber: UInt64, length: Int,
    into writer: inout SpanWriter
  ) {
    writer.write(type.rawValue)
    writer.write(version)
    writer.write(UInt64(epoch) &<< 48 | sequenceNumber)
    writer.write(UInt16(truncatingIfNeeded: length))
  }
}
