import Time

/// One direction of a path: it loses, delays, reorders and duplicates.
struct RepairLink {
  enum Loss {
    case none
    /// Each packet by itself, percent.
    case random(Double)
    /// Gilbert and Elliott: a good state that loses nothing and a bad one that loses all; percent over all, and the mean length
    /// of a burst in packets.
    case bursts(Double, mean: Double)
  }

  struct Packet {
    var at: Instant
    var isControl: Bool
    var bytes: [UInt8]
  }

  var loss: Loss
  var delay = Interval.milliseconds(50)
  /// Added to the delay, from nothing up to this, each packet by itself: it reorders.
  var jitter = Interval.milliseconds(2)
  var duplicates = 0.5
  /// Everything is lost from then to then.
  var outage: (from: Instant, to: Instant)?
  var random: SeededRandom
  var isBad = false
  /// In the order of arrival, last first.
  var packets: [Packet] = []
  var sent = 0
  var lost = 0

  init(_ loss: Loss, seed: UInt64) {
    self.loss = loss
    self.random = SeededRandom(seed: .init(seed))
  }

  mutating func chance(_ percent: Double) -> Bool { Double(self.random.nextWord()) < percent / 100 * 4_294_967_296 }

  mutating func loses(at now: Instant) -> Bool {
    if let outage, now >= outage.from, now < outage.to { return true }
    switch self.loss {
    case .none: return false
    case .random(let percent): return self.chance(percent)
    case .bursts(let percent, let mean):
      let end = 100 / mean
      self.isBad = self.chance(self.isBad ? 100 - end : end * percent / (100 - percent))
      return self.isBad
    }
  }

  mutating func send(_ bytes: [UInt8], isControl: Bool, at now: Instant) {
    self.sent += 1
    guard !self.loses(at: now) else {
      self.lost += 1
      return
    }
    for _ in 0...(self.chance(self.duplicates) ? 1 : 0) {
      let jitter = self.jitter.nanoseconds == 0 ? 0 : UInt64(self.random.next(below: UInt32(self.jitter.nanoseconds)))
      let packet = Packet(at: now + self.delay + Interval(nanoseconds: jitter), isControl: isControl, bytes: bytes)
      var place = 0
      while place < self.packets.count, self.packets[place].at > packet.at { place += 1 }
      self.packets.insert(packet, at: place)
    }
  }

  var next: Instant { self.packets.last?.at ?? .distantFuture }
}
