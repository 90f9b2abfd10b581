import Bytes

/// "Do not wait for what came before" (RFC 3758 section 3.2).
/// ```
/// +---------------+---------------+-------------------------------+
/// |  Type = 192   |  Flags = 0    |            Length             |
/// +---------------+---------------+-------------------------------+
/// |                      New Cumulative TSN                       |
/// +-------------------------------+-------------------------------+
/// |           Stream-n            |       Stream Sequence-n       |
/// +-------------------------------+-------------------------------+
/// ```
struct ForwardTSNChunk: ~Escapable {
  static let fixedSize = 8
  let newCumulativeTSN: UInt32
  private let streams: Span<UInt8>

  @_lifetime(copy chunk)
  init(parsing chunk: borrowing Chunk) throws(WireError) {
    var cursor = SpanCursor(chunk.value)
    self.newCumulativeTSN = try cursor.read()
    guard cursor.remaining & 3 == 0 else { throw .malformed }
    self.streams = try cursor.readBytes(cursor.remaining)
  }

  var streamCount: Int { self.streams.count / 4 }

  /// The last sequence number skipped on a stream of ordered messages.
  func skipped(_ index: Int) -> (stream: UInt16, sequence: UInt16) {
    let at = index &* 4
    return (
      UInt16(self.streams[at]) &<< 8 | UInt16(self.streams[at &+ 1]),
      UInt16(self.streams[at &+ 2]) &<< 8 | UInt16(self.streams[at &+ 3])
    )
  }
}
