import Bytes
import SCTP
import Testing
import Time

@testable import DataChannel

@Test func `a channel opened before connecting is open on both sides with its label and policy`() throws {
  var world = World()
  let channel = try world.a.open("über", now: world.now) {
    $0.subprotocol = Array("json".utf8)
    $0.ordered = false
    $0.reliability = .maxRetransmits(3)
    $0.priority = 512
  }
  world.connect()
  #expect(world.eventsOfA == [.opened(channel, remote: false)])
  guard case .opened(let remote, remote: true)? = world.eventsOfB.first else {
    Issue.record("not opened")
    return
  }
  let info = try #require(world.b.info(of: remote))
  #expect(info.label == Array("über".utf8))
  #expect(info.subprotocol == Array("json".utf8))
  #expect(info.ordered == false)
  #expect(info.reliability == .maxRetransmits(3))
  #expect(info.priority == 512)
  #expect(info.streamID == 0)
  #expect(info.state == .open)
}

@Test func `messages keep their kind, and empty ones stay empty`() throws {
  var world = World.connected()
  let channel = try world.a.open(now: world.now)
  try world.a.send([], kind: .string, on: channel, now: world.now)
  try world.a.send([], kind: .binary, on: channel, now: world.now)
  try world.a.send([104, 105], kind: .string, on: channel, now: world.now)
  try world.a.send([0], kind: .binary, on: channel, now: world.now)
  world.run(for: .seconds(1))
  #expect(world.receivedByB.map(\.kind) == [.string, .binary, .string, .binary])
  #expect(world.receivedByB.map(\.bytes) == [[], [], [104, 105], [0]])
  let remote = try #require(world.receivedByB.first?.channel)
  try world.b.send([9], on: remote, now: world.now)
  world.run(for: .seconds(1))
  #expect(world.receivedByA == [.init(channel: channel, kind: .binary, bytes: [9])])
}

@Test func `the client's streams are even and the server's odd, and before the role is known they wait`() throws {
  var world = World(roleOfA: nil, roleOfB: nil)
  let a = try (0..<3).map { _ in try world.a.open(now: world.now) }
  let b = try (0..<3).map { _ in try world.b.open(now: world.now) }
  #expect(world.a.info(of: a[0])?.streamID == nil)
  world.a.setDTLSRole(isClient: false, now: world.now)
  world.b.setDTLSRole(isClient: true, now: world.now)
  #expect(a.map { world.a.info(of: $0)?.streamID } == [1, 3, 5])
  #expect(b.map { world.b.info(of: $0)?.streamID } == [0, 2, 4])
  world.connect()
  #expect(world.eventsOfA.count == 6)
  #expect(world.eventsOfB.count == 6)
}

@Test func `close delivers what was sent before it, resets both directions, and frees the stream`() throws {
  var world = World.connected()
  let channel = try world.a.open(now: world.now)
  world.run(for: .seconds(1))
  for i in 0..<10 { try world.a.send([UInt8](repeating: UInt8(i), count: 30_000), on: channel, now: world.now) }
  world.a.close(channel, now: world.now)
  #expect(throws: DataChannels.SendError.notOpen) { try world.a.send([1], on: channel, now: world.now) }
  #expect(world.a.info(of: channel)?.state == .closing)
  let again = try world.a.open(now: world.now)
  #expect(world.a.info(of: again)?.streamID == 2)
  world.run(for: .seconds(10)) { $0.a.info(of: channel) == nil }
  world.run(for: .seconds(1))
  #expect(world.receivedByB.count == 10)
  #expect(world.eventsOfA.contains(.closed(channel)))
  #expect(world.eventsOfB.contains { if case .closed = $0 { true } else { false } })
  let reused = try world.a.open(now: world.now)
  #expect(world.a.info(of: reused)?.streamID == 0)
  #expect(reused != channel)
  world.run(for: .seconds(1))
  try world.a.send([1], on: reused, now: world.now)
  world.run(for: .seconds(1))
  #expect(world.receivedByB.last?.bytes == [1])
}

@Test func `both sides close at once`() throws {
  var world = World.connected()
  let channel = try world.a.open(now: world.now)
  world.run(for: .seconds(1))
  guard case .opened(let remote, remote: true)? = world.eventsOfB.first else {
    Issue.record("not opened")
    return
  }
  world.a.close(channel, now: world.now)
  world.b.close(remote, now: world.now)
  world.run(for: .seconds(5))
  #expect(world.eventsOfA.last == .closed(channel))
  #expect(world.eventsOfB.last == .closed(remote))
  #expect(world.a.info(of: channel) == nil)
  #expect(world.b.info(of: remote) == nil)
}

@Test func `negotiated channels need no OPEN, and what comes before the second open is kept`() throws {
  var world = World.connected()
  let channel = try world.a.open(now: world.now) { $0.negotiatedID = 40 }
  try world.a.send([1], on: channel, now: world.now)
  try world.a.send([2], kind: .string, on: channel, now: world.now)
  world.run(for: .seconds(1))
  #expect(world.receivedByB.isEmpty)
  let other = try world.b.open(now: world.now) { $0.negotiatedID = 40 }
  world.run(for: .seconds(1))
  #expect(world.receivedByB == [.init(channel: other, kind: .binary, bytes: [1]), .init(channel: other, kind: .string, bytes: [2])])
  #expect(throws: DataChannels.OpenError.identifierUnavailable) {
    try world.b.open(now: world.now) { $0.negotiatedID = 40 }
  }
  #expect(throws: DataChannels.OpenError.identifierUnavailable) {
    try world.b.open(now: world.now) { $0.negotiatedID = 65_535 }
  }
}

@Test func `an OPEN of the wrong parity or one too many is refused, and the opener's channel closes`() throws {
  var small = DataChannels.Configuration()
  small.maximumChannels = 1
  var world = World.connected(b: small)
  let first = try world.a.open(now: world.now)
  let second = try world.a.open(now: world.now)
  world.run(for: .seconds(5))
  #expect(world.a.info(of: first)?.state == .open)
  #expect(world.a.info(of: second) == nil)
  #expect(world.eventsOfA.contains(.closed(second)))
  #expect(world.b.counters.refused == 1)

  // Both believe to be the client: the second's even stream is wrong to the first.
  var wrong = World(roleOfA: true, roleOfB: true)
  wrong.connect()
  let channel = try wrong.b.open(now: wrong.now)
  wrong.run(for: .seconds(5))
  #expect(wrong.b.info(of: channel) == nil)
  #expect(wrong.a.counters.refused == 1)
}

@Test func `a stream that the peer opens anew is a new channel though the answer to its reset was lost`() throws {
  var world = World.connected()
  let former = try world.a.open("former", now: world.now)
  world.run(for: .seconds(1))
  world.a.close(former, now: world.now)
  let isClosed = world.run(for: .seconds(1)) { $0.eventsOfA.contains(.closed(former)) }
  try #require(isClosed)
  #expect(world.eventsOfB.count == 1)
  // What A answered to B's reset.
  world.inFlight.removeAll { !$0.toA }
  world.eventsOfB = []
  let stream = try world.a.open("later", now: world.now)
  try world.a.send([1, 2, 3], on: stream, now: world.now)
  world.run(for: .milliseconds(60))
  guard world.eventsOfB.count == 2, case .closed = world.eventsOfB[0], case .opened(let later, remote: true) = world.eventsOfB[1] else {
    Issue.record("\(world.eventsOfB)")
    return
  }
  #expect(world.receivedByB == [World.Received(channel: later, kind: .binary, bytes: [1, 2, 3])])
  #expect(throws: DataChannels.SendError.wouldBlock) { try world.b.send([4], on: later, now: world.now) }
  world.run(for: .seconds(5)) { $0.eventsOfB.last == .writable }
  try world.b.send([5], on: later, now: world.now)
  world.run(for: .seconds(1))
  #expect(world.receivedByA.map(\.bytes) == [[5]])
  // It closes as any other, from the side that had to wait.
  world.b.close(later, now: world.now)
  world.run(for: .seconds(5))
  #expect(world.eventsOfB.last == .closed(later))
  #expect(world.eventsOfA.last == .closed(stream))
  let again = try world.a.open("again", now: world.now)
  world.run(for: .seconds(1))
  #expect(world.a.info(of: again)?.streamID == 0 && world.b.hasChannels)
}

@Test func `a reopened stream that is closed before its reset is answered closes all the same`() throws {
  var world = World.connected()
  let former = try world.a.open("former", now: world.now)
  world.run(for: .seconds(1))
  world.a.close(former, now: world.now)
  _ = world.run(for: .seconds(1)) { $0.eventsOfA.contains(.closed(former)) }
  world.inFlight.removeAll { !$0.toA }
  let later = try world.a.open("later", now: world.now)
  world.run(for: .milliseconds(60))
  world.a.close(later, now: world.now)
  world.run(for: .seconds(10))
  #expect(world.eventsOfA.last == .closed(later))
  #expect(!world.a.hasChannels && !world.b.hasChannels)
}

@Test func `unordered channels stay ordered until the peer is heard, so that nothing overtakes the OPEN`() throws {
  for seed in 0..<20 {
    var world = World(seed: UInt64(seed))
    world.connect()
    world.loss = 20
    world.reordering = 50
    let channel = try world.a.open(now: world.now) { $0.ordered = false }
    for i in 0..<10 { try world.a.send([UInt8(i)], on: channel, now: world.now) }
    world.run(for: .seconds(60)) { $0.receivedByB.count == 10 }
    #expect(world.receivedByB.map(\.bytes) == (0..<10).map { [UInt8($0)] })
    #expect(world.b.counters.dropped == 0)
  }
}

@Test func `shutdown closes every channel and ends both sides`() throws {
  var world = World.connected()
  let channel = try world.a.open(now: world.now)
  world.run(for: .seconds(1))
  try world.a.send([7], on: channel, now: world.now)
  world.a.shutdown(now: world.now)
  world.run(for: .seconds(10))
  #expect(world.receivedByB.map(\.bytes) == [[7]])
  #expect(world.eventsOfA.suffix(2) == [.closed(channel), .ended(.shutdown)])
  #expect(world.eventsOfB.last == .ended(.shutdown))
  #expect(throws: DataChannels.OpenError.closed) { try world.a.open(now: world.now) }
  #expect(world.a.nextDeadline == nil)
}

@Test func `the buffered amount falls as bytes leave, and its threshold is told once a crossing`() throws {
  var world = World.connected()
  let channel = try world.a.open(now: world.now)
  world.run(for: .seconds(1))
  world.eventsOfA = []
  world.a.setBufferedAmountLowThreshold(10_000, on: channel)
  try world.a.send([UInt8](repeating: 1, count: 200_000), on: channel, now: world.now)
  #expect(world.a.bufferedAmount(of: channel) == 200_000)
  world.run(for: .seconds(10)) { $0.receivedByB.count == 1 }
  #expect(world.a.bufferedAmount(of: channel) == 0)
  #expect(world.eventsOfA == [.bufferedAmountLow(channel)])
}

@Test func `a threshold is reached when as many bytes as it says are left`() throws {
  var world = World.connected()
  let channel = try world.a.open(now: world.now)
  world.run(for: .seconds(1))
  world.eventsOfA = []
  world.a.setBufferedAmountLowThreshold(500, on: channel)
  // Two packets: neither message fits beside the other.
  try world.a.send([UInt8](repeating: 1, count: 1000), on: channel, now: world.now)
  try world.a.send([UInt8](repeating: 2, count: 500), on: channel, now: world.now)
  var buffer = [UInt8](repeating: 0, count: 2048)
  var writer = SpanWriter(buffer.mutableSpan)
  let isSent = world.a.pollTransmit(into: &writer)
  #expect(isSent && world.a.bufferedAmount(of: channel) == 500)
  let event = world.a.pollEvent()
  #expect(event == .bufferedAmountLow(channel))
}
