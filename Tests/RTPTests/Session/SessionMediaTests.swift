import Bytes
import RTP
import Testing
import Time

@Suite struct SessionMediaTests {
  @Test func `video and audio arrive whole, in order and with their times`() throws {
    var world = try SessionWorld()
    let audio = try world.addLine(audioParameters())
    let video = try world.addLine(videoParameters())
    var audioSent: [[UInt8]] = []
    var videoSent: [[UInt8]] = []
    for i in 0..<100 {
      let sample = [0x78, UInt8(i), 1, 2, 3]
      var timing = FrameTiming(timestamp: UInt32(i) * 960)
      timing.audioLevel = UInt8(i)
      timing.hasVoice = i % 2 == 0
      try world.a.send(sample.span, timing, on: audio, now: world.now)
      audioSent.append(sample)
      if i % 2 == 0 {
        let frame = vp8Frame(i, isKey: i % 30 == 0, size: 100 + i * 97)
        try world.a.send(frame.span, FrameTiming(timestamp: UInt32(i) * 1800), on: video, now: world.now)
        videoSent.append(frame)
      }
      world.run(for: .milliseconds(20))
    }
    world.run(for: .milliseconds(200))
    let audioGot = world.framesAtB.filter { $0.frame.line == audio }
    let videoGot = world.framesAtB.filter { $0.frame.line == video }
    #expect(audioGot.map(\.bytes) == audioSent)
    #expect(videoGot.map(\.bytes) == videoSent)
    for (i, got) in audioGot.enumerated() {
      #expect(got.frame.audioLevel == UInt8(i))
      #expect(got.frame.hasVoice == (i % 2 == 0))
      #expect(got.frame.mediaTime == Int64(i) * 960)
    }
    for (i, got) in videoGot.enumerated() {
      #expect(got.frame.mediaTime == Int64(i) * 3600)
      #expect(got.frame.isKeyFrame == (i % 15 == 0))
    }
    #expect(videoGot.allSatisfy { !$0.frame.followsLoss })
    #expect(world.b.statistics.unroutablePackets == 0)
    #expect(world.b.statistics.malformedControlPackets == 0 && world.a.statistics.malformedControlPackets == 0)
    let added = world.eventsOfB.filter { if case .streamAdded = $0 { true } else { false } }
    let audioSSRC = try #require(world.a.sendingStream(of: audio)).ssrc
    let videoSSRC = try #require(world.a.sendingStream(of: video)).ssrc
    let expected: [Session.Event] = [
      .streamAdded(line: audio, ssrc: audioSSRC, codec: Codec(.opus)),
      .streamAdded(line: video, ssrc: videoSSRC, codec: Codec(.vp8)),
    ]
    #expect(added == expected)
  }

  @Test func `reports tell both sides of the round trip, and the receiver of the sender's clock`() throws {
    var world = try SessionWorld()
    let line = try world.addLine(videoParameters())
    for i in 0..<150 {
      let frame = vp8Frame(i, isKey: i == 0, size: 2000)
      try world.a.send(frame.span, FrameTiming(timestamp: UInt32(i) * 3000), on: line, now: world.now)
      world.run(for: .milliseconds(33))
    }
    let local = try #require(world.a.statistics(of: line))
    let stream = try #require(world.b.stream(at: 0))
    #expect(local.remoteInbound.reportsReceived >= 3)
    #expect(local.remoteInbound.packetsLost == 0)
    let roundTrip = try #require(world.a.roundTripTime)
    #expect(roundTrip >= .milliseconds(99) && roundTrip <= .milliseconds(101))
    // B sends nothing: it knows by extended reports (RFC 3611).
    let other = try #require(world.b.roundTripTime)
    #expect(other >= .milliseconds(99) && other <= .milliseconds(101))
    #expect(stream.remoteOutbound.reportsSent >= 3)
    #expect(UInt64(stream.remoteOutbound.packetsSent) <= local.outbound.packetsSent)
    #expect(stream.cname.count == 16)
    // The timestamp of the report's moment, on the stream's clock.
    let reportTime = stream.remoteOutbound.ntpTime
    let started = UInt64(5) << 32
    let seconds = Double(reportTime - started) / 4_294_967_296
    let first = try #require(world.framesAtB.first).frame.timestamp
    #expect(abs(Double(stream.remoteOutbound.rtpTimestamp &- first) / 90_000 - seconds) < 0.05)
  }

  @Test func `a video frame is spread over the pacing interval, and audio does not wait behind it`() throws {
    var world = try SessionWorld()
    let audio = try world.addLine(audioParameters())
    let video = try world.addLine(videoParameters())
    let start = world.now
    try world.a.send(vp8Frame(1, isKey: true, size: 100_000).span, FrameTiming(timestamp: 0), on: video, now: start)
    world.run(for: .milliseconds(3))
    let sample: [UInt8] = [0x78, 1, 2]
    try world.a.send(sample.span, FrameTiming(timestamp: 0), on: audio, now: world.now)
    world.settle()
    let last = try #require(world.sent.last)
    #expect(last.bytes.suffix(3) == [0x78, 1, 2])
    world.run(for: .milliseconds(20))
    let times = world.sent.filter { $0.toB && $0.kind == .rtp && $0.bytes.count > 100 }.map(\.at)
    #expect(times.count > 80)
    let spread = times.last! - times.first!
    #expect(spread >= .milliseconds(8) && spread <= .milliseconds(11))
    // No group is larger than a tenth.
    var groups: [UInt64: Int] = [:]
    for time in times { groups[time.nanoseconds, default: 0] += 1 }
    #expect(groups.values.max()! <= 10)
  }

  @Test func `a store that is full of waiting packets refuses frames whole`() throws {
    var configuration = Session.Configuration()
    configuration.videoStore.bytes = 20_000
    var world = try SessionWorld(a: configuration)
    let line = try world.addLine(videoParameters())
    let now = world.now
    try world.a.send(vp8Frame(1, isKey: true, size: 9000).span, FrameTiming(timestamp: 0), on: line, now: now)
    let second = vp8Frame(2, isKey: false, size: 9000)
    let huge = vp8Frame(2, isKey: false, size: 30_000)
    #expect(throws: SendError.wouldBlock) {
      try world.a.send(second.span, FrameTiming(timestamp: 3000), on: line, now: now)
    }
    #expect(throws: SendError.tooLarge) {
      try world.a.send(huge.span, FrameTiming(timestamp: 3000), on: line, now: now)
    }
    world.run(for: .milliseconds(20))
    // The sent packets gave way.
    try world.a.send(vp8Frame(3, isKey: false, size: 9000).span, FrameTiming(timestamp: 6000), on: line, now: world.now)
    world.run(for: .milliseconds(200))
    #expect(world.framesAtB.count == 2)
    #expect(world.a.statistics(of: line)?.outbound.framesRefused == 1)
  }

  @Test func `what may not be sent is refused`() throws {
    var world = try SessionWorld()
    let line = try world.addLine(videoParameters())
    let now = world.now
    let frame = vp8Frame(1, isKey: true, size: 100)
    #expect(throws: SendError.notNegotiated) { try world.a.send(frame.span, FrameTiming(timestamp: 0), on: 7, now: now) }
    #expect(throws: SendError.notNegotiated) { try world.b.send(frame.span, FrameTiming(timestamp: 0), on: line, now: now) }
    let nothing: [UInt8] = []
    #expect(throws: SendError.malformed) { try world.a.send(nothing.span, FrameTiming(timestamp: 0), on: line, now: now) }
    let large = [UInt8](repeating: 1, count: 1200)
    #expect(throws: SendError.tooLarge) {
      try world.a.sendPacket(
        large.span, marker: false, FrameTiming(timestamp: 0), on: line, now: now)
    }
    var paused = videoParameters()
    paused.sends = false
    world.configure(line, paused)
    #expect(throws: SendError.notNegotiated) { try world.a.send(frame.span, FrameTiming(timestamp: 0), on: line, now: now) }
  }

  @Test func `a paused line goes on where it stopped`() throws {
    var world = try SessionWorld()
    let line = try world.addLine(videoParameters())
    try world.a.send(vp8Frame(1, isKey: true, size: 50_000).span, FrameTiming(timestamp: 0), on: line, now: world.now)
    var paused = videoParameters()
    paused.sends = false
    // Some of the frame is still waiting: it is not sent any more, and its sequence numbers are used again.
    world.settle()
    world.configure(line, paused)
    world.run(for: .milliseconds(300))
    world.configure(line, videoParameters())
    try world.a.send(vp8Frame(2, isKey: true, size: 5000).span, FrameTiming(timestamp: 9000), on: line, now: world.now)
    world.run(for: .milliseconds(300))
    #expect(world.framesAtB.map(\.bytes) == [vp8Frame(2, isKey: true, size: 5000)])
    let numbers = world.sent.filter { $0.kind == .rtp }.map { sequenceNumber($0.bytes) }
    for (one, next) in zip(numbers, numbers.dropFirst()) { #expect(next == one &+ 1) }
  }

  @Test func `forwarded packets keep their payloads and get headers of their own`() throws {
    var world = try SessionWorld()
    var forwarding = Receiver.Configuration(.video)
    forwarding.delivery = .packets
    let line = try world.addLine(videoParameters(), receiver: forwarding)
    let payload: [UInt8] = [0x10, 0x10, 0, 0, 0x9D, 1, 0x2A, 0x40, 1, 0xF0, 0]
    try world.a.sendPacket(payload.span, marker: true, FrameTiming(timestamp: 90), on: line, now: world.now)
    world.run(for: .milliseconds(60))
    #expect(world.b.nextPacketSize == payload.count)
    var buffer = [UInt8](repeating: 0, count: 100)
    var writer = SpanWriter(buffer.mutableSpan)
    let received = world.b.receivePacket(into: &writer)
    let count = writer.count
    #expect(Array(buffer[..<count]) == payload)
    #expect(received?.header.marker == true)
    #expect(received?.header.ssrc == world.a.sendingStream(of: line)?.ssrc)
    #expect(received?.line == line)
    #expect(world.b.nextPacketSize == nil)
  }

  @Test func `what nobody polled in time leaves at once, and no deadline stays behind`() throws {
    var session = try Session(random: SeededRandom(seed: .init(1)), now: .zero)
    let line = try session.addLine(kind: .video)
    session.configure(line, videoParameters(), now: .zero)
    try session.send(vp8Frame(1, isKey: true, size: 30_000).span, FrameTiming(timestamp: 0), on: line, now: .zero)
    let now = Instant.zero + .milliseconds(50)
    var buffer = [UInt8](repeating: 0, count: 1500)
    var packets = 0
    while true {
      var writer = SpanWriter(buffer.mutableSpan)
      guard session.pollTransmit(into: &writer, now: now) == .rtp else { break }
      packets += 1
    }
    #expect(packets > 25)
    #expect(session.nextDeadline.map { $0 > now } ?? true)
  }

  @Test func `a packet is forwarded where it lies, once, and kept only when asked to`() throws {
    var configuration = Session.Configuration()
    configuration.videoReceiver.delivery = .inPlace
    var session = try Session(configuration: configuration, random: SeededRandom(seed: .init(1)), now: .zero)
    var video = videoParameters()
    video.receives = true
    session.configure(try session.addLine(kind: .video), video, now: .zero)
    let payload: [UInt8] = [0x10, 0x10, 0, 0, 0x9D, 1, 0x2A, 0x40, 1, 0xF0, 0]
    let first: [UInt8] = [0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3] + payload
    let received = session.receive(first.span, now: .zero)
    #expect(received.map { Array(first[$0.header.payloadOffset...].prefix($0.header.payloadCount)) } == payload)
    #expect(received?.isKeyFrame == true && received?.isRepair == false && received?.header.sequenceNumber == 1)
    let again = session.receive(first.span, now: .zero)
    #expect(again == nil)
    #expect(session.nextPacketSize == nil)
    // The repeat of a missing one, by RTX: the payload begins behind the original's number.
    let third: [UInt8] = [0x80, 96, 0, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0x10, 7]
    let rtx: [UInt8] = [0x80, 97, 0, 9, 0, 0, 0, 2, 0, 0, 0, 4, 0, 2, 0x10, 8]
    session.receive(third.span, now: .zero)
    let repeated = session.receive(rtx.span, now: .zero + .milliseconds(5))
    #expect(repeated?.isRepair == true && repeated?.header.sequenceNumber == 2 && repeated?.header.ssrc == 3)
    #expect(repeated?.header.payloadOffset == 14 && repeated?.header.payloadCount == 2)
    let fourth: [UInt8] = [0x80, 0xE0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 3, 0x10, 9]
    let kept = session.receive(fourth.span, keeps: true, now: .zero + .milliseconds(6))
    #expect(kept == nil)
    #expect(session.nextPacketSize == 2)
  }

  @Test func `a forwarded packet may be as large as packets are, and is repeated by RTX with two bytes more`() throws {
    var session = try Session(random: SeededRandom(seed: .init(1)), now: .zero)
    var video = videoParameters()
    video.sends = true
    let line = try session.addLine(kind: .video)
    session.configure(line, video, now: .zero)
    var buffer = [UInt8](repeating: 0, count: 1202)
    func poll(room: Int, now: Instant) -> Int? {
      var span = buffer.mutableSpan
      var writer = SpanWriter(span._mutatingExtracting(0..<room))
      return session.pollTransmit(into: &writer, now: now) == .rtp ? writer.count : nil
    }
    var payload = [UInt8](repeating: 1, count: 1200)
    var size = 1200
    while (try? session.sendPacket(
      payload.span.extracting(0..<size), marker: true, FrameTiming(timestamp: 0), on: line, now: .zero)) == nil { size -= 1 }
    #expect(poll(room: 1202, now: .zero) == 1200)
    let number = UInt16(buffer[2]) << 8 | UInt16(buffer[3])
    payload = Array(buffer[12..<1200])
    let ssrc = Array(buffer[8..<12])
    // A generic NACK (RFC 4585 section 6.2.1).
    let nack: [UInt8] = [0x81, 205, 0, 3, 0, 0, 0, 9] + ssrc + [UInt8(number >> 8), UInt8(number & 255), 0, 0]
    session.receiveControl(nack.span, now: .zero + .milliseconds(20))
    #expect(poll(room: 1201, now: .zero + .milliseconds(20)) == nil)
    #expect(poll(room: 1202, now: .zero + .milliseconds(20)) == 1202)
    #expect(buffer[1] & 0x7F == 97 && Array(buffer.suffix(1000)) == Array(payload.suffix(1000)))
  }
}
