/// A set of small numbers that knows its size, so that "nothing is ready" is told at once however many there may be.
struct ReadySet: Sendable {
  private var words: [UInt64]
  private(set) var count = 0

  init(capacity: Int) { self.words = [UInt64](repeating: 0, count: (capacity &+ 63) / 64) }

  var isEmpty: Bool { self.count == 0 }

  @inline(__always)
  mutating func set(_ index: Int, _ isMember: Bool) {
    // Mostly nothing changes.
    guard isMember != (self.words[index &>> 6] &>> UInt64(index & 63) & 1 != 0) else { return }
    self.toggle(index, isMember)
  }

  private mutating func toggle(_ index: Int, _ isMember: Bool) {
    self.words[index &>> 6] ^= 1 &<< UInt64(index & 63)
    self.count &+= isMember ? 1 : -1
  }

  /// The first member from `start` on, going round.
  func first(from start: Int) -> Int? {
    guard self.count > 0 else { return nil }
    let word = start &>> 6 < self.words.count ? start &>> 6 : 0
    let rest = self.words[word] & (UInt64.max &<< UInt64(start & 63))
    if rest != 0 { return word &* 64 &+ rest.trailingZeroBitCount }
    for i in 1...self.words.count {
      let next = (word &+ i) % self.words.count
      if self.words[next] != 0 { return next &* 64 &+ self.words[next].trailingZeroBitCount }
    }
    return nil
  }

  mutating func removeAll() {
    for i in self.words.indices { self.words[i] = 0 }
    self.count = 0
  }
}
