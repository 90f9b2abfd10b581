import Bytes
import Cryptography

/// A signature over all messages before it (RFC 5246 section 7.4.8).
struct CertificateVerify {
  var algorithm: SignatureAlgorithm?
  var signature: [UInt8]

  init(parsing body: Span<UInt8>) throws(WireError) {
    var cursor = SpanCursor(body)
    self.algorithm = SignatureAlgorithm(rawValue: try cursor.read())
    self.signature = arrayCopy(try cursor.readVector(2))
    try cursor.finish()
  }

  static func write(signature: [UInt8], sequence: UInt16) -> [UInt8] {
    MessageWriter.message(.certificateVerify, sequence: sequence) { writer in
      writer.write(SignatureAlgorithm.ecdsaWithSHA256.rawValue)
      writer.vector(2) { $0.write(signature) }
    }
  }
}
