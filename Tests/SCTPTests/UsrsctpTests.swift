import Bytes
import CUsrsctpPeer
import Testing
import Time

@testable import SCTP

/// Our association against usrsctp, with a network between them that delays and loses. usrsctp is one per process:
/// one test at a time.
@Suite(.serialized) struct UsrsctpTests {
  final class Link {
    var ours: Association
    let theirs: OpaquePointer
    var now = Instant(nanoseconds: 1_000_000_000)
    var random: SeededRandom
    var loss: UInt32 = 0
    var delay: UInt64 = 10
    var received: [World.Received] = []
    var events: [Association.Event] = []
    var theirReceived: [World.Received] = []
    var toOurs: [(at: UInt64, bytes: [UInt8])] = []
    var toTheirs: [(at: UInt64, bytes: [UInt8])] = []
    var tick: UInt64 = 0
    var buffer = [UInt8](repeating: 0, count: 4096)
    var large = [UInt8](repeating: 0, count: 1 << 20)

    init(seed: UInt64 = 7, theyListen: Bool, configuration: Association.Configuration = .init()) throws {
      self.random = SeededRandom(seed: .init(seed))
      self.ours = try Association(configuration: configuration, random: SeededRandom(seed: .init(seed + 1)), now: self.now)
      self.theirs = peer_create(theyListen ? 1 : 0)
    }
    deinit { peer_destroy(self.theirs) }

    var isUp: Bool { self.ours.state == .established && peer_is_up(self.theirs) != 0 }

    /// Steps of a millisecond until `done`.
    @discardableResult
    func run(milliseconds: Int, until done: (Link) -> Bool = { _ in false }) -> Bool {
      for _ in 0..<milliseconds {
        self.exchange()
        if done(self) { return true }
        self.tick += 1
        self.now = self.now + .milliseconds(1)
        peer_advance(1)
        self.ours.advance(to: self.now)
      }
      self.exchange()
      return done(self)
    }

    func exchange() {
      while let first = self.toOurs.first, first.at <= self.tick {
        self.toOurs.removeFirst()
        self.ours.receive(first.bytes.span, now: self.now)
      }
      while let first = self.toTheirs.first, first.at <= self.tick {
        self.toTheirs.removeFirst()
        first.bytes.withUnsafeBufferPointer { peer_input(self.theirs, $0.baseAddress, $0.count) }
      }
      while let event = self.ours.pollEvent() { self.events.append(event) }
      while let message = pull(&self.ours) { self.received.append(message) }
      var stream: UInt16 = 0
      var ppid: UInt32 = 0
      var unordered: CInt = 0
      while true {
        let size = self.large.withUnsafeMutableBufferPointer {
          peer_receive(self.theirs, $0.baseAddress, $0.count, &stream, &ppid, &unordered)
        }
        if size < 0 { break }
        self.theirReceived.append(
          .init(stream: stream, protocolIdentifier: ppid, bytes: Array(self.large.prefix(Int(size)))))
      }
      while let bytes = poll(&self.ours, &self.buffer) {
        if self.random.next(below: 100) >= self.loss { self.toTheirs.append((self.tick + self.delay, bytes)) }
      }
      while true {
        let size = self.buffer.withUnsafeMutableBufferPointer { peer_output(self.theirs, $0.baseAddress, $0.count) }
        if size == 0 { break }
        if self.random.next(below: 100) >= self.loss {
          self.toOurs.append((self.tick + self.delay, Array(self.buffer.prefix(size))))
        }
      }
    }

    func theySend(
      _ bytes: [UInt8], stream: UInt16 = 0, ppid: UInt32 = 51, unordered: Bool = false, policy: Int = PEER_RELIABLE,
      value: UInt32 = 0
    ) -> CInt {
      bytes.withUnsafeBufferPointer {
        peer_send(
          self.theirs, $0.baseAddress, $0.count, stream, ppid, unordered ? 1 : 0, CInt(policy), value)
      }
    }
  }

  enum Opening: CaseIterable, Sendable { case ours, theirs, both }

  static func connected(_ opening: Opening, loss: UInt32 = 0, seed: UInt64 = 7) throws -> Link {
    let link = try Link(seed: seed, theyListen: opening == .ours)
    link.loss = loss
    if opening != .theirs { link.ours.connect(now: link.now) }
    if opening != .ours {
      let result = peer_connect(link.theirs)
      #expect(result == 0)
    }
    let up = link.run(milliseconds: 60_000) { $0.isUp }
    #expect(up)
    return link
  }

  @Test(arguments: Opening.allCases) func `the handshake completes whoever begins, and messages pass`(opening: Opening) throws {
    let link = try Self.connected(opening)
    for (i, size) in [1, 100, 1152, 1200, 5000, 100_000, 262_144].enumerated() {
      try link.ours.send(pattern(size, i), on: UInt16(i), ppid: UInt32(50 + i), now: link.now)
      let result = link.theySend(pattern(size, i + 9), stream: UInt16(i), ppid: UInt32(50 + i), unordered: i % 2 == 1)
      #expect(result == 0)
    }
    link.run(milliseconds: 20_000) { $0.received.count == 7 && $0.theirReceived.count == 7 }
    #expect(link.received.count == 7)
    #expect(link.theirReceived.count == 7)
    for (i, size) in [1, 100, 1152, 1200, 5000, 100_000, 262_144].enumerated() {
      #expect(link.theirReceived.contains(.init(stream: UInt16(i), protocolIdentifier: UInt32(50 + i), bytes: pattern(size, i))))
      #expect(link.received.contains(.init(stream: UInt16(i), protocolIdentifier: UInt32(50 + i), bytes: pattern(size, i + 9))))
    }
    // Where both begin, their INIT ACK comes to an association that their cookie has set up already.
    #expect(link.ours.statistics.ignored <= (opening == .both ? 1 : 0))
    #expect(link.ours.statistics.malformed == 0)
  }

  @Test(arguments: 0..<10) func `with 5 percent loss everything arrives in both directions`(seed: Int) throws {
    let link = try Self.connected(Opening.allCases[seed % 3], loss: 5, seed: UInt64(seed))
    for i in 0..<10 {
      try link.ours.send(pattern(20_000, i), on: 1, ppid: UInt32(i), now: link.now)
      let result = link.theySend(pattern(20_000, i + 9), stream: 1, ppid: UInt32(i))
      #expect(result == 0)
    }
    link.run(milliseconds: 400_000) { $0.received.count == 10 && $0.theirReceived.count == 10 }
    #expect(link.received.count == 10)
    #expect(link.theirReceived.count == 10)
    #expect(link.received.map(\.bytes) == (0..<10).map { pattern(20_000, $0 + 9) })
    #expect(link.theirReceived.map(\.bytes) == (0..<10).map { pattern(20_000, $0) })
  }

  @Test func `partial reliability: what may be lost is skipped by both, what remains is in order`() throws {
    let link = try Self.connected(.both)
    link.loss = 30
    for i in 0..<60 {
      try link.ours.send(pattern(3000, i), on: 2, ppid: UInt32(i), .init(reliability: .maxRetransmits(0)), now: link.now)
      let result = link.theySend(pattern(3000, i), stream: 2, ppid: UInt32(i), policy: PEER_RETRANSMITS, value: 0)
      #expect(result == 0)
      link.run(milliseconds: 30)
    }
    link.loss = 0
    try link.ours.send([1], on: 2, ppid: 1000, now: link.now)
    let result = link.theySend([1], stream: 2, ppid: 1000)
    #expect(result == 0)
    link.run(milliseconds: 60_000) {
      $0.received.last?.protocolIdentifier == 1000 && $0.theirReceived.last?.protocolIdentifier == 1000
    }
    #expect(link.received.last?.protocolIdentifier == 1000)
    #expect(link.theirReceived.last?.protocolIdentifier == 1000)
    #expect(link.received.count < 61)
    #expect(link.theirReceived.count < 61)
    for messages in [link.received, link.theirReceived] {
      let order = messages.map(\.protocolIdentifier)
      #expect(order == order.sorted())
      for message in messages.dropLast() { #expect(message.bytes == pattern(3000, Int(message.protocolIdentifier))) }
    }
    #expect(link.ours.statistics.abandoned > 0)
  }

  @Test func `streams are reset from both sides and used again`() throws {
    let link = try Self.connected(.ours)
    for round in 1...3 {
      try link.ours.send(pattern(5000, round), on: 4, now: link.now)
      let sent = link.theySend(pattern(5000, round), stream: 4)
      #expect(sent == 0)
      link.run(milliseconds: 5000) { $0.received.count == round && $0.theirReceived.count == round }
      link.ours.resetStream(4, now: link.now)
      link.run(milliseconds: 5000) { $0.events.last == .outgoingStreamReset(stream: 4, accepted: true) }
      #expect(link.events.last == .outgoingStreamReset(stream: 4, accepted: true))
      let reset = peer_reset(link.theirs, 4)
      #expect(reset == 0)
      link.run(milliseconds: 5000) { $0.events.last == .incomingStreamReset(stream: 4) && peer_outgoing_resets($0.theirs) == round }
      #expect(link.events.last == .incomingStreamReset(stream: 4))
      #expect(peer_incoming_resets(link.theirs) == round)
      #expect(peer_outgoing_resets(link.theirs) == round)
    }
    #expect(link.received.count == 3)
  }

  @Test func `shutdown by either side ends both`() throws {
    let first = try Self.connected(.ours)
    try first.ours.send(pattern(50_000), now: first.now)
    first.ours.shutdown(now: first.now)
    first.run(milliseconds: 20_000) { peer_is_down($0.theirs) != 0 && $0.ours.phase == .ended }
    #expect(first.theirReceived.count == 1)
    #expect(first.events.last == .closed(.shutdown))

    let second = try Self.connected(.theirs)
    let sent = second.theySend(pattern(50_000))
    #expect(sent == 0)
    second.run(milliseconds: 20_000) { $0.received.count == 1 }
    let result = peer_shutdown(second.theirs)
    #expect(result == 0)
    second.run(milliseconds: 20_000) { $0.ours.phase == .ended }
    #expect(second.events.last == .closed(.shutdown))
  }
}
