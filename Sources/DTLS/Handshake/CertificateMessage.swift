import Bytes

/// RFC 5246 section 7.4.2.
enum CertificateMessage {
  /// The first certificate of the list, or nil where the peer has none. The rest of a chain says nothing here.
  static func parse(_ body: Span<UInt8>) throws(WireError) -> [UInt8]? {
    var cursor = SpanCursor(body)
    var list = SpanCursor(try cursor.readVector(3))
    try cursor.finish()
    guard !list.isAtEnd else { return nil }
    let first = arrayCopy(try list.readVector(3))
    while !list.isAtEnd { _ = try list.readVector(3) }
    return first
  }

  static func write(_ certificate: [UInt8], sequence: UInt16) -> [UInt8] {
    MessageWriter.message(.certificate, sequence: sequence) { writer in
      writer.vector(3) { list in list.vector(3) { $0.write(certificate) } }
    }
  }
}
