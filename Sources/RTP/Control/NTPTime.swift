import Time

/// NTP's 32.32 fixed-point time (RFC 3550 section 4) and its shorter forms.
enum NTPTime {
  static func fixedPoint(_ interval: Interval) -> UInt64 {
    let seconds = interval.nanoseconds / 1_000_000_000
    let rest = interval.nanoseconds &- seconds &* 1_000_000_000
    return seconds &<< 32 | (rest &<< 32) / 1_000_000_000
  }

  /// The NTP time of `now`, wrapping at the end of an era.
  static func at(_ now: Instant, offset: UInt64) -> UInt64 {
    offset &+ Self.fixedPoint(Interval(nanoseconds: now.nanoseconds))
  }

  /// The middle 32 bits, which reports use: 1/65536 s.
  static func compact(_ time: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: time &>> 16) }

  static func compact(_ interval: Interval) -> UInt32 {
    let time = Self.fixedPoint(interval) &>> 16
    return time > UInt64(UInt32.max) ? .max : UInt32(time)
  }

  static func interval(compact: UInt32) -> Interval {
    Interval(nanoseconds: UInt64(compact) &* 1_000_000_000 &>> 16)
  }

  /// 6.18 bits, as the abs-send-time extension has it.
  static func absoluteSendTime(_ time: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: time &>> 14) & 0xFF_FFFF }

  /// How many units of `rate` a second an interval has.
  static func units(_ interval: Interval, rate: UInt32) -> UInt64 {
    let seconds = interval.nanoseconds / 1_000_000_000
    let rest = interval.nanoseconds &- seconds &* 1_000_000_000
    return seconds &* UInt64(rate) &+ rest &* UInt64(rate) / 1_000_000_000
  }
}
