import Bytes

/// The engine's only source of randomness: ChaCha20 (RFC 8439 section 2.3) keyed by a 32-byte seed, owned by
/// value. The same seed gives the same bytes; a copy goes on independently, which is why only one of two forks
/// may ever reach a network.
public struct SeededRandom: RandomNumberGenerator, Sendable {
  /// 32 bytes of entropy, from the operating system where keys depend on it, from a number in tests.
  @frozen
  public struct Seed: Sendable {
    public var bytes: InlineArray<32, UInt8>
    @inlinable public init(bytes: InlineArray<32, UInt8>) { self.bytes = bytes }

    /// A seed for tests and simulations: not secret.
    public init(_ number: UInt64) {
      self.bytes = InlineArray(repeating: 0)
      for i in 0..<8 { self.bytes[i] = UInt8(truncatingIfNeeded: number &>> UInt64(i &* 8)) }
    }
  }

  var key: InlineArray<8, UInt32>
  var counter: UInt64 = 0
  var block = InlineArray<16, UInt32>(repeating: 0)
  var used = 16

  public init(seed: Seed) {
    self.key = InlineArray { i in
      UInt32(seed.bytes[i &* 4]) | UInt32(seed.bytes[i &* 4 &+ 1]) &<< 8 | UInt32(seed.bytes[i &* 4 &+ 2]) &<< 16
        | UInt32(seed.bytes[i &* 4 &+ 3]) &<< 24
    }
  }

  public mutating func next() -> UInt64 { UInt64(self.nextWord()) | UInt64(self.nextWord()) &<< 32 }

  /// A uniform number in `0..<bound`, by rejection; a `bound` of 0 counts as 1.
  public mutating func next(below bound: UInt32) -> UInt32 {
    let bound = max(bound, 1)
    let limit = UInt32.max - (UInt32.max % bound)
    while true {
      let word = self.nextWord()
      if word < limit { return word % bound }
    }
  }

  public mutating func nextWord() -> UInt32 {
    if self.used == 16 {
      self.refill()
      self.used = 0
    }
    defer { self.used &+= 1 }
    return self.block[self.used]
  }

  public mutating func fill(_ bytes: inout MutableSpan<UInt8>) {
    var i = 0
    while i < bytes.count {
      var word = self.nextWord()
      var j = 0
      while j < 4, i < bytes.count {
        bytes[i] = UInt8(truncatingIfNeeded: word)
        word &>>= 8
        i &+= 1
        j &+= 1
      }
    }
  }

  public mutating func bytes<let count: Int>() -> InlineArray<count, UInt8> {
    var result = InlineArray<count, UInt8>(repeating: 0)
    var span = result.mutableSpan
    self.fill(&span)
    return result
  }

  /// A generator for a part of this machine, independent of what this one goes on to produce.
  public mutating func split() -> SeededRandom { SeededRandom(seed: Seed(bytes: self.bytes())) }

  mutating func refill() {
    var state = InlineArray<16, UInt32>(repeating: 0)
    state[0] = 0x6170_7865
    state[1] = 0x3320_646e
    state[2] = 0x7962_2d32
    state[3] = 0x6b20_6574
    for i in 0..<8 { state[4 &+ i] = self.key[i] }
    state[12] = UInt32(truncatingIfNeeded: self.counter)
    state[13] = UInt32(truncatingIfNeeded: self.counter &>> 32)
    let start = state
    for _ in 0..<10 {
      quarterRound(&state, 0, 4, 8, 12)
      quarterRound(&state, 1, 5, 9, 13)
      quarterRound(&state, 2, 6, 10, 14)
      quarterRound(&state, 3, 7, 11, 15)
      quarterRound(&state, 0, 5, 10, 15)
      quarterRound(&state, 1, 6, 11, 12)
      quarterRound(&state, 2, 7, 8, 13)
      quarterRound(&state, 3, 4, 9, 14)
    }
    for i in 0..<16 { self.block[i] = state[i] &+ start[i] }
    self.counter &+= 1
  }
}

@inline(__always)
private func quarterRound(_ s: inout InlineArray<16, UInt32>, _ a: Int, _ b: Int, _ c: Int, _ d: Int) {
  s[a] = s[a] &+ s[b]
  s[d] = rotate(s[d] ^ s[a], 16)
  s[c] = s[c] &+ s[d]
  s[b] = rotate(s[b] ^ s[c], 12)
  s[a] = s[a] &+ s[b]
  s[d] = rotate(s[d] ^ s[a], 8)
  s[c] = s[c] &+ s[d]
  s[b] = rotate(s[b] ^ s[c], 7)
}

@inline(__always)
private func rotate(_ x: UInt32, _ n: UInt32) -> UInt32 { x &<< n | x &>> (32 &- n) }
