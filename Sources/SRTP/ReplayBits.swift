/// Which of the latest packets of a stream have been seen (RFC 3711 section 3.3.2): a ring of bits in an array that holds
/// the rings of all streams. Index `i` has bit `i` modulo the ring's size, so nothing shifts when the window moves.
struct ReplayBits {
  private var words: [UInt64] = []

  enum Verdict { case new, seen, old }

  /// Adds zeros for one more ring and returns where it starts.
  mutating func grow(by words: Int) -> Int {
    let start = self.words.count
    var i = 0
    while i < words {
      self.words.append(0)
      i &+= 1
    }
    return start
  }

  /// `highest` is 0 before the first packet, as well as after packet 0: that packet's own bit tells.
  @inline(__always)
  func verdict(_ index: UInt64, highest: UInt64, start: Int, count: Int) -> Verdict {
    if index > highest { return .new }
    let size = UInt64(count) &* 64
    guard highest &- index < size else { return .old }
    let bit = Int(truncatingIfNeeded: index % size)
    return self.words[start &+ bit &>> 6] & 1 &<< UInt64(bit & 63) == 0 ? .new : .seen
  }

  /// Takes note of an authentic packet whose verdict was `new`; returns the highest index now.
  @inline(__always)
  mutating func record(_ index: UInt64, highest: UInt64, start: Int, count: Int) -> UInt64 {
    let size = UInt64(count) &* 64
    if index > highest { self.clear(after: highest, to: index, start: start, count: count) }
    let bit = Int(truncatingIfNeeded: index % size)
    self.words[start &+ bit &>> 6] |= 1 &<< UInt64(bit & 63)
    return max(index, highest)
  }

  private mutating func clear(after highest: UInt64, to index: UInt64, start: Int, count: Int) {
    let size = UInt64(count) &* 64
    guard index &- highest < size else {
      var i = 0
      while i < count {
        self.words[start &+ i] = 0
        i &+= 1
      }
      return
    }
    var bit = Int(truncatingIfNeeded: highest % size)
    var left = Int(truncatingIfNeeded: index &- highest)
    while left > 0 {
      bit = bit &+ 1 == count &* 64 ? 0 : bit &+ 1
      self.words[start &+ bit &>> 6] &= ~(1 &<< UInt64(bit & 63))
      left &-= 1
    }
  }
}
