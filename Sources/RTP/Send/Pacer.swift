import Time

/// Spreads the packets of a frame over an interval, in groups that leave a step apart: a frame sent at once overruns the buffers
/// of slow links, whose losses then cost more than the few milliseconds.
struct Pacer: Sendable {
  let interval: Interval
  let step: Interval
  let burst: Int
  /// How many packets may leave now.
  private(set) var allowance = 0
  /// How many a step.
  private var group = 1
  /// When the next group may leave.
  private(set) var nextStep = Instant.zero

  /// An interval of zero does not pace.
  init(interval: Interval, step: Interval, burst: Int) {
    self.interval = interval
    self.step = step
    self.burst = burst
  }

  /// More packets wait, `waiting` in all.
  mutating func enqueue(waiting: Int, now: Instant) {
    guard self.interval > .zero else {
      self.allowance = waiting
      return
    }
    let steps = max(self.interval.nanoseconds / max(self.step.nanoseconds, 1), 1)
    // Rounded up, so that the last packet leaves within the interval.
    self.group = max(Int((UInt64(waiting) &+ steps &- 1) / steps), 1)
    if now >= self.nextStep {
      self.allowance = min(max(self.burst, self.group), waiting)
      self.nextStep = now + self.step
    }
  }

  mutating func advance(waiting: Int, to now: Instant) {
    guard waiting > 0, now >= self.nextStep, self.interval > .zero else { return }
    let missed = (now - self.nextStep).nanoseconds / max(self.step.nanoseconds, 1) &+ 1
    let groups = Int(truncatingIfNeeded: min(missed, UInt64(waiting)))
    self.allowance = min(self.allowance &+ groups &* self.group, waiting)
    self.nextStep = now + self.step
  }

  mutating func sent() { self.allowance = max(self.allowance &- 1, 0) }
}
