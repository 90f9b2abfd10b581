/// Which of the latest 64 records of an epoch have been seen (RFC 6347 section 4.1.2.6).
struct ReplayWindow {
  /// The highest sequence number accepted; bit 0 of `seen` stands for it.
  private var highest: UInt64 = 0
  private var seen: UInt64 = 0

  /// Whether the record is new. To be asked before authentication; asking changes nothing.
  func accepts(_ sequenceNumber: UInt64) -> Bool {
    if sequenceNumber > self.highest || self.seen == 0 { return true }
    let age = self.highest &- sequenceNumber
    return age < 64 && self.seen & (1 &<< age) == 0
  }

  /// Takes note of a record that proved authentic.
  mutating func record(_ sequenceNumber: UInt64) {
    if self.seen == 0 {
      self.highest = sequenceNumber
      self.seen = 1
    } else if sequenceNumber > self.highest {
      let step = sequenceNumber &- self.highest
      self.seen = step < 64 ? self.seen &<< step | 1 : 1
      self.highest = sequenceNumber
    } else {
      let age = self.highest &- sequenceNumber
      if age < 64 { self.seen |= 1 &<< age }
    }
  }
}
