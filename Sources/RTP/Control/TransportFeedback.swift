import Bytes

/// Transport-wide feedback as it arrives (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1): which packets of a
/// run of transport-wide sequence numbers came, and when.
public struct TransportFeedback: Equatable, Sendable {
  /// One packet's status.
  public struct Status: Equatable, Sendable {
    public var sequenceNumber: UInt16
    /// In units of 250 µs since the packet before that arrived, or since the reference time; nil: it has not come.
    public var delta: Int16?
  }

  public let baseSequenceNumber: UInt16
  public let count: UInt16
  /// In units of 64 ms, 24 bits.
  public let referenceTime: UInt32
  public let feedbackCount: UInt8

  // The next status: the chunk that it is in, and its delta.
  private var chunkOffset = 16
  private var chunk: UInt16 = 0
  private var left: UInt16 = 0
  private var deltaOffset: Int
  private var taken: UInt16 = 0

  /// More statuses than this no honest report has: it bounds the work that a small packet can cause.
  static let maximumCount: UInt16 = 8192

  /// Reads the packet's body, the two SSRCs included, and checks that all chunks and deltas are there.
  public init(parsing body: Span<UInt8>) throws(WireError) {
    guard body.count >= 16 else { throw .truncated }
    self.baseSequenceNumber = UInt16(body[8]) &<< 8 | UInt16(body[9])
    self.count = UInt16(body[10]) &<< 8 | UInt16(body[11])
    self.referenceTime = load32(body, at: 12) &>> 8
    self.feedbackCount = body[15]
    guard self.count > 0, self.count <= Self.maximumCount else { throw .malformed }
    var offset = 16
    var covered = 0
    var deltas = 0
    while covered < Int(self.count) {
      guard body.count &- offset >= 2 else { throw .truncated }
      let chunk = UInt16(body[offset]) &<< 8 | UInt16(body[offset &+ 1])
      offset &+= 2
      let size = min(Int(Self.length(of: chunk)), Int(self.count) &- covered)
      guard size > 0 else { throw .malformed }
      if chunk & 0x8000 == 0 {
        deltas &+= size &* Self.deltaSize(UInt8(chunk &>> 13 & 3))
      } else {
        for i in 0..<size { deltas &+= Self.deltaSize(Self.symbol(of: chunk, at: UInt16(i))) }
      }
      covered &+= size
    }
    guard body.count &- offset >= deltas else { throw .truncated }
    self.deltaOffset = offset
  }

  /// The next status; `body` is the one that was parsed.
  public mutating func next(in body: Span<UInt8>) -> Status? {
    guard self.taken < self.count else { return nil }
    if self.left == 0 {
      self.chunk = UInt16(body[self.chunkOffset]) &<< 8 | UInt16(body[self.chunkOffset &+ 1])
      self.chunkOffset &+= 2
      self.left = Self.length(of: self.chunk)
    }
    let symbol = Self.symbol(of: self.chunk, at: Self.length(of: self.chunk) &- self.left)
    self.left &-= 1
    var status = Status(sequenceNumber: self.baseSequenceNumber &+ self.taken, delta: nil)
    self.taken &+= 1
    switch Self.deltaSize(symbol) {
    case 1: status.delta = Int16(body[self.deltaOffset])
    case 2:
      status.delta = Int16(
        bitPattern: UInt16(body[self.deltaOffset]) &<< 8 | UInt16(body[self.deltaOffset &+ 1]))
    default: break
    }
    self.deltaOffset &+= Self.deltaSize(symbol)
    return status
  }

  /// How many statuses a chunk has (section 3.1.3 and 3.1.4).
  private static func length(of chunk: UInt16) -> UInt16 {
    if chunk & 0x8000 == 0 { return chunk & 0x1FFF }
    return chunk & 0x4000 == 0 ? 14 : 7
  }

  private static func symbol(of chunk: UInt16, at index: UInt16) -> UInt8 {
    if chunk & 0x8000 == 0 { return UInt8(chunk &>> 13 & 3) }
    if chunk & 0x4000 == 0 { return UInt8(chunk &>> (13 &- index) & 1) }
    return UInt8(chunk &>> (12 &- index &* 2) & 3)
  }

  /// Section 3.1.1: 1 is a small delta, 2 a large one; 3 is reserved and has none.
  private static func deltaSize(_ symbol: UInt8) -> Int { symbol == 1 ? 1 : symbol == 2 ? 2 : 0 }
}
