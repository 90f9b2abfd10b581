import Bytes
import Testing
import Time

@testable import SCTP

/// Drops the packets with DATA whose numbers, counted from the call, are listed.
private func dropping(_ numbers: Set<Int>, toA direction: Bool = false) -> (Bool, [UInt8]) -> Bool {
  var count = -1
  return { toA, packet in
    guard toA == direction, chunkTypes(packet).contains(0) else { return false }
    count += 1
    return numbers.contains(count)
  }
}

@Test func `a single lost message is repaired by a probe after two round trips, not by a timeout`() throws {
  var world = World.connected()
  world.filter = dropping([0])
  let start = world.now
  try world.a.send([1], now: world.now)
  world.run(for: .seconds(5)) { $0.receivedByB.count == 1 }
  #expect(world.receivedByB.count == 1)
  // Two round trips of 100 ms, the margin, and one way.
  #expect(world.now - start <= .milliseconds(265))
  #expect(world.a.statistics.timeouts == 0)
  #expect(world.a.statistics.tailLossProbes == 1)
}

@Test func `a loss amid a flight is found by what follows, and costs one recovery`() throws {
  var world = World.connected()
  world.filter = dropping([2])
  let start = world.now
  try world.a.send(pattern(10_000), now: world.now)
  world.run(for: .seconds(5)) { $0.receivedByB.count == 1 }
  #expect(world.now - start == .milliseconds(150))
  #expect(world.a.statistics.fastRecoveries == 1)
  #expect(world.a.statistics.retransmissions == 1)
  #expect(world.a.statistics.timeouts == 0)
}

@Test func `reordering alone is not taken for loss for long`() throws {
  var world = World.connected()
  world.reordering = 30
  for _ in 0..<30 { try world.a.send(pattern(20_000), now: world.now) }
  world.run(for: .seconds(60)) { $0.receivedByB.count == 30 }
  #expect(world.receivedByB.count == 30)
  #expect(world.a.statistics.timeouts == 0)
  #expect(world.a.statistics.retransmissions < 60)
}

@Test func `when nothing arrives the timeout doubles, and after the last the association has failed`() throws {
  var configuration = Association.Configuration()
  configuration.maximumRetransmissions = 5
  configuration.maximumBackoff = .seconds(60)
  var world = World.connected(a: configuration)
  world.filter = { _, _ in true }
  let timeout = world.a.statistics.retransmissionTimeout
  try world.a.send([1], now: world.now)
  let start = world.now
  world.run(for: .seconds(600)) { $0.a.phase == .ended }
  #expect(world.eventsOfA == [.closed(.retransmissionsExceeded)])
  #expect(world.a.statistics.timeouts == 5)
  // Doubled five times, and a probe before them.
  #expect(world.now - start >= timeout * 63)
  #expect(world.now - start < timeout * 64)
}

@Test func `an idle path is probed, and its failure noticed`() {
  var configuration = Association.Configuration()
  configuration.maximumRetransmissions = 3
  var world = World.connected(a: configuration)
  world.run(for: .seconds(200))
  #expect(world.a.phase == .established)
  #expect(world.a.errors == 0)
  world.filter = { _, _ in true }
  world.run(for: .seconds(200)) { $0.a.phase == .ended }
  #expect(world.eventsOfA == [.closed(.retransmissionsExceeded)])
  #expect(world.b.phase == .established)
}

@Test func `a lost INIT is sent again after two known round trips, and nobody there is a timeout`() {
  var world = World()
  world.a.setInitialRoundTrip(.milliseconds(100))
  var dropped = 0
  world.filter = { toA, _ in
    if toA || dropped > 0 { return false }
    dropped += 1
    return true
  }
  world.a.connect(now: world.now)
  let start = world.now
  world.run(for: .seconds(5)) { $0.a.state == .established }
  #expect(world.now - start == .milliseconds(420))

  var impatient = Association.Configuration()
  impatient.maximumInitRetransmissions = 8
  var alone = World(a: impatient)
  alone.filter = { _, _ in true }
  alone.a.connect(now: alone.now)
  alone.run(for: .seconds(2000))
  #expect(alone.eventsOfA == [.closed(.connectTimeout)])
  #expect(alone.sent == 9)
}

@Test func `a lost COOKIE ACK does not hold up data`() throws {
  var world = World()
  world.filter = { toA, packet in toA && chunkTypes(packet).contains(11) }
  world.a.setInitialRoundTrip(.milliseconds(100))
  world.a.connect(now: world.now)
  world.run(for: .seconds(1)) { $0.b.state == .established }
  try world.b.send([1], now: world.now)
  world.run(for: .milliseconds(60))
  #expect(world.a.state == .established || world.receivedByA.isEmpty)
  world.run(for: .seconds(3)) { $0.receivedByA.count == 1 }
  #expect(world.receivedByA.count == 1)
}

@Test func `every second packet is acknowledged at once, a single one soon, an oddity at once`() {
  let world = World.connected()
  let tag = world.b.localTag
  let tsn = world.b.inbox.tsns.cumulative &+ 1
  var b = world.b
  let first = b.answers(to: Craft.packet(tag: tag, Craft.data(tsn: tsn, [1])), now: world.now)
  #expect(first.isEmpty)
  #expect(b.nextDeadline == world.now + .milliseconds(50))
  var waited = b
  waited.advance(to: world.now + .milliseconds(50))
  var buffer = [UInt8](repeating: 0, count: 2048)
  let late = poll(&waited, &buffer)
  #expect(late.map(chunkTypes) == [3])
  let second = b.answers(to: Craft.packet(tag: tag, Craft.data(tsn: tsn &+ 1, sequence: 1, [1])), now: world.now)
  #expect(second.map(chunkTypes) == [[3]])
  let gap = b.answers(to: Craft.packet(tag: tag, Craft.data(tsn: tsn &+ 3, sequence: 3, [1])), now: world.now)
  #expect(gap.map(chunkTypes) == [[3]])
  let value = gap.first.flatMap { chunkValue(3, in: $0) } ?? []
  #expect(value.suffix(8) == [0, 1, 0, 0, 0, 2, 0, 2])
  let duplicate = b.answers(to: Craft.packet(tag: tag, Craft.data(tsn: tsn, [1])), now: world.now)
  let report = duplicate.first.flatMap { chunkValue(3, in: $0) } ?? []
  #expect(report.suffix(12) == [0, 1, 0, 1, 0, 2, 0, 2] + be(tsn))
  var immediate = world.b
  let answer = immediate.answers(to: Craft.packet(tag: tag, Craft.data(tsn: tsn, flags: 0x0B, [1])), now: world.now)
  #expect(answer.map(chunkTypes) == [[3]])
}

@Test func `messages not pulled close the window, pulling opens it, and memory stays bounded`() throws {
  var small = Association.Configuration()
  small.receiveWindow = 20_000
  small.maximumMessageSize = 8000
  var world = World.connected(b: small)
  world.pullsB = false
  for i in 0..<50 { try world.a.send(pattern(2000, i), on: UInt16(i % 3), ppid: UInt32(i), now: world.now) }
  world.run(for: .seconds(100))
  #expect(world.a.phase == .established)
  #expect(world.b.statistics.localReceiveWindow == 0)
  #expect(world.a.outbox.queue.unsentBytes > 70_000)
  world.pullsB = true
  let start = world.now
  world.run(for: .seconds(60)) { $0.receivedByB.count == 50 }
  #expect(world.receivedByB.count == 50)
  #expect(Set(world.receivedByB.map(\.protocolIdentifier)).count == 50)
  #expect(world.now - start < .seconds(5))
}

@Test func `a flood of tiny messages is charged for the memory that it takes`() throws {
  var small = Association.Configuration()
  small.receiveWindow = 20_000
  small.maximumMessageSize = 8000
  var world = World.connected(b: small)
  world.pullsB = false
  for i in 0..<3000 { try world.a.send([UInt8(i & 255)], now: world.now) }
  world.run(for: .seconds(30))
  #expect(world.b.phase == .established)
  #expect(world.a.phase == .established)
  world.pullsB = true
  world.run(for: .seconds(600)) { $0.receivedByB.count == 3000 }
  #expect(world.receivedByB.map { $0.bytes[0] } == (0..<3000).map { UInt8($0 & 255) })
}

@Test func `the send buffer takes what it was configured for and no more`() throws {
  var small = Association.Configuration()
  small.sendBufferLimit = 10_000
  var world = World(a: small)
  #expect(throws: Association.SendError.messageTooLarge) { try world.a.send(pattern(10_001), now: world.now) }
  #expect(throws: Association.SendError.messageEmpty) { try world.a.send([], now: world.now) }
  #expect(throws: Association.SendError.noSuchStream) { try world.a.send([1], on: 65_535, now: world.now) }
  for _ in 0..<5 { try world.a.send(pattern(1920), now: world.now) }
  #expect(throws: Association.SendError.wouldBlock) { try world.a.send(pattern(1920), now: world.now) }
  #expect(world.a.bufferedAmount(stream: 0) == 9600)
  world.a.connect(now: world.now)
  world.run(for: .seconds(3)) { $0.receivedByB.count == 5 }
  world.run(for: .seconds(1))
  #expect(world.a.sendBufferFree == 10_000)
}

@Test func `a fork made amid a transfer goes on byte for byte as the original`() throws {
  var world = World(seed: 3)
  world.loss = 10
  world.reordering = 20
  world.a.connect(now: world.now)
  for i in 0..<20 { try world.a.send(pattern(9000, i), on: UInt16(i % 4), now: world.now) }
  world.run(for: .milliseconds(700))
  var fork = world
  world.isTracing = true
  fork.isTracing = true
  world.run(for: .seconds(60)) { $0.receivedByB.count == 20 }
  fork.run(for: .seconds(60)) { $0.receivedByB.count == 20 }
  #expect(world.receivedByB.count == 20)
  #expect(world.trace == fork.trace)
  #expect(world.receivedByB == fork.receivedByB)
  #expect(world.a.statistics == fork.a.statistics)
}

@Test func `the same seed gives the same bytes`() throws {
  func run() throws -> [[UInt8]] {
    var world = World(seed: 11)
    world.isTracing = true
    world.loss = 10
    world.a.connect(now: world.now)
    world.b.connect(now: world.now)
    for i in 0..<10 { try world.a.send(pattern(9000, i), now: world.now) }
    world.run(for: .seconds(20))
    return world.trace
  }
  let first = try run()
  let second = try run()
  #expect(first == second)
  #expect(first.count > 50)
}

@Test func `a peer that lost its state begins anew on the old association`() throws {
  var world = World.connected(seed: 4)
  try world.b.send(pattern(100), now: world.now)
  world.run(for: .seconds(1))
  world.a = try Association(configuration: .init(), random: SeededRandom(seed: .init(999)), now: world.now)
  world.a.connect(now: world.now)
  world.run(for: .seconds(5)) { $0.a.state == .established }
  world.run(for: .seconds(1))
  #expect(world.eventsOfB.contains(.restarted))
  #expect(world.b.phase == .established)
  world.receivedByB = []
  try world.a.send([5], now: world.now)
  try world.b.send([6], now: world.now)
  world.run(for: .seconds(1))
  #expect(world.receivedByB.map(\.bytes) == [[5]])
  #expect(world.receivedByA.last?.bytes == [6])
}

@Test func `abort reaches the peer, and both are done`() {
  var world = World.connected()
  world.a.abort(now: world.now)
  world.run(for: .seconds(1))
  #expect(world.eventsOfA == [.closed(.abortedLocally)])
  #expect(world.eventsOfB == [.closed(.abortedByPeer(cause: 12))])
  #expect(world.a.nextDeadline == nil && world.b.nextDeadline == nil)
}
