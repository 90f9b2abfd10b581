import STUN
import Testing
import Time
import WebRTC

@testable import Simulator

@Suite struct LinkConditionTests {
  private static let address = TransportAddress(ip: IPAddress(10, 0, 0, 1), port: 1)
  private static let path = Transmit(source: address, destination: address)

  private func link(_ change: (inout Link.Condition) -> Void) -> Link {
    var condition = Link.Condition()
    change(&condition)
    return Link(condition: condition, random: SeededRandom(seed: .init(7)))
  }

  /// Sends `count` numbered datagrams of `size` bytes, one each `interval`, and gives what arrives, with its time.
  private func arrivals(
    _ link: inout Link, count: Int, size: Int = 4, interval: Interval = .zero
  ) -> [(number: Int, at: Instant, bytes: [UInt8])] {
    var now = Instant.zero
    var result: [(number: Int, at: Instant, bytes: [UInt8])] = []
    for i in 0..<count {
      var bytes = [UInt8](repeating: 0, count: size)
      bytes[0] = UInt8(truncatingIfNeeded: i)
      bytes[1] = UInt8(truncatingIfNeeded: i >> 8)
      link.send(bytes.span, on: Self.path, now: now)
      // Taken at once, so that nothing piles up; the order is made here.
      while let flight = link.receive(now: .distantFuture) {
        result.append((Int(flight.bytes[0]) | Int(flight.bytes[1]) << 8, flight.arrival, flight.bytes))
      }
      now = now + interval
    }
    return result.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
  }

  @Test func `a rate spaces datagrams by their size with headers`() {
    // 72 bytes and 28 of headers are 800 bits: 100 ms at 8,000 bit/s.
    var link = link { $0.rate = 8_000 }
    let arrivals = arrivals(&link, count: 5, size: 72)
    #expect(arrivals.map(\.at) == (1...5).map { Instant(nanoseconds: 100_000_000 * $0) })
  }

  @Test func `what finds no room in the queue is lost, and room comes back with time`() {
    var link = link {
      $0.rate = 8_000
      $0.queue = 250
    }
    // Each takes 100 bytes; the first begins at once, and no more than 250 bytes may be before one that joins.
    #expect(arrivals(&link, count: 10, size: 72).map(\.number) == [0, 1, 2])
    #expect(link.lost == 7)
    link.send([1, 1, 1].span, on: Self.path, now: Instant(nanoseconds: 300_000_000))
    #expect(link.nextArrival != nil)
  }

  @Test func `a datagram larger than the MTU vanishes, one that fits it exactly does not`() {
    var link = link { $0.maximumTransmissionUnit = 1_280 }
    #expect(arrivals(&link, count: 1, size: 1_252).count == 1)
    #expect(arrivals(&link, count: 1, size: 1_253).isEmpty)
  }

  @Test func `IPv6 headers are 20 bytes larger`() {
    var link = link { $0.maximumTransmissionUnit = 1_280 }
    let (fitting, larger) = (link.carry(1_232, isV4: false, now: .zero), link.carry(1_233, isV4: false, now: .zero))
    #expect(fitting.first != nil && larger.first == nil)
  }

  @Test func `a link that is down loses everything, and nothing once it is up`() {
    var link = link { $0.isDown = true }
    #expect(arrivals(&link, count: 100).isEmpty)
    link.condition.isDown = false
    #expect(arrivals(&link, count: 100).count == 100)
  }

  @Test func `corruption flips one bit of the share of datagrams that was asked for`() {
    var link = link { $0.corruption = 100_000 }
    let count = 20_000
    var damaged = 0
    for arrival in arrivals(&link, count: count, size: 8) {
      let sum = arrival.bytes[2...].reduce(0) { $0 + $1.nonzeroBitCount }
      #expect(sum <= 1)
      damaged += sum
    }
    // Two of eight bytes hold the number, where damage does not show here.
    #expect(abs(Double(damaged) / Double(count) - 0.075) < 0.01)
  }

  @Test func `what is reordered comes later, by the delay that was asked for`() {
    var link = link {
      $0.reordering = 200_000
      $0.reorderingDelay = .milliseconds(25)
      $0.delay = .milliseconds(5)
    }
    let arrivals = arrivals(&link, count: 1_000, interval: .milliseconds(10))
    let late = arrivals.filter { $0.at.nanoseconds == UInt64($0.number) * 10_000_000 + 30_000_000 }
    let punctual = arrivals.filter { $0.at.nanoseconds == UInt64($0.number) * 10_000_000 + 5_000_000 }
    #expect(late.count + punctual.count == 1_000)
    #expect(abs(late.count - 200) < 60)
    #expect(arrivals.map(\.number) != Array(0..<1_000))
  }

  @Test func `jitter reorders unless the link keeps the order`() {
    for keepsOrder in [false, true] {
      var link = link {
        $0.jitter = .milliseconds(50)
        $0.keepsOrder = keepsOrder
      }
      let numbers = arrivals(&link, count: 500, interval: .milliseconds(1)).map(\.number)
      #expect((numbers == Array(0..<500)) == keepsOrder)
    }
  }

  @Test func `scattered losses come beside those in bursts`() {
    var link = link {
      $0.loss = 50_000
      $0.meanBurst = 8
      $0.scatteredLoss = 50_000
    }
    let count = 60_000
    let share = 1 - Double(arrivals(&link, count: count, size: 2).count) / Double(count)
    #expect(abs(share - 0.0975) < 0.015)
  }

  @Test func `a duplicate comes with a delay of its own`() {
    var link = link {
      $0.duplication = 1_000_000
      $0.jitter = .milliseconds(50)
    }
    let arrivals = arrivals(&link, count: 50)
    #expect(arrivals.count == 100)
    let times = (0..<50).map { number in arrivals.filter { $0.number == number }.map(\.at) }
    #expect(times.allSatisfy { $0.count == 2 })
    #expect(times.contains { $0[0] != $0[1] })
  }
}
