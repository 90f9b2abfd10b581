/// The sequence numbers of packets that are to be sent again, in the order in which they were asked for.
struct RepeatQueue: Sendable {
  static let capacity = 256
  /// Empty before the first.
  private var numbers: [UInt16] = []
  private var first = 0
  private(set) var count = 0

  mutating func push(_ number: UInt16) -> Bool {
    guard self.count < Self.capacity else { return false }
    if self.numbers.isEmpty { self.numbers = [UInt16](repeating: 0, count: Self.capacity) }
    self.numbers[(self.first &+ self.count) % Self.capacity] = number
    self.count &+= 1
    return true
  }

  mutating func pop() -> UInt16? {
    guard self.count > 0 else { return nil }
    let number = self.numbers[self.first]
    self.first = (self.first &+ 1) % Self.capacity
    self.count &-= 1
    return number
  }

  mutating func removeAll() { self.count = 0 }
}
