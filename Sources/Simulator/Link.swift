import Bytes
import Time
import WebRTC

/// One direction of a network path: delays, loses, repeats and reorders datagrams, as its seed says.
public struct Link: Sendable {
  /// Probabilities are in parts per million.
  public struct Condition: Sendable {
    public var delay = Interval.zero
    /// Added to the delay, uniformly; datagrams overtake each other.
    public var jitter = Interval.zero
    public var loss: UInt32 = 0
    /// How many datagrams in a row a loss takes on average: 1 for independent losses, more for the bursts of Gilbert's model
    /// (all are lost in its bad state, none in its good one), at the same share of losses overall.
    public var meanBurst: UInt32 = 1
    public var duplication: UInt32 = 0
    public init() {}
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
  public private(set) var lost = 0

  public init(condition: Condition, random: SeededRandom) {
    self.condition = condition
    self.random = random
  }

  public mutating func send(_ datagram: Span<UInt8>, on path: Transmit, now: Instant) {
    var copies = 1
    if self.isLost() {
      self.lost += 1
      copies = 0
    } else if self.happens(self.condition.duplication) {
      copies = 2
    }
    for _ in 0..<copies {
      var arrival = now + self.condition.delay
      if self.condition.jitter > .zero {
        arrival = arrival + Interval(nanoseconds: self.random.next() % self.condition.jitter.nanoseconds)
      }
      self.count += 1
      let flight = Flight(arrival: arrival, number: self.count, bytes: arrayCopy(datagram), path: path)
      var index = self.flights.count
      while index > 0, self.flights[index - 1].arrival < arrival
        || self.flights[index - 1].arrival == arrival && self.flights[index - 1].number < flight.number
      {
        index -= 1
      }
      self.flights.insert(flight, at: index)
    }
  }

  public var nextArrival: Instant? { self.flights.last?.arrival }

  /// The next datagram that has arrived by `now`.
  mutating func receive(now: Instant) -> Flight? {
    guard let flight = self.flights.last, flight.arrival <= now else { return nil }
    self.flights.removeLast()
    return flight
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
