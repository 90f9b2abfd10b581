import Bytes

/// RFC 5246 section 7.4.4.
enum CertificateRequest {
  /// Whether an ECDSA certificate with a signature of ours will do.
  static func parse(_ body: Span<UInt8>) throws(WireError) -> Bool {
    var cursor = SpanCursor(body)
    let types = try cursor.readVector(1)
    var allowsECDSA = false
    for i in types.indices where types[i] == 64 { allowsECDSA = true }
    let allowsSignature = try SignatureAlgorithm.listAllowsOurs(try cursor.readVector(2))
    _ = try cursor.readVector(2)  // certificate authorities
    try cursor.finish()
    return allowsECDSA && allowsSignature
  }

  /// Names RSA besides ECDSA: some peers have nothing else (RFC 8422 section 5.5 for the types).
  static func write(sequence: UInt16) -> [UInt8] {
    MessageWriter.message(.certificateRequest, sequence: sequence) { writer in
      writer.vector(1) {
        $0.write(UInt8(64))
        $0.write(UInt8(1))
      }
      SignatureAlgorithm.writeVerified(into: &writer)
      writer.vector(2) { _ in }
    }
  }
}
