import Bytes
import Cryptography

/// The server's ephemeral key and its signature (RFC 8422 section 5.4).
struct ServerKeyExchange {
  var group: KeyExchange.Group?
  var publicKey: [UInt8]
  var algorithm: SignatureAlgorithm?
  var signature: [UInt8]
  /// Where in the body the signed parameters end.
  var parametersLength: Int

  init(parsing body: Span<UInt8>) throws(WireError) {
    var cursor = SpanCursor(body)
    guard try cursor.read(UInt8.self) == 3 else { throw .malformed }  // named_curve: nothing else is offered
    self.group = KeyExchange.Group(rawValue: try cursor.read())
    self.publicKey = arrayCopy(try cursor.readVector(1))
    self.parametersLength = cursor.offset
    self.algorithm = SignatureAlgorithm(rawValue: try cursor.read())
    self.signature = arrayCopy(try cursor.readVector(2))
    try cursor.finish()
  }

  static func parameters(_ exchange: KeyExchange) -> [UInt8] {
    var writer = MessageWriter()
    writer.write(UInt8(3))
    writer.write(exchange.group.rawValue)
    let key = arrayCopy(exchange.publicKey)
    writer.vector(1) { $0.write(key) }
    return writer.bytes
  }

  static func write(parameters: [UInt8], signature: [UInt8], sequence: UInt16) -> [UInt8] {
    MessageWriter.message(.serverKeyExchange, sequence: sequence) { writer in
      writer.write(parameters)
      writer.write(SignatureAlgorithm.ecdsaWithSHA256.rawValue)
      writer.vector(2) { $0.write(signature) }
    }
  }
}
