import Bytes

/// Chunk types (RFC 9260 section 3.2, RFC 3758, RFC 6525).
enum ChunkType {
  static let data: UInt8 = 0
  static let initiation: UInt8 = 1
  static let initiationAck: UInt8 = 2
  static let sack: UInt8 = 3
  static let heartbeat: UInt8 = 4
  static let heartbeatAck: UInt8 = 5
  static let abort: UInt8 = 6
  static let shutdown: UInt8 = 7
  static let shutdownAck: UInt8 = 8
  static let error: UInt8 = 9
  static let cookieEcho: UInt8 = 10
  static let cookieAck: UInt8 = 11
  static let shutdownComplete: UInt8 = 14
  static let reconfig: UInt8 = 130
  static let forwardTSN: UInt8 = 192

  /// What the two high bits ask of a receiver that does not know the type (section 3.2).
  static func stopsPacket(_ type: UInt8) -> Bool { type & 0x80 == 0 }
  static func isReported(_ type: UInt8) -> Bool { type & 0x40 != 0 }
}

/// One chunk, its value borrowed.
/// ```
/// +---------------+---------------+-------------------------------+
/// |  Chunk Type   |  Chunk Flags  |         Chunk Length          |
/// +---------------+---------------+-------------------------------+
/// \                          Chunk Value                          \
/// +---------------------------------------------------------------+
/// ```
struct Chunk: ~Escapable {
  static let headerSize = 4
  /// RFC 9260 sections 3.3.7 and 3.3.13: the sender had no state and reflected our own tag.
  static let reflectedTag: UInt8 = 0x01

  let type: UInt8
  let flags: UInt8
  /// Without header and padding.
  let value: Span<UInt8>

  /// Reads the next chunk and its padding, which the length does not count.
  @_lifetime(copy cursor)
  init(parsing cursor: inout SpanCursor) throws(WireError) {
    let type: UInt8 = try cursor.read()
    let flags: UInt8 = try cursor.read()
    let length = Int(try cursor.read(UInt16.self))
    guard length >= Self.headerSize else { throw .malformed }
    let value = try cursor.readBytes(length &- Self.headerSize)
    self.type = type
    self.flags = flags
    self.value = value
    try cursor.skip(padding(of: length))
  }

  /// Writes a header whose length `end` fills in.
  static func begin(_ type: UInt8, flags: UInt8 = 0, in writer: inout SpanWriter) -> Int {
    let start = writer.count
    writer.write(type)
    writer.write(flags)
    writer.write(UInt16(0))
    return start
  }

  /// Patches the length of the chunk or parameter at `start` and pads it.
  static func end(_ start: Int, in writer: inout SpanWriter) {
    let length = writer.count &- start
    writer.patch(UInt16(truncatingIfNeeded: length), at: start &+ 2)
    writer.writeZeros(padding(of: length))
  }
}

/// Bytes between `length` and the next multiple of four.
@inline(__always)
func padding(of length: Int) -> Int { (4 &- length & 3) & 3 }

/// A chunk's parameter or an error's cause: type, length, value (RFC 9260 section 3.2.1).
struct Parameter: ~Escapable {
  let type: UInt16
  let value: Span<UInt8>

  @_lifetime(copy cursor)
  init(parsing cursor: inout SpanCursor) throws(WireError) {
    let type: UInt16 = try cursor.read()
    let length = Int(try cursor.read(UInt16.self))
    guard length >= 4 else { throw .malformed }
    let value = try cursor.readBytes(length &- 4)
    self.type = type
    self.value = value
    // The last parameter's padding may be counted as the chunk's.
    try cursor.skip(min(padding(of: length), cursor.remaining))
  }

  static func begin(_ type: UInt16, in writer: inout SpanWriter) -> Int {
    let start = writer.count
    writer.write(type)
    writer.write(UInt16(0))
    return start
  }
}
