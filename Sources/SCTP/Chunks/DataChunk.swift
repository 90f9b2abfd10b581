import Bytes

/// A fragment of a user message (RFC 9260 section 3.3.1).
/// ```
/// +---------------+-------+-------+-------------------------------+
/// |   Type = 0    |  Res  |I|U|B|E|            Length             |
/// +---------------+-------+-------+-------------------------------+
/// |                              TSN                              |
/// +-------------------------------+-------------------------------+
/// |       Stream Identifier       |    Stream Sequence Number     |
/// +-------------------------------+-------------------------------+
/// |                  Payload Protocol Identifier                  |
/// +---------------------------------------------------------------+
/// \                           User Data                           \
/// +---------------------------------------------------------------+
/// ```
struct DataChunk: ~Escapable {
  static let headerSize = 16
  /// Flags: the last fragment, the first one, unordered, "acknowledge at once" (RFC 7053).
  static let ending: UInt8 = 0x01
  static let beginning: UInt8 = 0x02
  static let unordered: UInt8 = 0x04
  static let immediate: UInt8 = 0x08

  let flags: UInt8
  let tsn: UInt32
  let stream: UInt16
  let sequence: UInt16
  let protocolIdentifier: UInt32
  let payload: Span<UInt8>

  @_lifetime(copy chunk)
  init(parsing chunk: borrowing Chunk) throws(WireError) {
    var cursor = SpanCursor(chunk.value)
    self.flags = chunk.flags
    self.tsn = try cursor.read()
    self.stream = try cursor.read()
    self.sequence = try cursor.read()
    self.protocolIdentifier = try cursor.read()
    self.payload = try cursor.readBytes(cursor.remaining)
  }

  static func writeHeader(
    flags: UInt8, tsn: UInt32, stream: UInt16, sequence: UInt16, protocolIdentifier: UInt32, payloadSize: Int,
    into writer: inout SpanWriter
  ) {
    writer.write(ChunkType.data)
    writer.write(flags)
    writer.write(UInt16(truncatingIfNeeded: Self.headerSize &+ payloadSize))
    writer.write(tsn)
    writer.write(stream)
    writer.write(sequence)
    writer.write(protocolIdentifier)
  }
}
