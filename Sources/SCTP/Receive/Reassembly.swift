import Bytes

/// Fragments by TSN until their message is whole (RFC 9260 section 6.9).
///
/// The fragments of a message have consecutive TSNs, so a ring indexed by TSN suffices. Neighbours are merged as
/// they come: the first fragment of a run knows its last and holds all its bytes, the last knows its first, and
/// a fragment costs the same however long its message is. At most one incomplete run lies below the
/// cumulative TSN, and it ends there: the ring spans no more than one message and the window.
struct Reassembly: Sendable {
  enum Verdict {
    case stored
    /// The message that begins at this TSN is whole.
    case complete(first: UInt32)
    /// Neighbours that cannot belong together, or that leave one without an end.
    case violation
    case tooLarge
  }

  struct Fragment: Sendable {
    var chain = BlockPool.Chain()
    /// Bytes of the run so far; valid in its first fragment.
    var size: Int32 = 0
    /// In a run's first fragment its last TSN, in the last its first.
    var otherEnd: UInt32 = 0
    var protocolIdentifier: UInt32 = 0
    var stream: UInt16 = 0
    var sequence: UInt16 = 0
    var flags: UInt8 = 0
    var isUsed = false
  }

  /// Where the ring begins: the oldest fragment stored, or the TSN after the cumulative one.
  private var base: UInt32
  private var slots: [Fragment] = []
  private(set) var count = 0
  private let maximumMessageSize: Int
  private let limit: Int

  init(initialTSN: UInt32, maximumMessageSize: Int, limit: Int) {
    self.base = initialTSN
    self.maximumMessageSize = maximumMessageSize
    self.limit = limit
  }

  /// Whether the ring reaches `tsn`, or may grow to.
  func reaches(_ tsn: UInt32) -> Bool { Int(truncatingIfNeeded: tsn &- self.base) < self.limit }

  mutating func insert(_ fragment: Fragment, tsn: UInt32, pool: inout BlockPool) -> Verdict {
    while Int(truncatingIfNeeded: tsn &- self.base) >= self.slots.count { self.grow() }
    var first = tsn
    var last = tsn
    let left = self.index(tsn &- 1)
    let right = self.index(tsn &+ 1)
    let joinsLeft = tsn != self.base && self.slots[left].isUsed
    let joinsRight = Int(truncatingIfNeeded: tsn &+ 1 &- self.base) < self.slots.count && self.slots[right].isUsed
    if joinsLeft {
      guard Self.canFollow(fragment, self.slots[left]) else { return .violation }
      if fragment.flags & DataChunk.beginning == 0 { first = self.slots[left].otherEnd }
    }
    if joinsRight {
      guard Self.canFollow(self.slots[right], fragment) else { return .violation }
      if fragment.flags & DataChunk.ending == 0 { last = self.slots[right].otherEnd }
    }
    // A run of one message's fragments is now first...last.
    self.slots[self.index(tsn)] = fragment
    self.slots[self.index(tsn)].otherEnd = tsn
    self.count &+= 1
    if first != tsn {
      pool.join(fragment.chain, to: &self.slots[self.index(first)].chain)
      self.slots[self.index(first)].size &+= fragment.size
    }
    if last != tsn {
      let tail = self.slots[right].chain
      let size = self.slots[right].size
      pool.join(tail, to: &self.slots[self.index(first)].chain)
      self.slots[self.index(first)].size &+= size
    }
    self.slots[self.index(first)].otherEnd = last
    self.slots[self.index(last)].otherEnd = first
    if Int(self.slots[self.index(first)].size) > self.maximumMessageSize { return .tooLarge }
    let isWhole =
      self.slots[self.index(first)].flags & DataChunk.beginning != 0
      && self.slots[self.index(last)].flags & DataChunk.ending != 0
    return isWhole ? .complete(first: first) : .stored
  }

  /// Removes the run that begins at `first`; its chain is the caller's.
  mutating func take(first: UInt32) -> Fragment {
    let run = self.slots[self.index(first)]
    var tsn = first
    while true {
      self.slots[self.index(tsn)].isUsed = false
      self.count &-= 1
      if tsn == run.otherEnd { return run }
      tsn = tsn &+ 1
    }
  }

  /// Moves the ring's beginning up to the oldest fragment that may still be needed. Returns how many runs were
  /// dropped because what they lack will never come: their neighbours were delivered, or skipped.
  mutating func follow(cumulative: UInt32, pool: inout BlockPool) -> Int {
    let next = cumulative &+ 1
    var orphans = 0
    while self.count > 0, self.base != next {
      let run = self.slots[self.index(self.base)]
      if run.isUsed {
        if run.flags & DataChunk.beginning != 0, run.otherEnd == cumulative { return orphans }
        pool.release(self.take(first: self.base).chain)
        self.base = run.otherEnd
        orphans &+= 1
      }
      self.base = self.base &+ 1
    }
    self.base = next
    return orphans
  }

  /// Gives up every fragment up to `tsn` (RFC 3758 section 3.6), and later ones of the same message.
  mutating func discard(through tsn: UInt32, pool: inout BlockPool) {
    guard self.count > 0 else { return }
    var at = self.base
    while self.count > 0, SequenceNumber(at).precedesOrEquals(SequenceNumber(tsn)),
      Int(truncatingIfNeeded: at &- self.base) < self.slots.count
    {
      if self.slots[self.index(at)].isUsed {
        let run = self.take(first: at)
        pool.release(run.chain)
        at = run.otherEnd
      }
      at = at &+ 1
    }
  }

  private static func canFollow(_ fragment: Fragment, _ previous: Fragment) -> Bool {
    if previous.flags & DataChunk.ending != 0 { return fragment.flags & DataChunk.beginning != 0 }
    return fragment.flags & DataChunk.beginning == 0 && fragment.stream == previous.stream
      && fragment.flags & DataChunk.unordered == previous.flags & DataChunk.unordered
      && (fragment.flags & DataChunk.unordered != 0 || fragment.sequence == previous.sequence)
  }

  private func index(_ tsn: UInt32) -> Int {
    Int(truncatingIfNeeded: tsn & UInt32(truncatingIfNeeded: self.slots.count &- 1))
  }

  private mutating func grow() {
    let old = self.slots
    self.slots = [Fragment](repeating: Fragment(), count: max(16, old.count &* 2))
    var i = 0
    while i < old.count {
      let tsn = self.base &+ UInt32(truncatingIfNeeded: i)
      self.slots[self.index(tsn)] = old[Int(truncatingIfNeeded: tsn & UInt32(truncatingIfNeeded: old.count &- 1))]
      i &+= 1
    }
  }
}
