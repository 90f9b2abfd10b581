import Bytes
import Testing
import Time

@testable import SCTP

@Test func `a reset waits for what was sent, blocks the stream, and frees it once answered`() throws {
  var world = World.connected()
  try world.a.send(pattern(50_000), on: 3, now: world.now)
  world.a.resetStream(3, now: world.now)
  #expect(throws: Association.SendError.streamResetting) { try world.a.send([1], on: 3, now: world.now) }
  world.run(for: .seconds(10)) { $0.eventsOfA.count == 1 }
  #expect(world.eventsOfA == [.outgoingStreamReset(stream: 3, accepted: true)])
  #expect(world.eventsOfB == [.incomingStreamReset(stream: 3)])
  #expect(world.receivedByB.count == 1)
  try world.a.send([9], on: 3, now: world.now)
  world.run(for: .seconds(1))
  #expect(world.receivedByB.last?.bytes == [9])
}

@Test(arguments: 0..<20) func `resets of many streams succeed under loss, in both directions at once`(seed: Int) throws {
  var world = World.connected(seed: UInt64(seed))
  world.loss = 15
  world.reordering = 30
  for stream in 0..<30 {
    try world.a.send(pattern(300), on: UInt16(stream), now: world.now)
    try world.b.send(pattern(300), on: UInt16(stream), now: world.now)
    world.a.resetStream(UInt16(stream), now: world.now)
    world.b.resetStream(UInt16(stream), now: world.now)
    world.run(for: .milliseconds(10))
  }
  world.run(for: .seconds(100)) { $0.eventsOfA.count == 60 && $0.eventsOfB.count == 60 }
  for events in [world.eventsOfA, world.eventsOfB] {
    for stream in 0..<30 {
      #expect(events.contains(.outgoingStreamReset(stream: UInt16(stream), accepted: true)))
      #expect(events.contains(.incomingStreamReset(stream: UInt16(stream))))
    }
    #expect(events.count == 60)
  }
  #expect(world.receivedByA.count == 30 && world.receivedByB.count == 30)
}

@Test func `a reset that names data not yet here is in progress until it comes`() throws {
  var world = World.connected()
  let tag = world.b.localTag
  let tsn = world.b.inbox.tsns.cumulative &+ 1
  let request = Craft.resetRequest(sequence: world.b.resets.nextIncoming, lastTSN: tsn, streams: [5])
  func results(_ packets: [[UInt8]]) -> [UInt32] {
    packets.compactMap { chunkValue(130, in: $0) }.map { $0[8..<12].reduce(0) { $0 << 8 | UInt32($1) } }
  }
  let first = world.b.answers(to: Craft.packet(tag: tag, request), now: world.now)
  #expect(results(first) == [6])
  let repeated = world.b.answers(to: Craft.packet(tag: tag, request), now: world.now)
  #expect(results(repeated) == [6])
  let done = world.b.answers(to: Craft.packet(tag: tag, Craft.data(tsn: tsn, stream: 5, [1])), now: world.now)
  #expect(results(done) == [1])
  // The event comes behind the message that came before it.
  #expect(world.b.pollEvent() == nil)
  #expect(world.b.nextMessageSize == 1)
  let message = pull(&world.b)
  #expect(message?.stream == 5)
  let event = world.b.pollEvent()
  #expect(event == .incomingStreamReset(stream: 5))
  let again = world.b.answers(to: Craft.packet(tag: tag, request), now: world.now)
  #expect(results(again) == [1])
  let after = world.b.pollEvent()
  #expect(after == nil)
  // The next one waits as well, however often it is asked, and whatever became of the one before.
  let next = Craft.packet(
    tag: tag, Craft.resetRequest(sequence: world.b.resets.nextIncoming, lastTSN: tsn &+ 1, streams: [5]))
  let waiting = world.b.answers(to: next, now: world.now)
  #expect(results(waiting) == [6])
  let waitingStill = world.b.answers(to: next, now: world.now)
  #expect(results(waitingStill) == [6])
  let bad = world.b.answers(
    to: Craft.packet(tag: tag, Craft.resetRequest(sequence: world.b.resets.nextIncoming &+ 5, lastTSN: tsn, streams: [5])),
    now: world.now)
  #expect(results(bad) == [5])
}

@Test func `resets that nobody fetches are bounded`() {
  var configuration = Association.Configuration()
  configuration.maximumPendingResets = 10
  var world = World.connected(b: configuration)
  let tag = world.b.localTag
  let last = world.b.inbox.tsns.cumulative
  for i in 0..<100 {
    let request = Craft.resetRequest(
      sequence: world.b.resets.nextIncoming, lastTSN: last, streams: [UInt16(i * 2), UInt16(i * 2 + 1)])
    _ = world.b.answers(to: Craft.packet(tag: tag, request), now: world.now)
  }
  #expect(world.b.inbox.streams.pendingResets == 10)
  var events = 0
  while world.b.pollEvent() != nil { events += 1 }
  #expect(events == 10)
}

@Test func `a peer without RE-CONFIG is not asked, and the caller is told`() {
  var world = World.connected()
  world.a.peer.supportsReconfig = false
  world.a.resetStream(1, now: world.now)
  world.run(for: .seconds(1))
  #expect(world.eventsOfA == [.outgoingStreamReset(stream: 1, accepted: false)])
  #expect(world.eventsOfB.isEmpty)
}
