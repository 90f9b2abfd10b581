import Cryptography
import DTLS
import Testing
import Time

/// A client and a server on a virtual clock, with a network between them that loses, repeats and reorders.
final class World {
  let client: Endpoint
  let server: Endpoint
  var now = Instant.zero + .seconds(1)
  private var random: SeededRandom
  private let lossPercent: UInt32
  private let duplicatePercent: UInt32
  private let delay: Interval
  private let jitter: Interval
  private var inFlight: [(arrival: Instant, toServer: Bool, bytes: [UInt8])] = []
  /// Every datagram sent, in order, for comparisons.
  private(set) var log: [[UInt8]] = []

  init(
    seed: UInt64, loss: UInt32 = 0, duplicates: UInt32 = 0, delay: Interval = .milliseconds(10), jitter: Interval = .zero,
    client: (inout Connection.Configuration) -> Void = { _ in },
    server: (inout Connection.Configuration) -> Void = { _ in }
  ) {
    self.client = Endpoint(.client, seed: seed, client)
    self.server = Endpoint(.server, seed: seed, server)
    self.random = SeededRandom(seed: .init(seed &+ 1000))
    self.lossPercent = loss
    self.duplicatePercent = duplicates
    self.delay = delay
    self.jitter = jitter
    self.client.connection.setRemoteFingerprints([bob.fingerprint], now: self.now)
    self.server.connection.setRemoteFingerprints([alice.fingerprint], now: self.now)
  }

  func send(_ bytes: [UInt8], toServer: Bool) {
    self.log.append(bytes)
    let copies = self.random.next(below: 100) < self.duplicatePercent ? 2 : 1
    for _ in 0..<copies where self.random.next(below: 100) >= self.lossPercent {
      let extra = UInt64(self.random.next(below: 1000)) * self.jitter.nanoseconds / 1000
      self.inFlight.append((self.now + self.delay + Interval(nanoseconds: extra), toServer, bytes))
    }
  }

  /// Until both are connected or have ended, or `limit` has passed; false in the latter case.
  @discardableResult
  func run(for limit: Interval = .seconds(60), until condition: (World) -> Bool) -> Bool {
    let end = self.now + limit
    while true {
      for datagram in self.client.transmit() { self.send(datagram, toServer: true) }
      for datagram in self.server.transmit() { self.send(datagram, toServer: false) }
      if condition(self) { return true }
      var next = end
      for packet in self.inFlight { next = min(next, packet.arrival) }
      for deadline in [self.client.nextDeadline, self.server.nextDeadline] {
        if let deadline { next = min(next, deadline) }
      }
      guard next < end else { return false }
      self.now = max(self.now, next)
      var rest: [(arrival: Instant, toServer: Bool, bytes: [UInt8])] = []
      var due: [(arrival: Instant, toServer: Bool, bytes: [UInt8])] = []
      for packet in self.inFlight { if packet.arrival <= self.now { due.append(packet) } else { rest.append(packet) } }
      self.inFlight = rest
      for packet in due { (packet.toServer ? self.server : self.client).receive(packet.bytes, now: self.now) }
      for endpoint in [self.client, self.server] {
        endpoint.connection.advance(to: self.now)
        endpoint.pollEvents()
        if let deadline = endpoint.nextDeadline { precondition(deadline > self.now, "a hot loop") }
      }
    }
  }

  var bothConnected: Bool { self.client.isConnected && self.server.isConnected }
}

@Suite struct LossyNetworkTests {
  @Test(arguments: [UInt32(0), 10, 30], [1200, 200])
  func `both connect through loss, duplication and reordering`(loss: UInt32, mtu: Int) throws {
    for seed in 1...12 as ClosedRange<UInt64> {
      let world = World(
        seed: seed, loss: loss, duplicates: 20, jitter: .milliseconds(30),
        client: {
          $0.maximumTransmissionUnit = mtu
          $0.handshakeTimeout = .seconds(60)
        },
        server: {
          $0.maximumTransmissionUnit = mtu
          $0.requiresCookie = seed % 2 == 0
          $0.handshakeTimeout = .seconds(60)
        })
      world.client.connection.start(now: world.now)
      let connected = world.run { $0.bothConnected }
      #expect(connected, "seed \(seed): \(world.client.events) \(world.server.events)")
      #expect(try world.client.export() == world.server.export())
      #expect(world.client.statistics.forgedRecords == 0 && world.server.statistics.forgedRecords == 0)
      #expect(world.client.statistics.malformedRecords == 0 && world.server.statistics.malformedRecords == 0)
    }
  }

  @Test func `the same seed gives the same bytes, another seed others`() {
    func log(_ seed: UInt64) -> [[UInt8]] {
      let world = World(seed: seed, loss: 20, duplicates: 20, jitter: .milliseconds(30))
      world.client.connection.start(now: world.now)
      world.run { $0.bothConnected }
      return world.log
    }
    #expect(log(7) == log(7))
    #expect(log(7) != log(8))
  }

  @Test func `an unanswered hello is repeated at doubling intervals until the handshake times out`() {
    let client = Endpoint(.client) { $0.handshakeTimeout = .seconds(5) }
    client.connection.start(now: .zero)
    var sizes = [client.transmit().count]
    var times: [UInt64] = []
    var now = Instant.zero
    while let deadline = client.nextDeadline {
      now = deadline
      times.append(deadline.nanoseconds / 1_000_000)
      client.connection.advance(to: now)
      sizes.append(client.transmit().count)
      client.pollEvents()
    }
    #expect(times == [100, 300, 700, 1500, 3100, 5000])
    #expect(sizes == [1, 1, 1, 1, 1, 1, 0])
    #expect(client.events == [.failed(.timedOut)])
    #expect(client.phase == .failed)
  }

  @Test func `a retransmission has fresh record numbers and the same message`() throws {
    let client = Endpoint(.client)
    client.connection.start(now: .zero)
    let first = try #require(client.transmitOne())
    client.connection.advance(to: .zero + .milliseconds(100))
    let second = try #require(client.transmitOne())
    #expect(first[10] == 0 && second[10] == 1)
    #expect(first[13...] == second[13...])
  }

  @Test func `the timeout stays long after a loss, and falls back after a flight without one`() {
    let world = World(seed: 1)
    world.client.connection.start(now: world.now)
    _ = world.client.transmit()  // lost
    let start = world.now
    world.now = start + .milliseconds(100)
    world.client.connection.advance(to: world.now)
    #expect(world.client.nextDeadline == start + .milliseconds(300))
    world.run { $0.client.nextDeadline != start + .milliseconds(300) }  // the server's flight was answered
    #expect(world.client.nextDeadline == world.now + .milliseconds(200))
  }

  @Test func `a lost last flight is answered again each time the client repeats its own, once`() throws {
    var pair = Pair()
    pair.client.connection.start(now: pair.now)
    for datagram in pair.client.transmit() { pair.server.receive(datagram, now: pair.now) }
    for datagram in pair.server.transmit() { pair.client.receive(datagram, now: pair.now) }
    for datagram in pair.client.transmit() { pair.server.receive(datagram, now: pair.now) }
    #expect(pair.server.isConnected)
    #expect(pair.server.transmit().count == 1)  // lost
    for _ in 0..<3 {
      pair.now = try #require(pair.client.nextDeadline)
      pair.client.connection.advance(to: pair.now)
      let repeated = pair.client.transmit()
      for datagram in repeated + repeated { pair.server.receive(datagram, now: pair.now) }
      #expect(pair.server.transmit().count == 1)
    }
    #expect(pair.server.statistics.retransmittedFlights == 3)
    #expect(pair.server.events == [.connected(srtpProfile: .aeadAES128GCM)])
    pair.now = try #require(pair.client.nextDeadline)
    pair.client.connection.advance(to: pair.now)
    pair.exchange()
    #expect(pair.client.isConnected)
    #expect(try pair.client.export() == pair.server.export())
  }

  @Test func `a hello that is repeated a hundred times at once gets one flight again`() {
    let pair = Pair()
    pair.client.connection.start(now: pair.now)
    let hello = pair.client.transmit()
    for datagram in hello { pair.server.receive(datagram, now: pair.now) }
    #expect(pair.server.transmit().count == 1)
    for _ in 0..<100 {
      for datagram in hello { pair.server.receive(datagram, now: pair.now + .milliseconds(50)) }
    }
    #expect(pair.server.transmit().count == 1)
  }

  @Test func `after two timeouts flights are cut smaller`() {
    let client = Endpoint(.server)
    let hello = Endpoint(.client)
    hello.connection.start(now: .zero)
    for datagram in hello.transmit() { client.receive(datagram, now: .zero) }
    var counts: [Int] = []
    for _ in 0..<4 {
      let datagrams = client.transmit()
      counts.append(datagrams.count)
      #expect(datagrams.allSatisfy { $0.count <= (counts.count > 3 ? 548 : 1200) })
      client.connection.advance(to: client.nextDeadline!)
    }
    #expect(counts == [1, 1, 1, 2])
  }

  @Test func `the initial timeout is bounded below and may come from the path`() {
    let client = Endpoint(.client) { $0.initialTimeout = .milliseconds(1) }
    client.connection.start(now: .zero)
    #expect(client.nextDeadline == .zero + .milliseconds(50))
    let other = Endpoint(.client)
    other.connection.setInitialTimeout(.milliseconds(70))
    other.connection.start(now: .zero)
    #expect(other.nextDeadline == .zero + .milliseconds(70))
  }
}
