import Bytes
import Time
import WebRTC

/// One direction of a network path: delays, loses, repeats, damages and reorders datagrams, as its seed says.
public struct Link: Sendable {
  /// Probabilities are in parts per million.
  public struct Condition: Equatable, Sendable {
    public var delay = Interval.zero
    /// Added to the delay, uniformly; datagrams overtake each other unless `keepsOrder`.
    public var jitter = Interval.zero
    /// Nothing overtakes what was sent before it: as on a link that repeats what was lost, jitter then comes in bunches.
    public var keepsOrder = false
    public var loss: UInt32 = 0
    /// How many datagrams in a row a loss takes on average: 1 for independent losses, more for the bursts of Gilbert's model
    /// (all are lost in its bad state, none in its good one), at the same share of losses overall.
    public var meanBurst: UInt32 = 1
    /// Losses one by one beside those of `loss`: what Elliott's model loses in its good state.
    public var scatteredLoss: UInt32 = 0
    public var duplication: UInt32 = 0
    /// One bit of the datagram is wrong, and the checksum did not show it.
    public var corruption: UInt32 = 0
    /// Held back by `reorderingDelay`, so that later ones overtake it.
    public var reordering: UInt32 = 0
    public var reorderingDelay = Interval.milliseconds(10)
    /// Bits a second, counted with the headers of IP and UDP; 0: no limit.
    public var rate: UInt64 = 0
    /// Bytes that may wait for their turn where there is a rate; what finds no room is lost.
    public var queue: UInt32 = 65_536
    /// The largest IP packet in bytes; larger ones vanish without a word, as in a black hole. 0: any.
    public var maximumTransmissionUnit: UInt32 = 0
    /// Loses everything.
    public var isDown = false
    public init() {}
  }

  /// What becomes of one datagram.
  struct Passage {
    /// Where it arrives once, or twice; nil: lost.
    var first: Instant?
    var second: Instant?
    /// A number whose bit and place in the datagram are wrong in the first copy.
    var damage: UInt64?
  }

  struct Flight: Sendable {
    var arrival: Instant
    /// Keeps datagrams that arrive at one instant in the order in which they were sent.
    var number: UInt64
    var bytes: [UInt8]
    var path: Transmit
  }

  public var condition: Condition
  var random: SeededRandom
  /// Those under way, the next to arrive last.
  var flights: [Flight] = []
  var count: UInt64 = 0
  var isBursting = false
  /// When the last bit of what waits will have been sent.
  var busyUntil = Instant.zero
  var lastArrival = Instant.zero
  public private(set) var lost = 0

  public init(condition: Condition, random: SeededRandom) {
    self.condition = condition
    self.random = random
  }

  public mutating func send(_ datagram: Span<UInt8>, on path: Transmit, now: Instant) {
    let passage = self.carry(datagram.count, isV4: path.destination.ip.isV4, now: now)
    if let arrival = passage.first { self.insert(datagram, on: path, arrival: arrival, damage: passage.damage) }
    if let arrival = passage.second { self.insert(datagram, on: path, arrival: arrival, damage: nil) }
  }

  private mutating func insert(_ datagram: Span<UInt8>, on path: Transmit, arrival: Instant, damage: UInt64?) {
    self.count += 1
    var flight = Flight(arrival: arrival, number: self.count, bytes: arrayCopy(datagram), path: path)
    if let damage { flipBit(damage, of: &flight.bytes) }
    var index = self.flights.count
    while index > 0, self.flights[index - 1].arrival < arrival
      || self.flights[index - 1].arrival == arrival && self.flights[index - 1].number < flight.number
    {
      index -= 1
    }
    self.flights.insert(flight, at: index)
  }

  public var nextArrival: Instant? { self.flights.last?.arrival }

  /// The next datagram that has arrived by `now`.
  mutating func receive(now: Instant) -> Flight? {
    guard let flight = self.flights.last, flight.arrival <= now else { return nil }
    self.flights.removeLast()
    return flight
  }

  /// Decides about a datagram of `size` bytes that enters the link.
  mutating func carry(_ size: Int, isV4: Bool, now: Instant) -> Passage {
    var passage = Passage()
    let size = UInt64(size) &+ (isV4 ? 28 : 48)
    let limit = UInt64(self.condition.maximumTransmissionUnit)
    guard !self.condition.isDown, limit == 0 || size <= limit, let sent = self.enqueue(size, now: now),
      !self.happens(self.condition.scatteredLoss), !self.isLost()
    else {
      self.lost += 1
      return passage
    }
    let isDoubled = self.happens(self.condition.duplication)
    passage.first = self.arrival(sentAt: sent)
    if isDoubled { passage.second = self.arrival(sentAt: sent) }
    if self.happens(self.condition.corruption) { passage.damage = self.random.next() }
    return passage
  }

  /// When the last bit of a packet leaves the queue; nil: it found no room there.
  private mutating func enqueue(_ size: UInt64, now: Instant) -> Instant? {
    let rate = self.condition.rate
    guard rate > 0 else { return now }
    // In microseconds, so that an hour's wait at a gigabit fits.
    let (bits, overflow) = ((self.busyUntil - now).nanoseconds / 1_000).multipliedReportingOverflow(by: rate)
    guard !overflow, bits / 8_000_000 <= UInt64(self.condition.queue) else { return nil }
    self.busyUntil = max(self.busyUntil, now) + Interval(nanoseconds: size &* 8_000_000_000 / rate)
    return self.busyUntil
  }

  private mutating func arrival(sentAt sent: Instant) -> Instant {
    var arrival = sent + self.condition.delay
    if self.condition.jitter > .zero {
      arrival = arrival + Interval(nanoseconds: self.random.next() % self.condition.jitter.nanoseconds)
    }
    if self.happens(self.condition.reordering) { return arrival + self.condition.reorderingDelay }
    if self.condition.keepsOrder { arrival = max(arrival, self.lastArrival) }
    self.lastArrival = max(arrival, self.lastArrival)
    return arrival
  }

  /// Gilbert's chain: with a mean burst of B and a share p of losses it leaves the bad state with 1/B and enters it with
  /// p / (B (1 - p)).
  private mutating func isLost() -> Bool {
    let loss = UInt64(min(self.condition.loss, 1_000_000))
    guard self.condition.meanBurst > 1, loss < 1_000_000 else { return self.happens(self.condition.loss) }
    let burst = UInt64(self.condition.meanBurst)
    if self.isBursting {
      self.isBursting = !self.happens(UInt32(1_000_000 / burst))
    } else {
      self.isBursting = self.happens(UInt32(min(1_000_000, loss * 1_000_000 / (burst * (1_000_000 - loss)))))
    }
    return self.isBursting
  }

  private mutating func happens(_ partsPerMillion: UInt32) -> Bool {
    partsPerMillion > 0 && self.random.next(below: 1_000_000) < partsPerMillion
  }
}

/// Flips one bit, whose place `number` says; nothing where there are no bytes.
func flipBit(_ number: UInt64, of bytes: inout [UInt8]) {
  guard !bytes.isEmpty else { return }
  bytes[Int(number / 8 % UInt64(bytes.count))] ^= 1 &<< UInt8(number & 7)
}
