import Time

/// Timestamps counted on from the first frame, without wrapping (RFC 3550 section 5.1).
struct MediaClock: Sendable {
  private var time: Int64 = 0
  private var timestamp: UInt32 = 0
  private var clockRate: UInt32 = 0
  private var arrival = Instant.zero

  /// `beginsAnew`: the sender chose another origin; the time of arrival bridges it.
  mutating func unwrap(_ timestamp: UInt32, clockRate: UInt32, at arrival: Instant, beginsAnew: Bool) -> Int64 {
    if self.clockRate != 0 {
      if beginsAnew || clockRate != self.clockRate {
        if clockRate != self.clockRate {
          let (seconds, rest) = self.time.quotientAndRemainder(dividingBy: Int64(self.clockRate))
          self.time = seconds &* Int64(clockRate) &+ rest &* Int64(clockRate) / Int64(self.clockRate)
        }
        // Signed: a frame that had to be repaired began to come after the one that follows it.
        let elapsed = Int32(bitPattern: arrival.units(of: clockRate) &- self.arrival.units(of: clockRate))
        self.time &+= Int64(max(elapsed, 1))
      } else {
        self.time &+= Int64(Int32(bitPattern: timestamp &- self.timestamp))
      }
    }
    self.timestamp = timestamp
    self.clockRate = clockRate
    self.arrival = arrival
    return self.time
  }
}
