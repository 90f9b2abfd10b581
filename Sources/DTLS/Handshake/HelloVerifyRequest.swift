import Bytes

/// RFC 6347 section 4.2.1.
enum HelloVerifyRequest {
  /// The cookie, of at most 255 bytes.
  static func parse(_ body: Span<UInt8>) throws(WireError) -> [UInt8] {
    var cursor = SpanCursor(body)
    guard try cursor.read(UInt8.self) == 0xFE else { throw .malformed }
    try cursor.skip(1)
    let cookie = arrayCopy(try cursor.readVector(1))
    try cursor.finish()
    return cookie
  }

  /// With DTLS 1.0's version, as the RFC asks of servers of any version.
  static func write(cookie: Span<UInt8>, sequence: UInt16) -> [UInt8] {
    let cookie = arrayCopy(cookie)
    return MessageWriter.message(.helloVerifyRequest, sequence: sequence) { writer in
      writer.write(RecordHeader.dtls10)
      writer.vector(1) { $0.write(cookie) }
    }
  }
}
