import Time

/// The 96 random bits that tie a response to its request (RFC 8489 section 5).
@frozen
public struct TransactionID: Hashable, Sendable {
  public var high: UInt32
  public var low: UInt64

  @inlinable public init(high: UInt32, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Drawn from the machine's generator: an identifier that a peer could guess would let it forge consent.
  public init(random: inout SeededRandom) {
    self.high = random.nextWord()
    self.low = random.next()
  }
}
