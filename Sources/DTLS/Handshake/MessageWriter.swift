import Bytes

/// Writes handshake messages into memory of its own. Set-up work.
struct MessageWriter {
  private(set) var bytes: [UInt8] = []

  mutating func write(_ value: UInt8) { self.bytes.append(value) }
  mutating func write(_ value: UInt16) {
    self.bytes.append(UInt8(truncatingIfNeeded: value &>> 8))
    self.bytes.append(UInt8(truncatingIfNeeded: value))
  }
  mutating func write24(_ value: Int) {
    self.bytes.append(UInt8(truncatingIfNeeded: value &>> 16))
    self.write(UInt16(truncatingIfNeeded: value))
  }
  mutating func write(_ source: Span<UInt8>) {
    for i in source.indices { self.bytes.append(source[i]) }
  }
  mutating func write(_ source: [UInt8]) { self.bytes.append(contentsOf: source) }

  /// A vector with a length of 1, 2 or 3 bytes before it (RFC 5246 section 4.3).
  mutating func vector(_ lengthSize: Int, _ body: (inout MessageWriter) -> Void) {
    let start = self.bytes.count
    for _ in 0..<lengthSize { self.bytes.append(0) }
    body(&self)
    let length = self.bytes.count &- start &- lengthSize
    for i in 0..<lengthSize {
      self.bytes[start &+ i] = UInt8(truncatingIfNeeded: length &>> (8 &* (lengthSize &- 1 &- i)))
    }
  }

  /// A whole message, header and all.
  static func message(_ type: HandshakeType, sequence: UInt16, _ body: (inout MessageWriter) -> Void) -> [UInt8] {
    var writer = MessageWriter()
    writer.write(type.rawValue)
    writer.write24(0)
    writer.write(sequence)
    writer.write24(0)
    writer.write24(0)
    body(&writer)
    let length = writer.bytes.count &- HandshakeHeader.length
    for i in 0..<3 {
      let byte = UInt8(truncatingIfNeeded: length &>> (16 &- 8 &* i))
      writer.bytes[1 &+ i] = byte
      writer.bytes[9 &+ i] = byte
    }
    return writer.bytes
  }
}

extension SpanCursor {
  /// A vector with a length of 1, 2 or 3 bytes before it (RFC 5246 section 4.3).
  @_lifetime(copy self)
  mutating func readVector(_ lengthSize: Int) throws(WireError) -> Span<UInt8> {
    let count =
      switch lengthSize {
      case 1: Int(try self.read(UInt8.self))
      case 2: Int(try self.read(UInt16.self))
      default: Int(try self.read24())
      }
    return try self.readBytes(count)
  }

  func finish() throws(WireError) {
    guard self.isAtEnd else { throw .malformed }
  }
}
