import Time

/// Draws of the shapes that scenarios are made of.
struct Dice {
  var random: SeededRandom

  init(seed: UInt64) { self.random = SeededRandom(seed: .init(seed ^ 0x7363_656e_6172_696f)) }

  mutating func chance(_ percent: UInt32) -> Bool { self.random.next(below: 100) < percent }

  mutating func number(in range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(self.random.next(below: UInt32(range.upperBound - range.lowerBound + 1)))
  }

  /// Small values more often than large ones: the magnitude is uniform.
  mutating func magnitude(in range: ClosedRange<Int>) -> Int {
    let low = max(range.lowerBound, 1)
    var steps = 0
    while low << (steps + 1) <= range.upperBound { steps += 1 }
    let base = low << self.number(in: 0...steps)
    return min(range.upperBound, self.number(in: base...(2 * base - 1)))
  }

  mutating func pick<T>(_ choices: [T]) -> T { choices[self.number(in: 0...(choices.count - 1))] }

  mutating func pick<T: CaseIterable>(of type: T.Type) -> T { self.pick(Array(T.allCases)) }
}
