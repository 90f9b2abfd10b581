import Testing
import Time

@Suite struct TimeTests {
  @Test func `the generator matches RFC 8439's first block for a zero key`() {
    // RFC 8439 appendix A.1 test vector 1: zero key, counter 0, zero nonce.
    var random = SeededRandom(seed: .init(bytes: InlineArray(repeating: 0)))
    #expect(random.nextWord() == 0xade0_b876)
    #expect(random.nextWord() == 0x903d_f1a0)
  }

  @Test func `a copy is a fork, and a split goes its own way`() {
    var a = SeededRandom(seed: .init(7))
    _ = a.next()
    var b = a
    #expect(a.next() == b.next())
    var c = a.split()
    #expect(c.next() != a.next())
  }

  @Test func `interval and instant arithmetic saturates instead of wrapping`() {
    #expect(Instant.distantFuture + .seconds(1) == .distantFuture)
    #expect(Instant(nanoseconds: 3) - Instant(nanoseconds: 5) == .zero)
    #expect(Interval(nanoseconds: .max) * 2 == Interval(nanoseconds: .max))
  }

  enum Reason: Int { case early, late }
  @Test func `the timer table names the earliest deadline and forgets a cancelled one`() {
    var timers = TimerTable<Reason, 2>()
    #expect(timers.next == nil)
    timers.set(.late, at: Instant(nanoseconds: 9))
    timers.set(.early, at: Instant(nanoseconds: 4))
    #expect(timers.next == Instant(nanoseconds: 4))
    #expect(timers.isDue(.early, at: Instant(nanoseconds: 4)))
    timers.cancel(.early)
    #expect(timers.next == Instant(nanoseconds: 9))
  }
}
