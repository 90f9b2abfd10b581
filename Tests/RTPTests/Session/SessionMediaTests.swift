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
}
