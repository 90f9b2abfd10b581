import Testing

@testable import SRTP

@Suite struct ReplayBitsTests {
  /// Against a set of everything seen, with two rings in one array.
  @Test(arguments: [2, 3, 16], [UInt64(2), 5, 60, 500, 3_000])
  func `the ring remembers exactly the window`(words: Int, step: UInt64) {
    var bits = ReplayBits()
    let starts = [bits.grow(by: words), bits.grow(by: words)]
    var highest: [UInt64] = [0, 0]
    var seen: [Set<UInt64>] = [[], []]
    var choices = Choices(state: step)
    let window = UInt64(words * 64)
    var wrong = 0
    var verdicts = (new: 0, seen: 0, old: 0)
    for _ in 0..<20_000 {
      let ring = choices.below(2)
      let index =
        choices.below(3) == 0
        ? highest[ring] + UInt64(choices.below(Int(step)))
        : highest[ring] - min(highest[ring], UInt64(choices.below(Int(window) + 20)))
      let verdict = bits.verdict(index, highest: highest[ring], start: starts[ring], count: words)
      let expected: ReplayBits.Verdict =
        index + window <= highest[ring] ? .old : seen[ring].contains(index) ? .seen : .new
      if verdict != expected { wrong += 1 }
      switch expected {
      case .new:
        verdicts.new += 1
        seen[ring].insert(index)
        highest[ring] = bits.record(index, highest: highest[ring], start: starts[ring], count: words)
      case .seen: verdicts.seen += 1
      case .old: verdicts.old += 1
      }
    }
    #expect(wrong == 0)
    #expect(verdicts.new > 1_000 && verdicts.old > 50 && (step > 100 || verdicts.seen > 500))
  }
}
