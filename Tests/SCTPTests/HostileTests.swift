import Bytes
import Testing
import Time

@testable import SCTP

@Test func `an INIT flood leaves no trace and takes no memory`() {
  var world = World()
  let before = world.a
  for i in 0..<5000 {
    world.a.receive(Craft.packet(tag: 0, Craft.initiation(tag: UInt32(i + 1))).span, now: world.now)
  }
  #expect(world.a.phase == .closed)
  #expect(world.a.nextDeadline == nil)
  #expect(world.a.peer == before.peer)
  var buffer = [UInt8](repeating: 0, count: 2048)
  var answers = 0
  while poll(&world.a, &buffer) != nil { answers += 1 }
  #expect(answers == 1)
}

@Test func `a cookie that was changed anywhere, or is too old, sets up nothing`() throws {
  var world = World()
  let answer = try #require(world.b.answers(to: Craft.packet(tag: 0, Craft.initiation()), now: world.now).first)
  let value = try #require(chunkValue(2, in: answer))
  let tag = value[0..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
  // The cookie is the last parameter of our own INIT ACK.
  let cookie = Array(value.suffix(StateCookie.size))
  for i in cookie.indices {
    var changed = cookie
    changed[i] ^= 1
    let replies = world.b.answers(to: Craft.packet(tag: tag, Craft.chunk(10, changed)), now: world.now)
    #expect(replies.isEmpty && world.b.phase == .closed)
  }
  for size in 0..<cookie.count {
    _ = world.b.answers(to: Craft.packet(tag: tag, Craft.chunk(10, Array(cookie.prefix(size)))), now: world.now)
    #expect(world.b.phase == .closed)
  }
  var late = world.b
  let stale = late.answers(to: Craft.packet(tag: tag, Craft.chunk(10, cookie)), now: world.now + .seconds(61))
  #expect(stale.first.map(chunkTypes) == [9])
  #expect(late.phase == .closed)
  let good = world.b.answers(to: Craft.packet(tag: tag, Craft.chunk(10, cookie)), now: world.now + .seconds(59))
  #expect(good.first.map(chunkTypes) == [11])
  #expect(world.b.phase == .established)
  // Replayed, it is answered again and changes nothing.
  let again = world.b.answers(to: Craft.packet(tag: tag, Craft.chunk(10, cookie)), now: world.now + .seconds(120))
  #expect(again.first.map(chunkTypes) == [11])
  #expect(world.b.phase == .established)
}

@Test func `a peer that asks anew after a stale cookie is answered under the tag that it knows, and nothing is lost`() throws {
  var world = World()
  world.filter = { toA, bytes in toA && chunkTypes(bytes).first == 11 }
  world.a.connect(now: world.now)
  world.run(for: .milliseconds(500)) { $0.b.state == .established }
  #expect(world.a.phase == .cookieEchoed)
  // The COOKIE ACK is lost, and an old copy of the cookie is called stale.
  let tag = world.b.localTag
  let stale = Craft.chunk(9, be(UInt16(3)) + be(UInt16(8)) + be(UInt32(0)))
  world.a.receive(Craft.packet(tag: world.a.localTag, stale).span, now: world.now)
  #expect(world.a.phase == .cookieWait)
  try world.b.send([1, 2, 3].span, stream: 1, protocolIdentifier: 51, options: .init(), now: world.now)
  world.run(for: .milliseconds(100))
  world.filter = { _, _ in false }
  world.run(for: .seconds(10))
  #expect(world.a.phase == .established && world.a.peer.tag == tag && world.b.localTag == tag)
  #expect(world.receivedByA.count == 1)
  #expect(world.a.outbox.outstanding.bytesInFlight == 0 && world.b.outbox.outstanding.bytesInFlight == 0)
  #expect(!world.eventsOfB.contains(.restarted))
}

@Test func `verification tags are checked for every chunk`() {
  let world = World.connected()
  let ours = world.a.localTag
  let theirs = world.a.peer.tag
  for (type, flags) in [(UInt8(0), UInt8(3)), (3, 0), (4, 0), (6, 0), (7, 0), (8, 0), (10, 0), (14, 0), (130, 0), (192, 0)] {
    var fork = world.a
    let value = type == 0 ? be(UInt32(1)) + be(UInt16(0)) + be(UInt16(0)) + be(UInt32(51)) + [1] : be(UInt32(0))
    let answers = fork.answers(to: Craft.packet(tag: ours ^ 1, Craft.chunk(type, flags: flags, value)), now: world.now)
    #expect(answers.isEmpty)
    #expect(fork.phase == .established)
  }
  // ABORT: our tag, or the peer's with the T bit; never crosswise (RFC 9260 section 8.5.1).
  for (tag, flags, ends) in [(ours, UInt8(0), true), (theirs, 1, true), (theirs, 0, false), (ours, 1, false), (0, 1, false)] {
    var fork = world.a
    fork.receive(Craft.packet(tag: tag, Craft.chunk(6, flags: flags)).span, now: world.now)
    #expect((fork.phase == .ended) == ends)
  }
}

@Test func `a SACK for what was never sent, or that contradicts itself, is ignored`() throws {
  var world = World.connected()
  world.filter = { toA, _ in toA }
  for _ in 0..<5 { try world.a.send(pattern(1000), now: world.now) }
  world.exchange()
  let tag = world.a.localTag
  let first = world.a.outbox.outstanding.first
  let before = world.a.outbox.outstanding.bytesInFlight
  let last = world.a.outbox.lastTSN
  for bad in [
    Craft.sack(cumulative: last &+ 1), Craft.sack(cumulative: last &+ 1000), Craft.sack(cumulative: first &- 2),
    Craft.sack(cumulative: first &- 1, gaps: [(2, 6)]), Craft.sack(cumulative: first &- 1, gaps: [(3, 2)]),
    Craft.sack(cumulative: first &- 1, gaps: [(0, 1)]), Craft.sack(cumulative: first, gaps: [(2, 0xFFFF)]),
    Craft.sack(cumulative: first &+ 0x8000_0000), Craft.sack(cumulative: first &+ 0x7FFF_FFFF),
  ] {
    world.a.receive(Craft.packet(tag: tag, bad).span, now: world.now)
    #expect(world.a.outbox.outstanding.bytesInFlight == before)
    #expect(world.a.outbox.outstanding.first == first)
  }
  #expect(world.a.statistics.ignored == 9)
  // Overlapping and repeated blocks count once, to the last byte.
  world.a.receive(Craft.packet(tag: tag, Craft.sack(cumulative: first &- 1, gaps: [(2, 4), (3, 5), (2, 2)])).span, now: world.now)
  #expect(world.a.outbox.outstanding.gapAcknowledged == 4)
  world.a.receive(Craft.packet(tag: tag, Craft.sack(cumulative: last)).span, now: world.now)
  #expect(world.a.statistics.bytesInFlight == 0)
  #expect(world.a.outbox.isDrained)
}

@Test func `acknowledgements taken back are sent again`() throws {
  var world = World.connected()
  world.filter = { toA, _ in toA }
  for _ in 0..<4 { try world.a.send(pattern(1000), now: world.now) }
  world.exchange()
  let first = world.a.outbox.outstanding.first
  let tag = world.a.localTag
  world.a.receive(Craft.packet(tag: tag, Craft.sack(cumulative: first &- 1, gaps: [(2, 4)])).span, now: world.now)
  // It now has the first and says that it lacks the second.
  world.a.receive(Craft.packet(tag: tag, Craft.sack(cumulative: first)).span, now: world.now)
  #expect(world.a.outbox.outstanding.gapAcknowledged == 0)
  #expect(world.a.outbox.outstanding.lost.count == 3)
}

@Test func `packets cut at every length, and with every bit turned, are survived`() throws {
  var world = World()
  world.isTracing = true
  world.a.connect(now: world.now)
  world.run(for: .seconds(1)) { $0.a.state == .established }
  try world.a.send(pattern(3000), now: world.now)
  world.a.resetStream(3, now: world.now)
  world.run(for: .seconds(1))
  world.a.shutdown(now: world.now)
  world.run(for: .seconds(1))
  #expect(world.trace.count > 8)
  var states: [World] = [World(), World.connected()]
  var waiting = World()
  waiting.a.connect(now: waiting.now)
  waiting.b.connect(now: waiting.now)
  states.append(waiting)
  for packet in world.trace {
    for state in states {
      for size in 0..<packet.count {
        var fork = state.b
        let cut = Array(packet.prefix(size))
        let packet = size >= 12 ? Craft.sealed(cut) : cut
        fork.receive(packet.span, now: state.now)
      }
      var fork = state.b
      for bit in stride(from: 0, to: min(packet.count, 80) * 8, by: 3) {
        var changed = packet
        changed[bit / 8] ^= 1 << UInt8(bit % 8)
        for (i, byte) in be(state.b.localTag).enumerated() where packet[4..<8] != [0, 0, 0, 0] { changed[4 + i] = byte }
        _ = fork.answers(to: Craft.sealed(changed), now: state.now)
      }
    }
  }
}

@Test func `any chunk in any state, with the right tag, never traps`() {
  let connected = World.connected()
  var started = World()
  started.a.connect(now: started.now)
  started.exchange()
  var closing = World.connected()
  closing.a.shutdown(now: closing.now)
  closing.exchange()
  var random = SeededRandom(seed: .init(5))
  for base in [World().a, started.a, connected.a, closing.a] {
    for type in UInt8.min...UInt8.max {
      for size in [0, 1, 4, 8, 12, 16, 20, 40, 200] {
        var fork = base
        var value = [UInt8](repeating: 0, count: size)
        for i in value.indices { value[i] = UInt8(truncatingIfNeeded: random.next(below: i % 3 == 0 ? 256 : 3)) }
        let packet = Craft.packet(tag: type == 1 ? 0 : base.localTag, Craft.chunk(type, flags: UInt8(size & 7), value))
        _ = fork.answers(to: packet, now: connected.now)
        fork.advance(to: connected.now + .seconds(100))
        if let next = fork.nextDeadline { #expect(next > connected.now + .seconds(100)) }
      }
    }
  }
}

@Test func `unknown chunks are skipped, stopped at and reported as their two high bits say`() {
  let world = World.connected()
  let tag = world.a.localTag
  for (type, stops, reports) in [(UInt8(0x3F), true, false), (0x7F, true, true), (0xBF, false, false), (0xFF, false, true)] {
    var fork = world.a
    let answers = fork.answers(
      to: Craft.packet(tag: tag, Craft.chunk(type, [1, 2, 3]), Craft.chunk(4, [0, 1, 0, 8, 9, 9, 9, 9])), now: world.now)
    let types = answers.flatMap(chunkTypes)
    #expect(types.contains(5) == !stops)
    #expect(types.contains(9) == reports)
  }
}

@Test func `unknown INIT parameters are reported or not as their two high bits say`() throws {
  var world = World()
  let unknown = be(UInt16(0xFFF0)) + be(UInt16(5)) + [7, 0, 0, 0] + be(UInt16(0xBFF0)) + be(UInt16(4))
  let answer = try #require(world.a.answers(to: Craft.packet(tag: 0, Craft.initiation(extra: unknown)), now: world.now).first)
  let value = try #require(chunkValue(2, in: answer))
  // Before the cookie of 76 bytes.
  #expect(value.dropLast(80).suffix(12) == [0, 8, 0, 9, 0xFF, 0xF0, 0, 5, 7, 0, 0, 0])
}

@Test(arguments: [false, true])
func `the lengths of INIT and INIT ACK count no padding of the last parameter`(zeroChecksum: Bool) throws {
  var configuration = Association.Configuration()
  configuration.zeroChecksum = zeroChecksum
  var world = World(a: configuration, b: configuration)
  world.isTracing = true
  world.a.connect(now: world.now)
  world.run(for: .milliseconds(500)) { $0.a.state == .established }
  var seen: Set<UInt8> = []
  for packet in world.trace {
    let chunk = Array(packet[12...])
    guard chunk[0] == 1 || chunk[0] == 2 else { continue }
    seen.insert(chunk[0])
    let length = Int(chunk[2]) << 8 | Int(chunk[3])
    var (offset, end) = (20, 20)
    while offset < length {
      end = offset + (Int(chunk[offset + 2]) << 8 | Int(chunk[offset + 3]))
      offset = (end + 3) & ~3
    }
    #expect(end == length)
  }
  #expect(seen == [1, 2])
}

@Test func `a checksum that is wrong, or zero without agreement, is refused`() {
  var world = World.connected()
  let tag = world.a.localTag
  let beat = Craft.chunk(4, [0, 1, 0, 8, 9, 9, 9, 9])
  #expect(world.a.answers(to: Craft.packet(tag: tag, beat, checksum: 0), now: world.now).isEmpty)
  #expect(world.a.answers(to: Craft.packet(tag: tag, beat, checksum: 1), now: world.now).isEmpty)
  #expect(world.a.statistics.wrongChecksum == 2)
  var configuration = Association.Configuration()
  configuration.zeroChecksum = true
  var agreed = World.connected(a: configuration)
  let agreedTag = agreed.a.localTag
  #expect(agreed.a.answers(to: Craft.packet(tag: agreedTag, beat, checksum: 0), now: agreed.now).count == 1)
  #expect(agreed.a.answers(to: Craft.packet(tag: agreedTag, beat, checksum: 1), now: agreed.now).isEmpty)
  // An INIT needs its checksum even then.
  #expect(agreed.a.answers(to: Craft.packet(tag: 0, Craft.initiation(), checksum: 0), now: agreed.now).isEmpty)
}

@Test func `both sides that agree on zero checksums leave them out of all but the handshake`() throws {
  var configuration = Association.Configuration()
  configuration.zeroChecksum = true
  var world = World(a: configuration, b: configuration)
  world.isTracing = true
  try world.a.send(pattern(5000), now: world.now)
  world.a.connect(now: world.now)
  world.run(for: .seconds(2))
  #expect(world.receivedByB.first?.bytes == pattern(5000))
  for packet in world.trace {
    let types = chunkTypes(packet)
    let isZero = packet[8..<12] == [0, 0, 0, 0]
    #expect(isZero == !(types.contains(1) || types.contains(2) || types.contains(10)))
  }
}

@Test func `a message longer than allowed ends the association, however it is cut`() {
  var small = Association.Configuration()
  small.maximumMessageSize = 5000
  let world = World.connected(b: small)
  let tag = world.b.localTag
  var fork = world.b
  let tsn = fork.inbox.tsns.cumulative &+ 1
  for i in 0..<6 {
    fork.receive(
      Craft.packet(tag: tag, Craft.data(tsn: tsn &+ UInt32(i), flags: i == 0 ? 2 : 0, pattern(1000))).span, now: world.now)
  }
  #expect(fork.phase == .ended)
  var event = fork.pollEvent()
  while let next = fork.pollEvent() { event = next }
  #expect(event == .closed(.messageTooLarge))
}

@Test func `fragments that cannot belong together end the association`() {
  let world = World.connected()
  let tag = world.b.localTag
  let tsn = world.b.inbox.tsns.cumulative &+ 1
  for second in [
    Craft.data(tsn: tsn &+ 1, stream: 1, flags: 0, [2]), Craft.data(tsn: tsn &+ 1, sequence: 1, flags: 0, [2]),
    Craft.data(tsn: tsn &+ 1, flags: 4, [2]), Craft.data(tsn: tsn &+ 1, flags: 3, [2]),
  ] {
    for reversed in [false, true] {
      var fork = world.b
      let first = Craft.data(tsn: tsn, flags: 2, [1])
      for chunk in reversed ? [second, first] : [first, second] {
        fork.receive(Craft.packet(tag: tag, chunk).span, now: world.now)
      }
      // Where the successor was whole and is gone already, the fragment without an end is dropped.
      let isDropped = fork.phase == .established && fork.statistics.ignored == 1
      #expect(fork.phase == .ended || reversed && second[1] == 3 && isDropped)
    }
  }
  var empty = world.b
  let answers = empty.answers(to: Craft.packet(tag: tag, Craft.data(tsn: tsn, [])), now: world.now)
  #expect(answers.first.map(chunkTypes) == [6])
}

@Test func `more streams than may be in use end the association`() {
  var configuration = Association.Configuration()
  configuration.maximumActiveStreams = 4
  var world = World.connected(b: configuration)
  let tag = world.b.localTag
  let tsn = world.b.inbox.tsns.cumulative &+ 1
  for i in 0..<5 {
    #expect(world.b.phase == .established)
    world.b.receive(Craft.packet(tag: tag, Craft.data(tsn: tsn &+ UInt32(i), stream: UInt16(i * 1000), [1])).span, now: world.now)
  }
  #expect(world.b.phase == .ended)
}
