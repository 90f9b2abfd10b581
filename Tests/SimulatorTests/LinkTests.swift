import STUN
import Testing
import Time
import WebRTC

@testable import Simulator

@Suite struct LinkTests {
  /// For each of many datagrams, whether it arrived.
  private func arrivals(_ condition: Link.Condition, count: Int = 200_000) -> [Bool] {
    var link = Link(condition: condition, random: SeededRandom(seed: .init(7)))
    let address = TransportAddress(ip: IPAddress(10, 0, 0, 1), port: 1)
    let path = Transmit(source: address, destination: address)
    let datagram: [UInt8] = [1]
    return (0..<count).map { _ in
      link.send(datagram.span, on: path, now: .zero)
      return link.receive(now: .zero) != nil
    }
  }

  private func meanBurst(_ arrivals: [Bool]) -> Double {
    let lost = arrivals.filter { !$0 }.count
    var bursts = 0
    for index in arrivals.indices where !arrivals[index] && (index == 0 || arrivals[index - 1]) { bursts += 1 }
    return Double(lost) / Double(bursts)
  }

  @Test func `losses come in bursts of the mean that was asked for, at the share that was asked for`() {
    var condition = Link.Condition()
    condition.loss = 50_000
    condition.meanBurst = 4
    let arrivals = arrivals(condition)
    let share = Double(arrivals.filter { !$0 }.count) / Double(arrivals.count)
    #expect(abs(share - 0.05) < 0.005)
    #expect(abs(meanBurst(arrivals) - 4) < 0.2)
  }

  @Test func `independent losses hardly ever come two in a row`() {
    var condition = Link.Condition()
    condition.loss = 50_000
    let arrivals = arrivals(condition)
    #expect(abs(meanBurst(arrivals) - 1 / 0.95) < 0.05)
  }

  @Test func `a path that loses everything lets nothing through, in bursts or not`() {
    for burst: UInt32 in [1, 4] {
      var condition = Link.Condition()
      condition.loss = 1_000_000
      condition.meanBurst = burst
      #expect(arrivals(condition, count: 100).allSatisfy { !$0 })
    }
  }
}
