import Bytes

/// RE-CONFIG (RFC 6525 section 3.1): one or two parameters, of which the kinds below matter here.
/// ```
/// Outgoing SSN Reset Request (13)          Re-configuration Response (16)
/// +---------------+---------------+        +---------------+---------------+
/// |   Type = 13   | 16 + 2 * N    |        |   Type = 16   |    12 or 20   |
/// +---------------+---------------+        +---------------+---------------+
/// | Request Sequence Number       |        | Response Sequence Number      |
/// +-------------------------------+        +-------------------------------+
/// | Response Sequence Number      |        | Result                        |
/// +-------------------------------+        +-------------------------------+
/// | Sender's Last Assigned TSN    |
/// +---------------+---------------+
/// |   Stream 1    |      ...      |
/// +---------------+---------------+
/// ```
enum Reconfig {
  static let outgoingReset: UInt16 = 13
  static let incomingReset: UInt16 = 14
  static let associationReset: UInt16 = 15
  static let response: UInt16 = 16
  static let addOutgoingStreams: UInt16 = 17
  static let addIncomingStreams: UInt16 = 18

  /// Section 4.4.
  enum Result {
    static let nothingToDo: UInt32 = 0
    static let performed: UInt32 = 1
    static let denied: UInt32 = 2
    static let wrongSSN: UInt32 = 3
    static let requestInProgress: UInt32 = 4
    static let badSequenceNumber: UInt32 = 5
    static let inProgress: UInt32 = 6
  }

  static let requestHeaderSize = 16
  static let responseSize = 12

  static func writeOutgoingReset(
    sequence: UInt32, answering response: UInt32, lastTSN: UInt32, streams: [UInt16], into writer: inout SpanWriter
  ) {
    let chunk = Chunk.begin(ChunkType.reconfig, in: &writer)
    let parameter = Parameter.begin(Self.outgoingReset, in: &writer)
    writer.write(sequence)
    writer.write(response)
    writer.write(lastTSN)
    var i = 0
    while i < streams.count {
      writer.write(streams[i])
      i &+= 1
    }
    // The chunk's length counts all but the last parameter's padding (RFC 9260 section 3.2).
    let length = writer.count &- parameter
    writer.patch(UInt16(truncatingIfNeeded: length), at: parameter &+ 2)
    Chunk.end(chunk, in: &writer)
  }

  static func writeResponse(sequence: UInt32, result: UInt32, into writer: inout SpanWriter) {
    let chunk = Chunk.begin(ChunkType.reconfig, in: &writer)
    let parameter = Parameter.begin(Self.response, in: &writer)
    writer.write(sequence)
    writer.write(result)
    Chunk.end(parameter, in: &writer)
    Chunk.end(chunk, in: &writer)
  }
}

/// An Outgoing SSN Reset Request as received.
struct OutgoingResetRequest: ~Escapable {
  let sequence: UInt32
  /// The last TSN that the peer used before the reset.
  let lastTSN: UInt32
  private let streams: Span<UInt8>

  @_lifetime(copy parameter)
  init(parsing parameter: borrowing Parameter) throws(WireError) {
    var cursor = SpanCursor(parameter.value)
    self.sequence = try cursor.read()
    try cursor.skip(4)
    self.lastTSN = try cursor.read()
    guard cursor.remaining & 1 == 0 else { throw .malformed }
    self.streams = try cursor.readBytes(cursor.remaining)
  }

  /// None means all.
  var streamCount: Int { self.streams.count / 2 }
  func stream(_ index: Int) -> UInt16 {
    UInt16(self.streams[index &* 2]) &<< 8 | UInt16(self.streams[index &* 2 &+ 1])
  }
}
