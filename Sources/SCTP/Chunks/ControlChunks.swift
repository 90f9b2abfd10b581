import Bytes

/// Error causes (RFC 9260 section 3.3.10), as far as they are sent.
enum ErrorCause {
  static let invalidStream: UInt16 = 1
  static let missingParameter: UInt16 = 2
  static let staleCookie: UInt16 = 3
  static let outOfResource: UInt16 = 4
  static let unrecognizedChunk: UInt16 = 6
  static let unrecognizedParameters: UInt16 = 8
  static let noUserData: UInt16 = 9
  static let cookieWhileShuttingDown: UInt16 = 10
  static let userInitiatedAbort: UInt16 = 12
  static let protocolViolation: UInt16 = 13

  /// The first cause in an ABORT or ERROR, 0 if there is none.
  static func first(in value: Span<UInt8>) -> UInt16 {
    guard value.count >= 4 else { return 0 }
    return UInt16(value[0]) &<< 8 | UInt16(value[1])
  }
}

/// Chunks of a header and at most a few fixed fields.
extension Chunk {
  /// SHUTDOWN COMPLETE, SHUTDOWN ACK, COOKIE ACK (RFC 9260 sections 3.3.9, 3.3.12, 3.3.13).
  static func writeEmpty(_ type: UInt8, flags: UInt8 = 0, into writer: inout SpanWriter) {
    writer.write(type)
    writer.write(flags)
    writer.write(UInt16(4))
  }

  /// SHUTDOWN (section 3.3.8): `+ Cumulative TSN Ack`.
  static func writeShutdown(cumulativeTSN: UInt32, into writer: inout SpanWriter) {
    writer.write(ChunkType.shutdown)
    writer.write(UInt8(0))
    writer.write(UInt16(8))
    writer.write(cumulativeTSN)
  }

  /// ABORT (section 3.3.7) with one cause that carries no information, or with none.
  static func writeAbort(cause: UInt16, reflected: Bool, into writer: inout SpanWriter) {
    let start = Self.begin(ChunkType.abort, flags: reflected ? Self.reflectedTag : 0, in: &writer)
    if cause != 0 {
      writer.write(cause)
      writer.write(UInt16(4))
    }
    Self.end(start, in: &writer)
  }

  /// HEARTBEAT (section 3.3.5): the Heartbeat Information is a nonce and when it left.
  static func writeHeartbeat(nonce: UInt64, sentAt: UInt64, into writer: inout SpanWriter) {
    let start = Self.begin(ChunkType.heartbeat, in: &writer)
    let information = Parameter.begin(1, in: &writer)
    writer.write(nonce)
    writer.write(sentAt)
    Self.end(information, in: &writer)
    Self.end(start, in: &writer)
  }

  /// A chunk whose value is stored as bytes: HEARTBEAT ACK, COOKIE ECHO, ERROR.
  static func write(_ type: UInt8, value: [UInt8], into writer: inout SpanWriter) {
    let start = Self.begin(type, in: &writer)
    writer.write(value)
    Self.end(start, in: &writer)
  }
}
