import Bytes
import Time

/// What left with which transport-wide sequence number, and what the peer's feedback says became of it. The figures tell a sender
/// how much arrives; nothing is derived from delays.
struct DepartureLog: Sendable {
  private enum Fate: UInt8 { case unknown, arrived, lost }
  private struct Departure: Sendable {
    var size: UInt16 = 0
    var fate = Fate.arrived
  }

  static let capacity: UInt64 = 1024
  /// Empty before the first.
  private var departures: [Departure] = []
  /// The number of the next packet, unwrapped.
  private var next: UInt64
  private(set) var statistics = TransportStatistics()

  // The interval that the rates are about.
  private var windowStart = Instant.zero
  private var windowBytes: UInt64 = 0
  private var windowArrived: UInt64 = 0
  private var windowLost: UInt64 = 0

  init(first: UInt16) { self.next = UInt64(first) }

  /// Gives the packet of `size` bytes its number.
  mutating func depart(_ size: Int, at now: Instant) -> UInt16 {
    if self.departures.isEmpty {
      self.departures = Array(repeating: Departure(), count: Int(Self.capacity))
      self.windowStart = now
    }
    let number = self.next
    self.departures[Int(number % Self.capacity)] = Departure(size: UInt16(truncatingIfNeeded: size), fate: .unknown)
    self.next &+= 1
    self.statistics.packetsSent &+= 1
    return UInt16(truncatingIfNeeded: number)
  }

  /// Takes a report. What it says of packets that are not in the log is passed over.
  mutating func take(_ feedback: TransportFeedback, body: Span<UInt8>, at now: Instant) {
    self.statistics.feedbackReceived &+= 1
    guard !self.departures.isEmpty else { return }
    var feedback = feedback
    while let status = feedback.next(in: body) {
      // How far back it is from the next.
      let age = UInt64(UInt16(truncatingIfNeeded: self.next) &- status.sequenceNumber)
      guard age >= 1, age <= Self.capacity, age <= self.next else { continue }
      let index = Int((self.next &- age) % Self.capacity)
      switch (self.departures[index].fate, status.delta != nil) {
      case (.unknown, true):
        self.arrive(index)
      case (.lost, true):
        self.statistics.packetsLost &-= 1
        if self.windowLost > 0 { self.windowLost &-= 1 }
        self.arrive(index)
      case (.unknown, false):
        self.departures[index].fate = .lost
        self.statistics.packetsLost &+= 1
        self.windowLost &+= 1
      case (.lost, false), (.arrived, _): continue
      }
    }
    self.closeWindow(at: now)
  }

  mutating func countReport() { self.statistics.feedbackSent &+= 1 }

  private mutating func arrive(_ index: Int) {
    self.departures[index].fate = .arrived
    self.statistics.packetsAcknowledged &+= 1
    self.windowArrived &+= 1
    self.windowBytes &+= UInt64(self.departures[index].size)
  }

  /// Half a second is long enough for several frames and several reports.
  private mutating func closeWindow(at now: Instant) {
    let length = now - self.windowStart
    guard length >= .milliseconds(500) else { return }
    // Milliseconds and 32 bits of bytes: the product stays far from 64 bits.
    self.statistics.acknowledgedBitRate =
      min(self.windowBytes, UInt64(UInt32.max)) &* 8_000 / max(length.nanoseconds / 1_000_000, 1)
    let total = self.windowArrived &+ self.windowLost
    self.statistics.fractionLost = total == 0 ? 0 : UInt8(truncatingIfNeeded: min(self.windowLost &* 256 / total, 255))
    self.windowStart = now
    self.windowBytes = 0
    self.windowArrived = 0
    self.windowLost = 0
  }
}
