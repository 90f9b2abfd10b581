import STUN
import Testing
import Time
import WebRTC

@testable import Simulator

@Suite struct WorldQueueTests {
  @Test func `deadlines come in their order, however they were changed`() {
    var heap = DeadlineHeap()
    var plain: [Instant] = []
    for _ in 0..<40 {
      heap.append()
      plain.append(.distantFuture)
    }
    var random = SeededRandom(seed: .init(1))
    for _ in 0..<20_000 {
      let machine = Int(random.next(below: 40))
      let deadline = random.next(below: 4) == 0 ? nil : Instant(nanoseconds: UInt64(random.next(below: 50)))
      heap.set(machine, at: deadline)
      plain[machine] = deadline ?? .distantFuture
      let next = plain.min() ?? .distantFuture
      let expected: Instant? = next == .distantFuture ? nil : next
      guard heap.next == expected else {
        Issue.record("the first deadline is \(String(describing: heap.next)), not \(next)")
        return
      }
      let first = heap.first(by: Instant(nanoseconds: 25))
      guard first == (next <= Instant(nanoseconds: 25) ? plain.firstIndex(of: next) : nil) else {
        Issue.record("the first machine is \(String(describing: first))")
        return
      }
    }
  }

  @Test func `flights arrive by time, and at one time in the order of their sending`() {
    var queue = FlightQueue()
    var random = SeededRandom(seed: .init(2))
    var sent: [(arrival: UInt64, number: UInt16)] = []
    var received: [(arrival: UInt64, number: UInt16)] = []
    let nowhere = TransportAddress(ip: .anyV6, port: 0)
    var bytes: [UInt8] = []
    var now: UInt64 = 0
    for number in 0..<5_000 {
      let arrival = now + UInt64(random.next(below: 20))
      let datagram = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number % 50)
      queue.append(
        arrival: Instant(nanoseconds: arrival), stage: .network(0), source: nowhere,
        destination: TransportAddress(ip: .anyV6, port: UInt16(number)), origin: 0, datagram.span)
      sent.append((arrival, UInt16(number)))
      guard random.next(below: 3) == 0 else { continue }
      now += UInt64(random.next(below: 8))
      while let flight = queue.popFirst(now: Instant(nanoseconds: now), bytes: &bytes) {
        let number = Int(flight.destination.port)
        received.append((sent[number].arrival, UInt16(number)))
        #expect(bytes == [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number % 50))
      }
    }
    #expect(received.count > 3_000)
    #expect(queue.count == 5_000 - received.count)
    let sorted = sent.sorted { ($0.arrival, $0.number) < ($1.arrival, $1.number) }
    #expect(received.map(\.number) == sorted.prefix(received.count).map(\.number))
  }

  @Test func `two connected peers with nothing to do wake less than twice a second`() throws {
    let (couple, _) = try Couple.connected()
    couple.world.run(for: .seconds(30))
    let end = couple.world.now + .seconds(1_000)
    var steps = 0
    while let next = couple.world.nextInstant, next <= end {
      couple.world.step()
      steps += 1
    }
    #expect(steps < 2_000)
    #expect(couple.world.isConnected(couple.peers))
  }

  @Test func `a chain of NATs without end is left`() throws {
    let world = World(seed: 1)
    var nat: NATID?
    for i in 0..<12 { nat = try world.addNAT(.fullCone, addresses: [IPAddress(10, 0, UInt8(i), 1)], behind: nat) }
    let host = try world.addHost(IPAddress(192, 168, 0, 2), behind: nat)
    let socket = try world.openSocket(on: host, at: IPAddress(192, 168, 0, 2))
    world.send([1].span, from: socket, to: TransportAddress(ip: IPAddress(198, 51, 100, 1), port: 1))
    world.run(for: .seconds(1))
    #expect(world.statistics.unroutable == 1)
  }

  @Test func `mistakes of the owner are errors, and change nothing`() throws {
    let world = World(seed: 1)
    let ip = IPAddress(198, 51, 100, 1)
    let host = try world.addHost(ip)
    #expect(throws: WorldError.addressInUse) { try world.addHost(IPAddress(198, 51, 100, 2), ip) }
    #expect(throws: WorldError.addressInUse) { try world.addHost(IPAddress(198, 51, 100, 2), IPAddress(198, 51, 100, 2)) }
    #expect(world.hostCount == 1)
    #expect(throws: WorldError.addressInUse) { try world.addAddress(ip, to: host) }
    #expect(throws: WorldError.configuration) { try world.addNAT(.fullCone, addresses: []) }
    #expect(throws: WorldError.noSuchAddress) { try world.openSocket(on: host, at: IPAddress(1, 1, 1, 1)) }
    _ = try world.openSocket(on: host, at: ip, port: 5)
    #expect(throws: WorldError.portInUse) { try world.openSocket(on: host, at: ip, port: 5) }
    #expect(throws: WorldError.portInUse) { try world.addSTUNServer(on: host, at: ip, port: 5) }
    var configuration = PeerConnection.Configuration()
    configuration.ice.maximumPairs = 0
    #expect(throws: World.AddPeerError.peer(.configuration)) {
      try world.addPeer(on: host, configuration: configuration, identity: worldIdentities.0)
    }
    #expect(throws: World.AddPeerError.world(.portInUse)) {
      try world.addPeer(on: host, identity: worldIdentities.0, port: 5)
    }
    #expect(world.peerCount == 0)
  }
}
