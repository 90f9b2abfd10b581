/// One deadline for each reason a machine can wait. No heap, no identifiers; setting a timer replaces it.
@frozen
public struct TimerTable<Timer: RawRepresentable, let count: Int>: Sendable where Timer.RawValue == Int, Timer: Sendable {
  @usableFromInline var deadlines: InlineArray<count, Instant>

  @inlinable public init() { self.deadlines = InlineArray(repeating: .distantFuture) }

  #if hasFeature(Embedded)
  @inline(never)
  #endif
  @inlinable public mutating func set(_ timer: Timer, at deadline: Instant) {
    self.deadlines[timer.rawValue] = deadline
  }

  #if hasFeature(Embedded)
  @inline(never)
  #endif
  @inlinable public mutating func cancel(_ timer: Timer) { self.deadlines[timer.rawValue] = .distantFuture }

  #if hasFeature(Embedded)
  @inline(never)
  #endif
  @inlinable public func deadline(of timer: Timer) -> Instant? {
    let deadline = self.deadlines[timer.rawValue]
    return deadline == .distantFuture ? nil : deadline
  }

  #if hasFeature(Embedded)
  @inline(never)
  #endif
  @inlinable public func isDue(_ timer: Timer, at now: Instant) -> Bool {
    let deadline = self.deadlines[timer.rawValue]
    return deadline != .distantFuture && deadline <= now
  }

  /// The earliest deadline set.
  @inlinable public var next: Instant? {
    var earliest = Instant.distantFuture
    for i in self.deadlines.indices where self.deadlines[i] < earliest { earliest = self.deadlines[i] }
    return earliest == .distantFuture ? nil : earliest
  }
}
