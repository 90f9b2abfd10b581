import Bytes
import RTP
import Testing
import Time

/// Losses that come in bursts (Gilbert–Elliott): the mean loss and the mean length of a burst.
final class BurstLoss {
  var random: SeededRandom
  var isBad = false
  let enter: Double
  let leave: Double

  init(seed: UInt64, loss: Double, burst: Double) {
    self.random = SeededRandom(seed: .init(seed))
    self.leave = 1 / burst
    self.enter = self.leave * loss / (1 - loss)
  }

  func next() -> Bool {
    let draw = Double(self.random.nextWord()) / 4_294_967_296
    self.isBad = self.isBad ? draw >= self.leave : draw < self.enter
    return self.isBad
  }
}

@Suite struct SessionRepairTests {
  /// Sends 30 frames a second for ten seconds, a key frame a second and when asked; how many of them came out whole.
  func play(seed: UInt64, rtx: Bool, loss: BurstLoss, reducedSize: Bool = true) throws -> (sent: [[UInt8]], world: SessionWorld) {
    var receiving = Session.Configuration()
    receiving.videoReceiver.holdTime = .milliseconds(400)
    var world = try SessionWorld(seed: seed, b: receiving)
    let line = try world.addLine(videoParameters(rtx: rtx, reducedSize: reducedSize))
    world.loses = { _ in loss.next() }
    var sent: [[UInt8]] = []
    for i in 0..<300 {
      let isKey = i % 30 == 0 || world.keyFrameWanted
      world.keyFrameWanted = false
      let frame = vp8Frame(i, isKey: isKey, size: isKey ? 12_000 : 3000)
      try world.a.send(frame.span, FrameTiming(timestamp: UInt32(i) * 3000), on: line, now: world.now)
      sent.append(frame)
      world.run(for: .milliseconds(33))
    }
    world.loses = { _ in false }
    world.run(for: .seconds(1))
    return (sent, world)
  }

  @Test(arguments: [true, false])
  func `random losses of 5 percent are repaired`(rtx: Bool) throws {
    var frames = 0
    var delivered = 0
    for seed in 1...4 as ClosedRange<UInt64> {
      let (sent, world) = try self.play(seed: seed, rtx: rtx, loss: BurstLoss(seed: seed, loss: 0.05, burst: 1))
      frames += sent.count
      delivered += world.framesAtB.count
      // What comes out is what went in, in order.
      var next = 0
      for got in world.framesAtB {
        let place = try #require(sent[next...].firstIndex(of: got.bytes))
        next = place + 1
      }
      let statistics = try #require(world.a.statistics(of: 0)).outbound
      #expect(statistics.retransmittedPacketsSent > 10)
      #expect(statistics.nackCount > 10)
      #expect(statistics.retransmittedPacketsSent < statistics.packetsSent / 4)
      let inbound = try #require(world.b.stream(at: 0)).inbound
      #expect((inbound.retransmittedPacketsReceived > 0) == rtx)
    }
    #expect(Double(delivered) >= 0.99 * Double(frames))
  }

  @Test func `bursts of losses are repaired`() throws {
    var frames = 0
    var delivered = 0
    for seed in 1...4 as ClosedRange<UInt64> {
      let (sent, world) = try self.play(seed: seed, rtx: true, loss: BurstLoss(seed: seed, loss: 0.05, burst: 4))
      frames += sent.count
      delivered += world.framesAtB.count
    }
    #expect(Double(delivered) >= 0.99 * Double(frames))
  }

  @Test func `feedback in compounds repairs as well`() throws {
    let (sent, world) = try self.play(
      seed: 9, rtx: true, loss: BurstLoss(seed: 9, loss: 0.05, burst: 1), reducedSize: false)
    #expect(Double(world.framesAtB.count) >= 0.99 * Double(sent.count))
    // Every compound begins with a report (RFC 3550 section 6.1).
    #expect(world.sent.filter { $0.kind == .rtcp }.allSatisfy { $0.bytes[1] == 200 || $0.bytes[1] == 201 })
  }

  @Test func `without RTX a repeat is the same bytes`() throws {
    var world = try SessionWorld()
    var parameters = videoParameters(rtx: false, transportCC: true)
    parameters.extensions.audioLevel = 0
    let line = try world.addLine(parameters)
    try world.a.send(vp8Frame(1, isKey: true, size: 5000).span, FrameTiming(timestamp: 0), on: line, now: world.now)
    world.run(for: .milliseconds(100))
    let originals = world.sent.filter { $0.kind == .rtp }.map(\.bytes)
    let media = try #require(world.a.sendingStream(of: line)).ssrc
    let nack = nackPacket(sender: 1, media: media, [(sequenceNumber(originals[1]), 1)])
    world.a.receiveControl(nack.span, now: world.now)
    world.settle()
    let repeats = world.sent.filter { $0.kind == .rtp }.dropFirst(originals.count).map(\.bytes)
    #expect(Array(repeats) == [originals[1], originals[2]])
  }

  @Test func `an RTX packet has its own numbers and the original's before the payload`() throws {
    var world = try SessionWorld()
    let line = try world.addLine(videoParameters(transportCC: true))
    try world.a.send(vp8Frame(1, isKey: true, size: 5000).span, FrameTiming(timestamp: 0), on: line, now: world.now)
    world.run(for: .milliseconds(100))
    let originals = world.sent.filter { $0.kind == .rtp }.map(\.bytes)
    let stream = try #require(world.a.sendingStream(of: line))
    let nack = nackPacket(sender: 1, media: stream.ssrc, [(sequenceNumber(originals[2]), 0)])
    world.a.receiveControl(nack.span, now: world.now)
    world.settle()
    let repeated = try #require(world.sent.last { $0.kind == .rtp }).bytes
    let original = originals[2]
    var map = HeaderExtensionMap()
    map.mid = 1
    map.absoluteSendTime = 2
    map.transportSequence = 3
    let header = try PacketHeader(parsing: repeated.span, extensions: map)
    let before = try PacketHeader(parsing: original.span, extensions: map)
    #expect(header.ssrc == stream.rtxSSRC)
    #expect(header.payloadType == 97)
    #expect(header.timestamp == before.timestamp && header.marker == before.marker)
    let payload = Array(repeated[header.payloadOffset...])
    #expect(Array(payload[..<2]) == Array(original[2..<4]))
    #expect(Array(payload[2...]) == Array(original[before.payloadOffset...]))
    // It is a packet of its own for the transport.
    let newest = originals[originals.count - 1]
    let last = try PacketHeader(parsing: newest.span, extensions: map)
    #expect(header.extensions.transportSequence == last.extensions.transportSequence.map { $0 &+ 1 })
    #expect(header.extensions.absoluteSendTime != before.extensions.absoluteSendTime)
    #expect(header.extensions.mid.count == 5)
  }

  @Test func `a storm of NACKs costs a bounded share`() throws {
    var configuration = Session.Configuration()
    configuration.repeatBurst = 20_000
    configuration.repeatShare = 50
    var world = try SessionWorld(a: configuration)
    let line = try world.addLine(videoParameters())
    world.loses = { $0.toB }
    let media = try #require(world.a.sendingStream(of: line)).ssrc
    for i in 0..<100 {
      try world.a.send(
        vp8Frame(i, isKey: i == 0, size: 5000).span, FrameTiming(timestamp: UInt32(i) * 3000), on: line, now: world.now)
      world.run(for: .milliseconds(33))
      let newest = sequenceNumber(try #require(world.sent.last { $0.kind == .rtp && ssrc($0.bytes) == media }).bytes)
      let pairs = (0..<60 as Range<UInt16>).map { (newest &- 17 &* $0 &- 16, UInt16.max) }
      world.a.receiveControl(nackPacket(sender: 1, media: media, pairs).span, now: world.now)
      world.run(for: .milliseconds(1))
    }
    let statistics = try #require(world.a.statistics(of: line)).outbound
    #expect(statistics.retransmittedBytesSent > 100_000)
    #expect(statistics.retransmittedBytesSent < 20_000 + statistics.bytesSent * 6 / 10)
    #expect(statistics.repeatsRefused > 1000)
  }

  @Test func `one packet is repeated a bounded number of times and not twice in a round trip`() throws {
    var configuration = Session.Configuration()
    configuration.maximumRepeats = 3
    var world = try SessionWorld(a: configuration)
    let line = try world.addLine(videoParameters())
    try world.a.send(vp8Frame(1, isKey: true, size: 500).span, FrameTiming(timestamp: 0), on: line, now: world.now)
    world.settle()
    let stream = try #require(world.a.sendingStream(of: line))
    let number = sequenceNumber(try #require(world.sent.first { $0.kind == .rtp }).bytes)
    let nack = nackPacket(sender: 1, media: stream.ssrc, [(number, 0)])
    func repeats() -> Int { world.sent.filter { $0.kind == .rtp && ssrc($0.bytes) == stream.rtxSSRC }.count }
    for _ in 0..<5 {
      world.a.receiveControl(nack.span, now: world.now)
      world.settle()
    }
    #expect(repeats() == 1)
    for _ in 0..<20 {
      world.run(for: .milliseconds(50))
      world.a.receiveControl(nack.span, now: world.now)
      world.settle()
    }
    #expect(repeats() == 3)
  }

  @Test func `after an outage a key frame is asked for and everything goes on`() throws {
    var world = try SessionWorld()
    let line = try world.addLine(videoParameters())
    var isOut = false
    world.loses = { _ in isOut }
    var recovered: Instant?
    var ended = Instant.zero
    for i in 0..<300 {
      // Key frames come only when asked for.
      let isKey = i == 0 || world.keyFrameWanted
      world.keyFrameWanted = false
      isOut = i >= 100 && i < 160
      if i == 160 {
        ended = world.now
        world.framesAtB = []
      }
      let frame = vp8Frame(i, isKey: isKey, size: isKey ? 12_000 : 3000)
      try world.a.send(frame.span, FrameTiming(timestamp: UInt32(i) * 3000), on: line, now: world.now)
      world.run(for: .milliseconds(33))
      world.loses = { _ in isOut }
      if i > 160, recovered == nil, world.framesAtB.contains(where: { $0.frame.isKeyFrame }) { recovered = world.now }
    }
    let time = try #require(recovered)
    #expect(time - ended < .seconds(1) as Interval)
    #expect(world.framesAtB.count > 100)
  }


  @Test func `the repeat of a packet without a payload fills its gap`() throws {
    var world = try SessionWorld()
    let line = try world.addLine(videoParameters())
    for i in 0..<2 {
      try world.a.send(
        vp8Frame(i, isKey: i == 0, size: 300).span, FrameTiming(timestamp: UInt32(i)), on: line, now: world.now)
    }
    world.run(for: .milliseconds(10))
    var last = world.sent[1].bytes
    let missing = sequenceNumber(last)
    last[3] &+= 1
    let first = world.sent[0].bytes
    world.b.receive(first.span, now: world.now)
    world.b.receive(last.span, now: world.now)
    let rtx: [UInt8] = [0x80, 97, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, UInt8(missing >> 8), UInt8(missing & 0xFF)]
    world.b.receive(rtx.span, now: world.now)
    world.settle()
    #expect(world.framesAtB.count == 2)
  }

  @Test func `a pause forgets what was sent before it`() throws {
    var world = try SessionWorld()
    let line = try world.addLine(videoParameters())
    try world.a.send(vp8Frame(1, isKey: true, size: 300).span, FrameTiming(timestamp: 0), on: line, now: world.now)
    world.settle()
    let number = sequenceNumber(world.sent[0].bytes)
    let media = try #require(world.a.sendingStream(of: line)).ssrc
    let nack = nackPacket(sender: 1, media: media, [(number, 0)])
    world.a.receiveControl(nack.span, now: world.now)
    var paused = videoParameters()
    paused.sends = false
    world.a.configure(line, paused, now: world.now)
    world.a.configure(line, videoParameters(), now: world.now)
    world.a.receiveControl(nack.span, now: world.now)
    world.settle()
    #expect(world.a.statistics(of: line)?.outbound.repeatsRefused == 1)
    #expect(world.sent.count == 1)
    try world.a.send(vp8Frame(2, isKey: true, size: 300).span, FrameTiming(timestamp: 1), on: line, now: world.now)
    world.run(for: .milliseconds(10))
    #expect(sequenceNumber(world.sent[1].bytes) == number &+ 1)
  }
}
