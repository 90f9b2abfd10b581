import Bytes
import Cryptography

/// The client's ephemeral key (RFC 8422 section 5.7).
enum ClientKeyExchange {
  static func parse(_ body: Span<UInt8>) throws(WireError) -> [UInt8] {
    var cursor = SpanCursor(body)
    let key = arrayCopy(try cursor.readVector(1))
    try cursor.finish()
    return key
  }

  static func write(_ exchange: KeyExchange, sequence: UInt16) -> [UInt8] {
    let key = arrayCopy(exchange.publicKey)
    return MessageWriter.message(.clientKeyExchange, sequence: sequence) { writer in
      writer.vector(1) { $0.write(key) }
    }
  }
}
