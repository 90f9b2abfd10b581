import Time

/// What RFC 3550 says of the sequence numbers of one stream: which packets to take (section A.1), how many were lost (A.3), how
/// evenly they came (A.8).
struct SequenceTracker: Sendable {
  enum Verdict: Equatable {
    case first
    /// So many after the highest: 1 is the next in order.
    case forward(Int)
    /// So many before the highest: 0 is the highest once more.
    case backward(Int)
    /// The second packet in a row that continues a jump: the stream has begun anew.
    case restart
    /// A jump that nothing confirms yet.
    case refused
  }

  /// RFC 3550 section A.1. Its 100 for MAX_MISORDER are two seconds of 50 packets each; video sends more, and to take packets
  /// that are merely late for a restart would show old frames after new ones.
  static let maximumDropout: UInt16 = 3000
  static let maximumMisorder = 1000

  private(set) var highest: UInt16 = 0
  private(set) var isStarted = false
  /// Shifted count of wraps of the sequence number since the base.
  private var cycles: UInt32 = 0
  private var base: UInt32 = 0
  /// What a packet must have to confirm a jump; above 16 bits: none is pending.
  private var confirmation: UInt32 = .max
  private var received: UInt32 = 0
  private var expectedBefore: UInt32 = 0
  private var receivedBefore: UInt32 = 0
  /// Lost before the last restart.
  private var lostBefore: Int64 = 0
  private var transit: UInt32 = 0
  private var hasTransit = false
  private var clockRate: UInt32 = 0
  /// 16 times the estimate, as section A.8 keeps it.
  private var scaledJitter: UInt32 = 0

  /// Takes a packet of the stream itself. `window`: as late as this a packet may come, since repeats do.
  mutating func take(_ sequence: UInt16, window: Int) -> Verdict {
    guard self.isStarted else {
      self.start(at: sequence)
      return .first
    }
    let distance = sequence &- self.highest
    if distance == 0 {
      self.received &+= 1
      return .backward(0)
    }
    if distance < Self.maximumDropout {
      if sequence < self.highest { self.cycles &+= 0x1_0000 }
      self.highest = sequence
      self.received &+= 1
      return .forward(Int(distance))
    }
    let backward = Int(self.highest &- sequence)
    if backward <= max(window, Self.maximumMisorder) {
      self.received &+= 1
      // It came before what was taken for the first.
      let extended = self.extendedHighest &- UInt32(backward)
      if self.expectedBefore == 0, Int32(bitPattern: extended &- self.base) < 0 { self.base = extended }
      return .backward(backward)
    }
    if UInt32(sequence) == self.confirmation {
      self.lostBefore &+= self.lost
      self.start(at: sequence)
      return .restart
    }
    self.confirmation = UInt32(sequence &+ 1)
    return .refused
  }

  /// Where a packet that came by RTX belongs. It counts for none of the report's numbers, which are the stream's own.
  func place(_ sequence: UInt16, window: Int) -> Verdict {
    guard self.isStarted else { return .refused }
    let distance = Int(Int16(bitPattern: sequence &- self.highest))
    if distance > 0 { return distance < window ? .forward(distance) : .refused }
    return -distance <= max(window, Self.maximumMisorder) ? .backward(-distance) : .refused
  }

  private mutating func start(at sequence: UInt16) {
    self.isStarted = true
    self.highest = sequence
    self.base = UInt32(sequence)
    self.cycles = 0
    self.confirmation = .max
    self.received = 1
    self.expectedBefore = 0
    self.receivedBefore = 0
    self.hasTransit = false
  }

  /// Section A.8, for packets in order: a repeat's transit says nothing of the network.
  mutating func noteArrival(_ now: Instant, timestamp: UInt32, clockRate: UInt32) {
    if clockRate != self.clockRate {
      self.clockRate = clockRate
      self.hasTransit = false
      self.scaledJitter = 0
    }
    let transit = now.units(of: clockRate) &- timestamp
    if self.hasTransit {
      let difference = Int32(bitPattern: transit &- self.transit).magnitude
      // A timestamp that jumps by more than ten seconds is no late packet.
      if difference < clockRate &* 10 {
        self.scaledJitter = self.scaledJitter &+ difference &- ((self.scaledJitter &+ 8) &>> 4)
      }
    }
    self.transit = transit
    self.hasTransit = true
  }

  var jitter: UInt32 { self.scaledJitter &>> 4 }
  private var extendedHighest: UInt32 { self.cycles &+ UInt32(self.highest) }
  private var expected: UInt32 { self.isStarted ? self.extendedHighest &- self.base &+ 1 : 0 }
  private var lost: Int64 { Int64(self.expected) &- Int64(self.received) }

  /// Over all restarts.
  var totalLost: Int64 { self.lostBefore &+ self.lost }

  /// Section A.3. Each call starts the next interval.
  mutating func takeReport() -> ReceptionReport {
    var report = ReceptionReport()
    let expectedInterval = self.expected &- self.expectedBefore
    let receivedInterval = self.received &- self.receivedBefore
    self.expectedBefore = self.expected
    self.receivedBefore = self.received
    let lostInterval = Int64(expectedInterval) &- Int64(receivedInterval)
    if expectedInterval > 0, lostInterval > 0 {
      report.fractionLost = UInt8(min(UInt64(lostInterval) &<< 8 / UInt64(expectedInterval), 255))
    }
    report.packetsLost = Int32(max(-0x80_0000, min(self.totalLost, 0x7F_FFFF)))
    report.extendedHighestSequence = self.extendedHighest
    report.jitter = self.jitter
    return report
  }
}

extension Instant {
  /// In units of a clock, wrapping.
  func units(of clockRate: UInt32) -> UInt32 {
    let seconds = self.nanoseconds / 1_000_000_000
    let rest = self.nanoseconds % 1_000_000_000
    return UInt32(truncatingIfNeeded: seconds &* UInt64(clockRate) &+ rest &* UInt64(clockRate) / 1_000_000_000)
  }
}
