import Bytes
import Testing
import Time

@testable import SCTP

@Test func `through an outage maxRetransmits 0 gives up, keeps its queue bounded, and goes on after it`() throws {
  var configuration = Association.Configuration()
  configuration.sendBufferLimit = 100_000
  var world = World.connected(a: configuration)
  let options = Association.SendOptions(ordered: false, reliability: .maxRetransmits(0))
  var accepted = 0
  var isDown = false
  world.filter = { _, _ in false }
  for i in 0..<200 {
    if i == 50 { isDown = true }
    if i == 150 { isDown = false }
    let down = isDown
    world.filter = { _, _ in down }
    if (try? world.a.send(pattern(1000, i), ppid: UInt32(i), options, now: world.now)) != nil { accepted += 1 }
    #expect(world.a.sendBufferFree >= 0)
    world.run(for: .milliseconds(50))
  }
  world.run(for: .seconds(120))
  #expect(world.a.phase == .established)
  #expect(world.a.outbox.isDrained)
  #expect(world.a.sendBufferFree == 100_000)
  #expect(world.a.statistics.retransmissions == 0)
  #expect(UInt64(accepted) == UInt64(world.receivedByB.count) + world.a.statistics.abandoned)
  #expect(world.receivedByB.count >= 50)
  // Three seconds at most after the path is back.
  #expect(world.receivedByB.contains { $0.protocolIdentifier >= 150 })
}

@Test(arguments: [true, false]) func `what is given up is skipped and the rest is delivered in order`(ordered: Bool) throws {
  for seed in 0..<20 {
    var world = World.connected(seed: UInt64(seed))
    world.loss = 20
    for i in 0..<40 {
      try world.a.send(
        pattern(2500, i), on: UInt16(i % 2), ppid: UInt32(i), .init(ordered: ordered, reliability: .maxRetransmits(1)),
        now: world.now)
      world.run(for: .milliseconds(20))
    }
    world.loss = 0
    try world.a.send([1], on: 0, ppid: 100, now: world.now)
    world.run(for: .seconds(60)) { $0.a.outbox.isDrained && $0.receivedByB.contains { $0.protocolIdentifier == 100 } }
    #expect(world.a.outbox.isDrained)
    #expect(UInt64(world.receivedByB.count) + world.a.statistics.abandoned >= 41)
    for stream in 0..<2 where ordered {
      let order = world.receivedByB.filter { $0.stream == stream }.map(\.protocolIdentifier)
      #expect(order == order.sorted())
    }
    for message in world.receivedByB where message.protocolIdentifier < 100 {
      #expect(message.bytes == pattern(2500, Int(message.protocolIdentifier)))
    }
    #expect(world.b.phase == .established)
  }
}

@Test func `a message whose lifetime ends unsent is dropped, and its bytes leave the buffer`() throws {
  var world = World.connected()
  world.filter = { _, _ in true }
  // The first fills the window; the second never gets out.
  try world.a.send(pattern(100_000), now: world.now)
  try world.a.send(pattern(1000), on: 1, .init(reliability: .maxLifetime(.milliseconds(200))), now: world.now)
  world.run(for: .milliseconds(150))
  #expect(world.a.bufferedAmount(stream: 1) == 1000)
  world.run(for: .milliseconds(60))
  #expect(world.a.bufferedAmount(stream: 1) == 0)
  #expect(world.a.statistics.abandoned == 1)
  world.filter = { _, _ in false }
  world.run(for: .seconds(30)) { $0.receivedByB.count == 1 }
  try world.a.send([7], on: 1, now: world.now)
  world.run(for: .seconds(5))
  #expect(world.receivedByB.map(\.bytes.count) == [100_000, 1])
}

@Test func `a message whose lifetime ends half sent is skipped as a whole`() throws {
  for seed in 0..<10 {
    var world = World.connected(seed: UInt64(seed))
    try world.a.send(
      pattern(200_000), on: 1, ppid: 1, .init(reliability: .maxLifetime(.milliseconds(120))), now: world.now)
    try world.a.send(pattern(3000), on: 1, ppid: 2, now: world.now)
    world.run(for: .seconds(20)) { $0.a.outbox.isDrained }
    #expect(world.receivedByB.map(\.protocolIdentifier) == [2])
    #expect(world.a.statistics.abandoned == 1)
    #expect(world.b.phase == .established)
    #expect(world.a.outbox.isDrained)
  }
}

@Test func `a FORWARD TSN far ahead, behind, or naming streams at random is survived`() {
  let world = World.connected()
  let tag = world.b.localTag
  let cumulative = world.b.inbox.tsns.cumulative
  for distance in [UInt32(0), 1, 2, 100, 70_000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF] {
    var fork = world.b
    fork.receive(Craft.packet(tag: tag, Craft.data(tsn: cumulative &+ 2, flags: 2, [1])).span, now: world.now)
    fork.receive(Craft.packet(tag: tag, Craft.forwardTSN(cumulative &+ distance, [(0, 5), (9, 0xFFFF)])).span, now: world.now)
    #expect(fork.phase == .established)
    let expected = distance > 0 && distance < 0x8000_0000 ? cumulative &+ max(distance, distance == 1 ? 2 : 0) : cumulative
    #expect(fork.inbox.tsns.cumulative == expected)
  }
}

@Test func `a peer without FORWARD TSN gets everything`() throws {
  var world = World.connected()
  world.a.outbox.supportsForwardTSN = false
  world.loss = 20
  for i in 0..<10 { try world.a.send(pattern(1000, i), .init(reliability: .maxRetransmits(0)), now: world.now) }
  world.run(for: .seconds(60)) { $0.receivedByB.count == 10 }
  #expect(world.receivedByB.count == 10)
}
