import Bytes
import Testing
import Time

@testable import SCTP

@Test func `one side connects and both are up after two round trips`() {
  var world = World()
  world.a.connect(now: world.now)
  let start = world.now
  let up = world.run(for: .seconds(1)) { $0.a.state == .established && $0.b.state == .established }
  #expect(up)
  #expect(world.now - start == .milliseconds(200))
  #expect(world.eventsOfA == [.connected])
  #expect(world.eventsOfB == [.connected])
}

@Test func `both sides connect at once and agree on one association`() {
  var world = World()
  world.a.connect(now: world.now)
  world.b.connect(now: world.now)
  let up = world.run(for: .seconds(1)) { $0.a.state == .established && $0.b.state == .established }
  #expect(up)
  world.run(for: .seconds(1))
  #expect(world.eventsOfA == [.connected])
  #expect(world.eventsOfB == [.connected])
  #expect(world.a.peer.tag == world.b.localTag)
  #expect(world.b.peer.tag == world.a.localTag)
}

@Test func `messages of every size arrive whole, in order, in both directions`() throws {
  var world = World.connected()
  let sizes = [1, 2, 3, 4, 127, 128, 129, 1151, 1152, 1153, 1156, 2304, 5000, 65_536, 262_144]
  for (i, size) in sizes.enumerated() {
    try world.a.send(pattern(size, i), on: 7, ppid: UInt32(i), now: world.now)
    try world.b.send(pattern(size, i + 100), on: 7, ppid: UInt32(i), now: world.now)
  }
  world.run(for: .seconds(20)) { $0.receivedByB.count == sizes.count && $0.receivedByA.count == sizes.count }
  #expect(world.receivedByB.map(\.bytes.count) == sizes)
  #expect(world.receivedByA.map(\.bytes.count) == sizes)
  for (i, size) in sizes.enumerated() {
    #expect(world.receivedByB[i] == .init(stream: 7, protocolIdentifier: UInt32(i), bytes: pattern(size, i)))
    #expect(world.receivedByA[i] == .init(stream: 7, protocolIdentifier: UInt32(i), bytes: pattern(size, i + 100)))
  }
  #expect(world.a.statistics.retransmissions == 0)
  #expect(world.a.bufferedAmount(stream: 7) == 0)
  #expect(world.idleAdvances == 0)
}

@Test func `data queued before the handshake rides with the cookie`() throws {
  var world = World()
  try world.a.send([1, 2, 3], now: world.now)
  world.a.connect(now: world.now)
  let start = world.now
  world.run(for: .seconds(1)) { $0.receivedByB.count == 1 }
  #expect(world.receivedByB.first?.bytes == [1, 2, 3])
  #expect(world.now - start == .milliseconds(150))
}

@Test func `shutdown delivers everything accepted before it, then closes both sides`() throws {
  var world = World.connected()
  for i in 0..<20 { try world.a.send(pattern(20_000, i), on: UInt16(i), now: world.now) }
  world.a.shutdown(now: world.now)
  #expect(throws: Association.SendError.closed) { try world.a.send([1], now: world.now) }
  world.run(for: .seconds(20)) { $0.a.phase == .ended && $0.b.phase == .ended }
  #expect(world.receivedByB.count == 20)
  #expect(world.eventsOfA == [.closed(.shutdown)])
  #expect(world.eventsOfB == [.closed(.shutdown)])
  #expect(world.a.nextDeadline == nil)
  #expect(world.b.nextDeadline == nil)
}
