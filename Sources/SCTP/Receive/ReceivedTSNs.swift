import Bytes

/// Which TSNs have arrived: a cumulative point and a ring of bits for those beyond it (RFC 9260 section 6.2).
struct ReceivedTSNs: Sendable {
  enum Verdict { case new, duplicate, outside }

  /// Everything up to and including this one has arrived.
  private(set) var cumulative: UInt32
  /// The highest that has arrived; equals `cumulative` when nothing is missing.
  private(set) var highest: UInt32
  /// How many beyond `cumulative` have arrived.
  private(set) var ahead = 0
  /// Bit `tsn % (64 * words.count)`; the count is a power of two.
  private var words: [UInt64] = []
  private let limit: UInt32
  /// Duplicates since the last SACK; as many are reported as fit (section 3.3.4).
  private var duplicates = InlineArray<16, UInt32>(repeating: 0)
  private(set) var duplicateCount = 0

  /// `limit` bounds how far beyond the cumulative point a TSN may lie: gap blocks count in 16 bits.
  init(initialTSN: UInt32, limit: Int) {
    self.cumulative = initialTSN &- 1
    self.highest = initialTSN &- 1
    self.limit = UInt32(truncatingIfNeeded: min(max(limit, 64), 65_535))
  }

  var hasGaps: Bool { self.highest != self.cumulative }
  /// TSNs missing below the highest.
  var holes: Int { Int(truncatingIfNeeded: self.highest &- self.cumulative) &- self.ahead }

  func judge(_ tsn: UInt32) -> Verdict {
    let distance = tsn &- self.cumulative
    if distance == 0 || distance >= 1 &<< 31 { return .duplicate }
    if distance > self.limit { return .outside }
    return distance <= self.highest &- self.cumulative && self.isSet(tsn) ? .duplicate : .new
  }

  func isBeyondHighest(_ tsn: UInt32) -> Bool { SequenceNumber(self.highest).precedes(SequenceNumber(tsn)) }

  /// Records a TSN judged `new`.
  mutating func insert(_ tsn: UInt32) {
    if tsn == self.cumulative &+ 1 {
      self.cumulative = tsn
      if !self.hasHighestAhead { self.highest = tsn } else { self.absorb() }
      return
    }
    let distance = tsn &- self.cumulative
    while Int(truncatingIfNeeded: distance) >= self.words.count &* 64 { self.grow() }
    self.set(tsn)
    self.ahead &+= 1
    if self.isBeyondHighest(tsn) { self.highest = tsn }
  }

  mutating func noteDuplicate(_ tsn: UInt32) {
    guard self.duplicateCount < self.duplicates.count else { return }
    self.duplicates[self.duplicateCount] = tsn
    self.duplicateCount &+= 1
  }

  /// FORWARD TSN: nothing up to `tsn` is waited for any more.
  mutating func skip(to tsn: UInt32) {
    guard SequenceNumber(self.cumulative).precedes(SequenceNumber(tsn)) else { return }
    if SequenceNumber(self.highest).precedesOrEquals(SequenceNumber(tsn)) {
      var next = self.cumulative &+ 1
      while self.ahead > 0 {
        self.clear(next)
        next = next &+ 1
      }
      self.cumulative = tsn
      self.highest = tsn
      return
    }
    while self.cumulative != tsn {
      self.cumulative = self.cumulative &+ 1
      self.clear(self.cumulative)
    }
    self.absorb()
  }

  /// Writes a SACK of as many gap blocks and duplicates as fit into `room` bytes; forgets the duplicates.
  mutating func writeSack(receiveWindow: UInt32, room: Int, into writer: inout SpanWriter) {
    let start = Chunk.begin(ChunkType.sack, in: &writer)
    writer.write(self.cumulative)
    writer.write(receiveWindow)
    writer.write(UInt16(0))
    writer.write(UInt16(0))
    var left = (room &- SackChunk.fixedSize) / 4
    var gaps: UInt16 = 0
    var tsn = self.cumulative &+ 1
    let end = self.highest &+ 1
    while left > 0 {
      while tsn != end, !self.isSet(tsn) { tsn = self.nextCandidate(after: tsn, set: true, end: end) }
      if tsn == end { break }
      let first = tsn
      while tsn != end, self.isSet(tsn) { tsn = self.nextCandidate(after: tsn, set: false, end: end) }
      writer.write(UInt16(truncatingIfNeeded: first &- self.cumulative))
      writer.write(UInt16(truncatingIfNeeded: tsn &- 1 &- self.cumulative))
      gaps &+= 1
      left &-= 1
    }
    let reported = min(left, self.duplicateCount)
    var i = 0
    while i < reported {
      writer.write(self.duplicates[i])
      i &+= 1
    }
    self.duplicateCount = 0
    writer.patch(gaps, at: start &+ 12)
    writer.patch(UInt16(truncatingIfNeeded: reported), at: start &+ 14)
    Chunk.end(start, in: &writer)
  }

  private var hasHighestAhead: Bool { self.ahead > 0 }

  /// Moves the cumulative point over what had arrived early.
  private mutating func absorb() {
    while self.ahead > 0, self.isSet(self.cumulative &+ 1) {
      self.cumulative = self.cumulative &+ 1
      self.clear(self.cumulative)
    }
    if self.ahead == 0 { self.highest = self.cumulative }
  }

  /// The next TSN that may differ; whole words that cannot are skipped.
  private func nextCandidate(after tsn: UInt32, set: Bool, end: UInt32) -> UInt32 {
    let next = tsn &+ 1
    guard next & 63 == 0, end &- next >= 64 else { return next }
    let word = self.words[Int(next &>> 6) & (self.words.count &- 1)]
    return word == (set ? 0 : .max) ? next &+ 63 : next
  }

  private func isSet(_ tsn: UInt32) -> Bool {
    guard !self.words.isEmpty else { return false }
    return self.words[Int(truncatingIfNeeded: tsn &>> 6) & (self.words.count &- 1)] &>> UInt64(tsn & 63) & 1 != 0
  }

  private mutating func set(_ tsn: UInt32) {
    self.words[Int(truncatingIfNeeded: tsn &>> 6) & (self.words.count &- 1)] |= 1 &<< UInt64(tsn & 63)
  }

  private mutating func clear(_ tsn: UInt32) {
    guard self.isSet(tsn) else { return }
    self.words[Int(truncatingIfNeeded: tsn &>> 6) & (self.words.count &- 1)] &= ~(1 &<< UInt64(tsn & 63))
    self.ahead &-= 1
  }

  private mutating func grow() {
    let old = self
    self.words = [UInt64](repeating: 0, count: max(1, old.words.count &* 2))
    var tsn = old.cumulative
    while tsn != old.highest {
      tsn = tsn &+ 1
      if old.isSet(tsn) { self.set(tsn) }
    }
  }
}
