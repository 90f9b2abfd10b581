import Bytes

/// RFC 5246 section 7.4, RFC 6347 section 4.3.2.
enum HandshakeType: UInt8 {
  case helloRequest = 0
  case clientHello = 1
  case serverHello = 2
  case helloVerifyRequest = 3
  case certificate = 11
  case serverKeyExchange = 12
  case certificateRequest = 13
  case serverHelloDone = 14
  case certificateVerify = 15
  case clientKeyExchange = 16
  case finished = 20
}

/// The header of a handshake message or of one fragment (RFC 6347 section 4.2.2).
struct HandshakeHeader {
  static var length: Int { 12 }

  var type: UInt8
  /// Bytes of the whole message's body.
  var length: Int
  var sequence: UInt16
  var fragmentOffset: Int
  var fragmentLength: Int

  init(parsing cursor: inout SpanCursor) throws(WireError) {
    self.type = try cursor.read()
    self.length = Int(try cursor.read24())
    self.sequence = try cursor.read()
    self.fragmentOffset = Int(try cursor.read24())
    self.fragmentLength = Int(try cursor.read24())
    guard self.fragmentOffset <= self.length, self.fragmentLength <= self.length &- self.fragmentOffset else {
      throw .malformed
    }
  }

  var endsMessage: Bool { self.fragmentOffset &+ self.fragmentLength == self.length }
}
