/// A point on the caller's monotonic clock. The engine never reads a clock; every call carries `now`.
@frozen
public struct Instant: Hashable, Comparable, Sendable {
  /// Nanoseconds since an origin of the caller's choice.
  public var nanoseconds: UInt64
  @inlinable public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }
  @inlinable public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable public static var zero: Instant { Instant(nanoseconds: 0) }
  @inlinable public static var distantFuture: Instant { Instant(nanoseconds: .max) }

  /// Saturates at `distantFuture`.
  #if hasFeature(Embedded)
  @inline(never)
  #endif
  @inlinable public static func + (instant: Self, interval: Interval) -> Self {
    let (sum, overflow) = instant.nanoseconds.addingReportingOverflow(interval.nanoseconds)
    return Self(nanoseconds: overflow ? .max : sum)
  }

  /// The time from `earlier` to `later`; zero where the clock went backwards.
  #if hasFeature(Embedded)
  @inline(never)
  #endif
  @inlinable public static func - (later: Self, earlier: Self) -> Interval {
    Interval(nanoseconds: later.nanoseconds >= earlier.nanoseconds ? later.nanoseconds &- earlier.nanoseconds : 0)
  }
}

/// A non-negative length of time in nanoseconds; arithmetic saturates.
@frozen
public struct Interval: Hashable, Comparable, Sendable {
  public var nanoseconds: UInt64
  @inlinable public init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }
  @inlinable public static func < (a: Self, b: Self) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable public static var zero: Self { Self(nanoseconds: 0) }
  @inlinable public static func microseconds(_ count: UInt32) -> Self { Self(nanoseconds: UInt64(count) &* 1_000) }
  @inlinable public static func milliseconds(_ count: UInt32) -> Self { Self(nanoseconds: UInt64(count) &* 1_000_000) }
  @inlinable public static func seconds(_ count: UInt32) -> Self { Self(nanoseconds: UInt64(count) &* 1_000_000_000) }

  #if hasFeature(Embedded)
  @inline(never)
  #endif
  @inlinable public static func + (a: Self, b: Self) -> Self {
    let (sum, overflow) = a.nanoseconds.addingReportingOverflow(b.nanoseconds)
    return Self(nanoseconds: overflow ? .max : sum)
  }
  #if hasFeature(Embedded)
  @inline(never)
  #endif
  @inlinable public static func - (a: Self, b: Self) -> Self {
    Self(nanoseconds: a.nanoseconds >= b.nanoseconds ? a.nanoseconds &- b.nanoseconds : 0)
  }
  #if hasFeature(Embedded)
  @inline(never)
  #endif
  @inlinable public static func * (a: Self, factor: UInt64) -> Self {
    let (product, overflow) = a.nanoseconds.multipliedReportingOverflow(by: factor)
    return Self(nanoseconds: overflow ? .max : product)
  }
  #if hasFeature(Embedded)
  @inline(never)
  #endif
  @inlinable public static func / (a: Self, divisor: UInt64) -> Self { Self(nanoseconds: a.nanoseconds / max(divisor, 1)) }
}
