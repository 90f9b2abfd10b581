import Bytes
import RTP
import Testing
import Time

@Suite struct SessionDeadlineTests {
  @Test func `a stream that goes while another's timer is overdue leaves no deadline in the past`() throws {
    var world = try SessionWorld()
    let audio = try world.addLine(audioParameters())
    let video = try world.addLine(videoParameters(transportCC: false, reducedSize: false))
    world.loses = { $0.kind == .rtcp }
    let sample: [UInt8] = [0x78, 1]
    try world.a.send(sample.span, FrameTiming(timestamp: 0), on: audio, now: world.now)
    world.run(for: .milliseconds(100))
    let key = vp8Frame(0, isKey: true, size: 2500)
    try world.a.send(key.span, FrameTiming(timestamp: 0), on: video, now: world.now)
    world.run(for: .seconds(17))
    // A gap in the video, whose timers are not looked at before the audio has been silent for 30 s.
    world.loses = { $0.kind == .rtcp || $0.order % 2 == 0 }
    let frame = vp8Frame(1, isKey: false, size: 9000)
    try world.a.send(frame.span, FrameTiming(timestamp: 90_000), on: video, now: world.now)
    world.run(for: .milliseconds(62))
    let overdue = try #require(world.b.nextDeadline)
    let now = world.now + .seconds(24)
    #expect(world.b.streamCount == 2 && overdue < now)
    world.b.advance(to: now)
    #expect(world.b.streamCount == 1)
    #expect(world.b.nextDeadline ?? .distantFuture > now)
  }
}
