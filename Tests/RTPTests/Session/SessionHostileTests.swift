import Bytes
import Testing
import Time

@testable import RTP

@Suite struct SessionHostileTests {
  /// A call both ways with losses: every packet that was on its way, and the sessions at its end.
  func call() throws -> SessionWorld {
    var world = try SessionWorld()
    var parameters = videoParameters(transportCC: true, reducedSize: false)
    parameters.receives = true
    let audio = try world.addLine(audioParameters())
    let video = try world.addLine(parameters)
    world.loses = { $0.order % 13 == 0 }
    for i in 0..<60 {
      let sample: [UInt8] = [0x78, UInt8(i)]
      try world.a.send(sample.span, FrameTiming(timestamp: UInt32(i) * 960), on: audio, now: world.now)
      let frame = vp8Frame(i, isKey: i % 20 == 0, size: 2500)
      try world.a.send(frame.span, FrameTiming(timestamp: UInt32(i) * 1800), on: video, now: world.now)
      try world.b.send(frame.span, FrameTiming(timestamp: UInt32(i) * 1800), on: video, now: world.now)
      world.run(for: .milliseconds(20))
    }
    return world
  }

  /// Everything that a session writes now and in the next second.
  func output(of session: inout Session, now: Instant) -> [[UInt8]] {
    var now = now
    let end = now + .seconds(1)
    var buffer = [UInt8](repeating: 0, count: 1200)
    var result: [[UInt8]] = []
    while true {
      while true {
        var writer = SpanWriter(buffer.mutableSpan)
        guard session.pollTransmit(into: &writer, now: now) != nil else { break }
        let count = writer.count
        result.append(Array(buffer[..<count]))
      }
      while session.pollEvent() != nil {}
      guard let next = session.nextDeadline, next <= end else { return result }
      #expect(next > now)
      now = next
      session.advance(to: now)
    }
  }

  @Test func `packets cut at every length and with every bit turned are survived`() throws {
    let world = try self.call()
    var session = world.b
    let now = world.now
    var malformed = 0
    for packet in world.sent.filter(\.toB).suffix(40) {
      for count in 0..<packet.bytes.count where packet.kind == .rtcp || count < 60 {
        let cut = Array(packet.bytes[..<count])
        if packet.kind == .rtp { session.receive(cut.span, now: now) } else { session.receiveControl(cut.span, now: now) }
        malformed += 1
      }
      for bit in 0..<min(packet.bytes.count, 60) * 8 {
        var turned = packet.bytes
        turned[bit / 8] ^= 1 << (bit % 8)
        var fork = session
        if packet.kind == .rtp { fork.receive(turned.span, now: now) } else { fork.receiveControl(turned.span, now: now) }
        #expect(fork.streamCount <= 8)
      }
      // The other kind's parser, too.
      session.receiveControl(packet.bytes.span, now: now)
    }
    let statistics = session.statistics
    #expect(statistics.malformedPackets > 100 && statistics.malformedControlPackets > 40)
    #expect(malformed > 1000)
    _ = self.output(of: &session, now: now)
  }

  @Test func `packets that are replayed change nothing that is delivered`() throws {
    var world = try self.call()
    world.run(for: .seconds(1))
    let before = world.framesAtB.count
    for packet in world.sent where packet.toB && packet.kind == .rtp {
      world.b.receive(packet.bytes.span, now: world.now)
      world.settle()
    }
    world.run(for: .seconds(1))
    #expect(world.framesAtB.count == before)
  }

  @Test(arguments: 0..<10)
  func `random bytes are survived, and a copy that hears them not goes on as before`(seed: Int) throws {
    let world = try self.call()
    var session = world.b
    var untouched = world.b
    var random = SeededRandom(seed: .init(UInt64(seed)))
    var now = world.now
    for i in 0..<2000 {
      var bytes = [UInt8](repeating: 0, count: Int(random.next(below: 120)))
      var span = bytes.mutableSpan
      random.fill(&span)
      if bytes.count > 12, i % 2 == 0 {
        // Right enough to get in: version, a known type or payload type, a known source.
        bytes[0] = 0x80 | bytes[0] & 0x1F
        bytes[1] = i % 4 == 0 ? [200, 201, 202, 203, 205, 206, 207][i / 4 % 7] : [96, 97, 111][i / 4 % 3]
        if i % 4 == 0 {
          bytes[2] = 0
          bytes[3] = UInt8(bytes.count / 4 - 1)
          bytes.removeLast(bytes.count % 4)
        }
        let own = try #require(session.sendingStream(of: 1)).ssrc
        let known = session.stream(at: 0)?.ssrc ?? 1
        let source = i % 3 == 0 ? own : known
        for k in 0..<4 { bytes[8 + k] = UInt8(truncatingIfNeeded: source >> UInt32(24 - 8 * k)) }
      }
      if i % 4 == 0 { session.receiveControl(bytes.span, now: now) } else { session.receive(bytes.span, now: now) }
      if i % 50 == 0 {
        now = now + .milliseconds(UInt32(random.next(below: 100)))
        session.advance(to: now)
        if let next = session.nextDeadline { #expect(next > now) }
        while session.pollEvent() != nil {}
      }
      #expect(session.streamCount <= 16)
    }
    _ = self.output(of: &session, now: now)
    var again = world.b
    #expect(self.output(of: &untouched, now: world.now) == self.output(of: &again, now: world.now))
  }

  @Test func `the same seed and the same inputs give the same bytes`() throws {
    let one = try self.call()
    let other = try self.call()
    #expect(one.sent.map(\.bytes) == other.sent.map(\.bytes))
    #expect(one.sent.count > 400)
  }

  @Test func `configurations out of range are refused`() {
    func refused(_ change: (inout Session.Configuration) -> Void) -> Bool {
      var configuration = Session.Configuration()
      change(&configuration)
      do { _ = try Session(configuration: configuration, random: SeededRandom(seed: .init(1)), now: .zero) } catch { return true }
      return false
    }
    #expect(!refused { _ in })
    #expect(refused { $0.maximumPacketSize = 100 })
    #expect(refused { $0.videoStore.bytes = 4000 })
    #expect(refused { $0.audioStore.packets = 2 })
    #expect(refused { $0.pacingStep = .zero })
    #expect(refused { $0.reportInterval = .zero })
    #expect(refused { $0.maximumLines = 0 })
    #expect(refused { $0.maximumStreamsPerLine = 32 })
    // The report of so many streams does not fit.
    #expect(refused {
      $0.maximumPacketSize = 400
      $0.maximumStreamsPerLine = 20
    })
    #expect(refused { $0.videoReceiver.maximumBytes = 1 })
    #expect(refused { $0.cname = [UInt8](repeating: 1, count: 256) })
  }

  @Test func `lines are bounded, and a removed one is taken again once nothing is left to be told of it`() throws {
    var configuration = Session.Configuration()
    configuration.maximumLines = 2
    var session = try Session(configuration: configuration, random: SeededRandom(seed: .init(1)), now: .zero)
    #expect(try session.addLine(kind: .audio) == 0)
    #expect(try session.addLine(kind: .video) == 1)
    #expect(throws: Session.UsageError.tooManyLines) { try session.addLine(kind: .video) }
    session.removeLine(0, now: .zero)
    session.tell(.keyFrameRequested(line: 0))
    #expect(throws: Session.UsageError.tooManyLines) { try session.addLine(kind: .video) }
    let event = session.pollEvent()
    #expect(event == .keyFrameRequested(line: 0))
    #expect(try session.addLine(kind: .video) == 0)
    let streams = (session.sendingStream(of: 0), session.sendingStream(of: 1))
    #expect(streams.0 != nil && streams.0 != streams.1)
    session.removeLine(0, now: .zero)
    // A removed line cannot be used.
    session.configure(0, audioParameters(), now: .zero)
    let sample: [UInt8] = [0x78, 1]
    #expect(throws: SendError.notNegotiated) {
      try session.send(sample.span, FrameTiming(timestamp: 0), on: 0, now: .zero)
    }
  }
}
