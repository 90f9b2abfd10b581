import Bytes
import RTP
import Testing
import Time

@Suite struct SessionFeedbackTests {
  /// A world with one video line on which a frame has been sent.
  func playing(_ parameters: LineParameters = videoParameters()) throws -> (world: SessionWorld, line: Int, media: UInt32) {
    var world = try SessionWorld()
    let line = try world.addLine(parameters)
    try world.a.send(vp8Frame(1, isKey: true, size: 3000).span, FrameTiming(timestamp: 0), on: line, now: world.now)
    world.run(for: .milliseconds(100))
    world.eventsOfA = []
    return (world, line, try #require(world.a.sendingStream(of: line)).ssrc)
  }

  func control(_ write: (inout SpanWriter) -> Void) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 400)
    var writer = SpanWriter(bytes.mutableSpan)
    write(&writer)
    let count = writer.count
    return Array(bytes[..<count])
  }

  @Test func `requests for key frames become events at a bounded rate, and the last one is not lost`() throws {
    var (world, line, media) = try self.playing()
    let pli = self.control { KeyFrameRequest.writePictureLoss(sender: 1, media: media, into: &$0) }
    for _ in 0..<10 {
      world.a.receiveControl(pli.span, now: world.now)
      world.run(for: .milliseconds(10))
    }
    #expect(world.eventsOfA == [.keyFrameRequested(line: line)])
    world.run(for: .milliseconds(200))
    #expect(world.eventsOfA == [.keyFrameRequested(line: line), .keyFrameRequested(line: line)])
    world.run(for: .seconds(1))
    #expect(world.eventsOfA.count == 2)
    #expect(world.a.statistics(of: line)?.outbound.pliCount == 10)
  }

  @Test func `a repeated FIR is one request, a new number is another`() throws {
    var (world, line, media) = try self.playing()
    for number in [1, 1, 1, 2] as [UInt8] {
      let fir = self.control { KeyFrameRequest.writeFullIntra(sender: 9, media: media, number: number, into: &$0) }
      world.a.receiveControl(fir.span, now: world.now)
      world.run(for: .milliseconds(300))
    }
    #expect(world.eventsOfA == [.keyFrameRequested(line: line), .keyFrameRequested(line: line)])
    #expect(world.a.statistics(of: line)?.outbound.firCount == 2)
  }

  @Test func `a receiver asks by FIR where PLI was not negotiated`() throws {
    var parameters = videoParameters()
    parameters.receiveCodecs[0].pli = false
    var (world, line, _) = try self.playing(parameters)
    world.b.requestKeyFrame(of: line, now: world.now)
    world.run(for: .milliseconds(100))
    #expect(world.eventsOfA == [.keyFrameRequested(line: line)])
    #expect(world.a.statistics(of: line)?.outbound.firCount == 1)
  }

  @Test func `feedback about another stream is passed over`() throws {
    var (world, line, media) = try self.playing()
    let pli = self.control { KeyFrameRequest.writePictureLoss(sender: 1, media: media &+ 1, into: &$0) }
    world.a.receiveControl(pli.span, now: world.now)
    world.a.receiveControl(nackPacket(sender: 1, media: media &+ 1, [(0, 0xFFFF)]).span, now: world.now)
    world.settle()
    #expect(world.eventsOfA.isEmpty)
    #expect(world.a.statistics(of: line)?.outbound.nackCount == 0)
  }

  @Test func `transport-wide feedback tells what arrived and how fast`() throws {
    var world = try SessionWorld()
    let line = try world.addLine(videoParameters(transportCC: true))
    var count = 0
    world.loses = {
      guard $0.toB, $0.kind == .rtp else { return false }
      count += 1
      return count % 10 == 0
    }
    for i in 0..<200 {
      try world.a.send(
        vp8Frame(i, isKey: true, size: 5000).span, FrameTiming(timestamp: UInt32(i) * 3000), on: line, now: world.now)
      world.run(for: .milliseconds(20))
    }
    world.run(for: .milliseconds(400))
    let transport = world.a.transportStatistics
    let sent = transport.packetsSent
    #expect(sent > 900)
    #expect(transport.packetsLost >= sent / 10 - 5 && transport.packetsLost <= sent / 10 + 1)
    #expect(transport.packetsAcknowledged + transport.packetsLost + 10 >= sent)
    // 50 frames of 5,000 bytes a second, less a tenth, and as much again as NACKs call for.
    #expect(transport.acknowledgedBitRate > 1_500_000 && transport.acknowledgedBitRate < 2_600_000)
    #expect(transport.fractionLost > 15 && transport.fractionLost < 40)
    #expect(transport.feedbackReceived >= 35)
    #expect(world.b.transportStatistics.feedbackSent == transport.feedbackReceived)
  }

  @Test func `the peer's limit is told, the newest only`() throws {
    var (world, line, _) = try self.playing()
    world.b.setReceiveLimit(1_000_000, of: line)
    world.run(for: .seconds(2))
    let told = world.eventsOfA
    #expect(told.contains(.bandwidth(bitsPerSecond: 1_000_000)))
    for i in 1...200 as ClosedRange<UInt64> {
      let remb = self.control { BandwidthEstimate(bitsPerSecond: i * 1000).write(sender: 1, media: 2, into: &$0) }
      world.a.receiveControl(remb.span, now: world.now)
    }
    #expect(world.a.pollEvent() == .bandwidth(bitsPerSecond: 200_000))
    #expect(world.a.pollEvent() == nil)
  }

  @Test func `a removed line says BYE, and the peer's stream goes`() throws {
    var (world, line, media) = try self.playing()
    #expect(world.b.streamCount == 1)
    world.a.removeLine(line, now: world.now)
    world.run(for: .milliseconds(100))
    #expect(world.b.streamCount == 0)
    #expect(world.eventsOfB.last == .streamRemoved(line: line, ssrc: media))
    #expect(world.a.sendingStream(of: line) == nil)
    // A straggler does not bring it back.
    let straggler = try #require(world.sent.first { $0.kind == .rtp }).bytes
    world.b.receive(straggler.span, now: world.now)
    #expect(world.b.streamCount == 0)
    #expect(world.b.statistics.unroutablePackets == 1)
  }

  @Test func `frames that are whole outlive a BYE`() throws {
    var world = try SessionWorld()
    let line = try world.addLine(videoParameters())
    try world.a.send(vp8Frame(1, isKey: true, size: 300).span, FrameTiming(timestamp: 0), on: line, now: world.now)
    world.settle()
    let media = try #require(world.a.sendingStream(of: line)).ssrc
    let first = try #require(world.sent.first).bytes
    world.b.receive(first.span, now: world.now)
    let bye: [UInt8] = [0x81, 203, 0, 1] + withUnsafeBytes(of: media.bigEndian) { Array($0) }
    world.b.receiveControl(bye.span, now: world.now)
    #expect(world.b.streamCount == 1)
    world.settle()
    #expect(world.framesAtB.count == 1)
    #expect(world.b.streamCount == 0)
  }

  @Test func `an idle session has nothing to wait for`() throws {
    var world = try SessionWorld()
    for _ in 0..<50 { try world.addLine(videoParameters()) }
    #expect(world.a.nextDeadline == nil)
    world.settle()
    #expect(world.sent.isEmpty)
  }

  @Test func `reports come about once an interval and stay within a packet`() throws {
    var world = try SessionWorld()
    var parameters = videoParameters(rtx: false)
    for i in 0..<40 {
      parameters.mid = Array("m\(i)".utf8)
      let line = try world.addLine(parameters)
      try world.a.send(vp8Frame(i, isKey: true, size: 200).span, FrameTiming(timestamp: 0), on: line, now: world.now)
    }
    world.run(for: .milliseconds(100))
    #expect(world.b.streamCount == 40)
    let before = world.sent.count
    world.run(for: .seconds(10))
    let reports = world.sent[before...].filter { $0.kind == .rtcp && !$0.toB && $0.bytes[1] == 201 }
    // 40 reports of 32 bytes and as many names take two or three packets.
    #expect(reports.count >= 16 && reports.count <= 45)
    for line in 0..<40 {
      #expect(try #require(world.a.statistics(of: line)).remoteInbound.reportsReceived >= 7)
    }
  }


  /// The RTCP packets that a session has to send now, by their second byte.
  func control(from session: inout Session, at now: Instant) -> [UInt8] {
    var kinds: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1200)
    while true {
      var writer = SpanWriter(buffer.mutableSpan)
      guard let kind = session.pollTransmit(into: &writer, now: now) else { return kinds }
      if kind == .rtcp { kinds.append(buffer[1]) }
    }
  }

  func pass(_ interval: Interval, _ session: inout Session, _ now: inout Instant, _ atDeadline: (inout Session, Instant) -> Void) {
    let end = now + interval
    while let deadline = session.nextDeadline, deadline <= end {
      now = deadline
      session.advance(to: now)
      atDeadline(&session, now)
    }
    now = end
  }

  @Test func `reports go on with a new stream after all streams fell silent while nothing could be sent`() throws {
    let (world, _, _) = try self.playing()
    let first = try #require(world.sent.first { $0.kind == .rtp }).bytes
    var b = world.b
    var now = world.now
    self.pass(.seconds(60), &b, &now) { _, _ in }
    #expect(b.streamCount == 0)
    b.receive(first.span, now: now)
    var reports = self.control(from: &b, at: now).filter { $0 == 201 }.count
    self.pass(.seconds(10), &b, &now) { session, now in
      reports += self.control(from: &session, at: now).filter { $0 == 201 }.count
    }
    #expect(reports >= 5)
  }

  @Test func `feedback that is written late is repeated an interval after it was written`() throws {
    var configuration = Session.Configuration()
    configuration.reportInterval = .seconds(3600)
    var world = try SessionWorld(b: configuration)
    let line = try world.addLine(videoParameters())
    try world.a.send(vp8Frame(1, isKey: true, size: 300).span, FrameTiming(timestamp: 0), on: line, now: world.now)
    world.run(for: .milliseconds(100))
    world.b.requestKeyFrame(of: line, now: world.now)
    var now = world.now + .seconds(1)
    world.b.advance(to: now)
    #expect(self.control(from: &world.b, at: now) == [206])
    let written = now
    var next: Instant?
    self.pass(.seconds(1), &world.b, &now) { session, now in
      if next == nil, self.control(from: &session, at: now) == [206] { next = now }
    }
    #expect(next == written + .milliseconds(200))
  }

  @Test func `a stream that said BYE is asked for nothing`() throws {
    var world = try SessionWorld()
    let line = try world.addLine(videoParameters())
    for i in 0..<3 {
      try world.a.send(
        vp8Frame(i, isKey: i == 0, size: 300).span, FrameTiming(timestamp: UInt32(i)), on: line, now: world.now)
    }
    world.run(for: .milliseconds(10))
    let media = try #require(world.a.sendingStream(of: line)).ssrc
    // The second packet is missing, and nobody takes the frame before it.
    let first = world.sent[0].bytes
    let third = world.sent[2].bytes
    world.b.receive(first.span, now: world.now)
    world.b.receive(third.span, now: world.now)
    let bye: [UInt8] = [0x81, 203, 0, 1] + withUnsafeBytes(of: media.bigEndian) { Array($0) }
    world.b.receiveControl(bye.span, now: world.now)
    #expect(world.b.streamCount == 1)
    var now = world.now
    var asked: [UInt8] = []
    var b = world.b
    self.pass(.seconds(1), &b, &now) { session, now in
      asked += self.control(from: &session, at: now).filter { $0 == 205 || $0 == 206 }
    }
    #expect(asked.isEmpty)
  }

  @Test func `a stream that goes on after a BYE is heard once its stragglers are through`() throws {
    var (world, line, media) = try self.playing()
    let packet = try #require(world.sent.first { $0.kind == .rtp }).bytes
    let bye: [UInt8] = [0x81, 203, 0, 1] + withUnsafeBytes(of: media.bigEndian) { Array($0) }
    world.b.receiveControl(bye.span, now: world.now)
    world.b.receive(packet.span, now: world.now + .milliseconds(499))
    #expect(world.b.streamCount == 0)
    world.b.receive(packet.span, now: world.now + .milliseconds(500))
    #expect(world.b.streamCount == 1)
    // A line that is told to receive again has no stragglers: offer and answer took a round trip.
    world.b.receiveControl(bye.span, now: world.now + .milliseconds(500))
    var parameters = videoParameters()
    parameters.sends = false
    world.b.configure(line, parameters, now: world.now + .milliseconds(500))
    parameters.receives = true
    world.b.configure(line, parameters, now: world.now + .milliseconds(500))
    world.b.receive(packet.span, now: world.now + .milliseconds(500))
    #expect(world.b.streamCount == 1)
  }

  @Test func `packets of a line without transport-wide feedback are told in that of another`() throws {
    var session = try Session(random: SeededRandom(seed: .init(1)), now: .zero)
    var video = videoParameters(transportCC: true)
    video.receives = true
    var audio = audioParameters()
    audio.extensions.transportSequence = 3
    session.configure(try session.addLine(kind: .audio), audio, now: .zero)
    session.configure(try session.addLine(kind: .video), video, now: .zero)
    let sample: [UInt8] = [0x90, 111, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xBE, 0xDE, 0, 1, 0x31, 0, 9, 0, 0x78, 1]
    session.receive(sample.span, now: .zero)
    #expect(session.streamCount == 1)
    var now = Instant.zero
    var told = 0
    self.pass(.milliseconds(260), &session, &now) { session, now in
      told += self.control(from: &session, at: now).filter { $0 == 205 }.count
    }
    #expect(told == 1)
  }

  @Test(arguments: [(packets: 15, told: 250), (16, 100), (40, 100)])
  func `few arrivals are told later than many`(packets: Int, told: UInt64) throws {
    var session = try Session(random: SeededRandom(seed: .init(1)), now: .zero)
    var video = videoParameters(transportCC: true)
    video.receives = true
    session.configure(try session.addLine(kind: .video), video, now: .zero)
    for number in UInt8(0)..<UInt8(packets) {
      let packet: [UInt8] = [0x90, 96, 0, number, 0, 0, 0, 2, 0, 0, 0, 3, 0xBE, 0xDE, 0, 1, 0x31, 0, number, 0, 0x10, 1]
      session.receive(packet.span, now: .zero + .milliseconds(UInt32(number)))
    }
    var now = Instant.zero + .milliseconds(UInt32(packets))
    var times: [UInt64] = []
    self.pass(.milliseconds(400), &session, &now) { session, now in
      for kind in self.control(from: &session, at: now) where kind == 205 { times.append((now - .zero).nanoseconds / 1_000_000) }
    }
    #expect(times.first.map { $0 >= told && $0 < told + 10 } == true)
  }

  @Test func `packets that probe the path before there is a stream are told in transport-wide feedback`() throws {
    var session = try Session(random: SeededRandom(seed: .init(1)), now: .zero)
    var parameters = videoParameters(transportCC: true)
    parameters.receives = true
    session.configure(try session.addLine(kind: .video), parameters, now: .zero)
    // An RTX packet of padding alone.
    let probe: [UInt8] =
      [0xB0, 97, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xBE, 0xDE, 0, 1, 0x31, 0, 9, 0] + [UInt8](repeating: 0, count: 99) + [100]
    session.receive(probe.span, now: .zero)
    #expect(session.streamCount == 0)
    var now = Instant.zero
    var told = 0
    self.pass(.milliseconds(260), &session, &now) { session, now in
      told += self.control(from: &session, at: now).filter { $0 == 205 }.count
    }
    #expect(told == 1)
  }
}
