import Bytes

/// Selective acknowledgement (RFC 9260 section 3.3.4).
/// ```
/// +---------------+---------------+-------------------------------+
/// |   Type = 3    |  Chunk Flags  |         Chunk Length          |
/// +---------------+---------------+-------------------------------+
/// |                      Cumulative TSN Ack                       |
/// +---------------------------------------------------------------+
/// |          Advertised Receiver Window Credit (a_rwnd)           |
/// +-------------------------------+-------------------------------+
/// | Number of Gap Ack Blocks = N  |  Number of Duplicate TSNs = M |
/// +-------------------------------+-------------------------------+
/// |    Gap Ack Block #n Start     |     Gap Ack Block #n End      |
/// +-------------------------------+-------------------------------+
/// |                       Duplicate TSN #m                        |
/// +---------------------------------------------------------------+
/// ```
struct SackChunk: ~Escapable {
  static let fixedSize = 16
  let cumulativeTSN: UInt32
  let receiveWindow: UInt32
  let gapCount: Int
  let duplicateCount: Int
  private let gaps: Span<UInt8>

  @_lifetime(copy chunk)
  init(parsing chunk: borrowing Chunk) throws(WireError) {
    var cursor = SpanCursor(chunk.value)
    self.cumulativeTSN = try cursor.read()
    self.receiveWindow = try cursor.read()
    self.gapCount = Int(try cursor.read(UInt16.self))
    self.duplicateCount = Int(try cursor.read(UInt16.self))
    self.gaps = try cursor.readBytes(self.gapCount &* 4)
    try cursor.skip(self.duplicateCount &* 4)
  }

  /// The offsets from the cumulative TSN of the first and the last TSN in block `index`.
  func gap(_ index: Int) -> (start: UInt16, end: UInt16) {
    let at = index &* 4
    return (
      UInt16(self.gaps[at]) &<< 8 | UInt16(self.gaps[at &+ 1]),
      UInt16(self.gaps[at &+ 2]) &<< 8 | UInt16(self.gaps[at &+ 3])
    )
  }
}
