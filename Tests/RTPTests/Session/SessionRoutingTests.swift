import Bytes
import RTP
import Testing
import Time

@Suite struct SessionRoutingTests {
  let now = Instant(nanoseconds: 1_000_000_000)

  /// A packet that carries one Opus byte or a VP8 key frame.
  func packet(
    ssrc: UInt32, payloadType: UInt8, number: UInt16 = 1, mid: String = "", rid: String = "", map: HeaderExtensionMap
  ) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 200)
    var header = PacketHeader(payloadType: payloadType, sequenceNumber: number, timestamp: 0, ssrc: ssrc)
    header.marker = true
    let midBytes = Array(mid.utf8)
    let ridBytes = Array(rid.utf8)
    var writer = SpanWriter(bytes.mutableSpan)
    header.write(into: &writer, extensions: map, mid: midBytes.span, rid: ridBytes.span)
    writer.write([0x10, 0x10, 0, 0, 0x9D, 1, 0x2A, 0x40, 1, 0xF0, 0])
    let count = writer.count
    return Array(bytes[..<count])
  }

  func session(_ configuration: Session.Configuration = .init(), mids: [String]) throws -> Session {
    var session = try Session(configuration: configuration, random: SeededRandom(seed: .init(4)), now: self.now)
    for mid in mids {
      var parameters = videoParameters()
      parameters.mid = Array(mid.utf8)
      parameters.receives = true
      parameters.extensions.rid = 5
      parameters.extensions.repairedRID = 6
      let line = try session.addLine(kind: .video)
      session.configure(line, parameters, now: self.now)
    }
    return session
  }

  var map: HeaderExtensionMap {
    var map = videoParameters().extensions
    map.rid = 5
    return map
  }

  func line(of ssrc: UInt32, in session: Session) -> Int? {
    for i in 0..<session.streamCount {
      if let stream = session.stream(at: i), stream.ssrc == ssrc { return stream.line }
    }
    return nil
  }

  @Test func `the mid decides, and is remembered for the SSRC`() throws {
    var session = try self.session(mids: ["a", "b"])
    session.receive(self.packet(ssrc: 10, payloadType: 96, mid: "b", map: self.map).span, now: self.now)
    session.receive(self.packet(ssrc: 10, payloadType: 96, number: 2, map: self.map).span, now: self.now)
    #expect(self.line(of: 10, in: session) == 1)
    #expect(session.statistics.unroutablePackets == 0)
    #expect(session.stream(at: 0)?.inbound.packetsReceived == 2)
  }

  @Test func `a mid that no line has, and a payload type that several have, lead nowhere`() throws {
    var session = try self.session(mids: ["a", "b"])
    session.receive(self.packet(ssrc: 10, payloadType: 96, mid: "c", map: self.map).span, now: self.now)
    session.receive(self.packet(ssrc: 11, payloadType: 96, map: self.map).span, now: self.now)
    session.receive(self.packet(ssrc: 12, payloadType: 50, mid: "a", map: self.map).span, now: self.now)
    #expect(session.streamCount == 0)
    #expect(session.statistics.unroutablePackets == 3)
  }

  @Test func `a payload type that one line has is enough`() throws {
    var session = try self.session(mids: ["a"])
    session.receive(self.packet(ssrc: 11, payloadType: 96, map: self.map).span, now: self.now)
    #expect(self.line(of: 11, in: session) == 0)
  }

  @Test func `an announced SSRC finds its line without a mid`() throws {
    var session = try self.session(mids: ["a", "b"])
    var parameters = videoParameters()
    parameters.mid = Array("b".utf8)
    parameters.receives = true
    parameters.remoteStreams = [AnnouncedStream(ssrc: 77, rtxSSRC: 78)]
    session.configure(1, parameters, now: self.now)
    session.receive(self.packet(ssrc: 77, payloadType: 96, map: self.map).span, now: self.now)
    #expect(self.line(of: 77, in: session) == 1)
    #expect(session.stream(at: 0)?.rtxSSRC == 78)
  }

  @Test func `another mid moves an SSRC to its line`() throws {
    var session = try self.session(mids: ["a", "b"])
    session.receive(self.packet(ssrc: 10, payloadType: 96, mid: "a", map: self.map).span, now: self.now)
    session.receive(self.packet(ssrc: 10, payloadType: 96, number: 2, mid: "b", map: self.map).span, now: self.now)
    #expect(self.line(of: 10, in: session) == 1)
    #expect(session.streamCount == 1)
  }

  @Test func `RTX streams find what they repair by its rid`() throws {
    var session = try self.session(mids: ["a"])
    session.receive(self.packet(ssrc: 10, payloadType: 96, mid: "a", rid: "lo", map: self.map).span, now: self.now)
    session.receive(self.packet(ssrc: 20, payloadType: 96, mid: "a", rid: "hi", map: self.map).span, now: self.now)
    var repaired = self.map
    repaired.rid = 6
    session.receive(self.packet(ssrc: 21, payloadType: 97, mid: "a", rid: "hi", map: repaired).span, now: self.now)
    session.receive(self.packet(ssrc: 11, payloadType: 97, mid: "a", rid: "lo", map: repaired).span, now: self.now)
    for i in 0..<2 {
      let stream = try #require(session.stream(at: i))
      #expect(stream.rtxSSRC == stream.ssrc + 1)
    }
  }

  @Test func `an RTX stream without anything to repair is counted`() throws {
    var session = try self.session(mids: ["a"])
    session.receive(self.packet(ssrc: 10, payloadType: 97, mid: "a", map: self.map).span, now: self.now)
    #expect(session.statistics.unboundRepairs == 1)
    #expect(session.streamCount == 0)
  }

  @Test func `a flood of SSRCs stays within the bounds and spares the streams that live`() throws {
    var configuration = Session.Configuration()
    configuration.maximumStreamsPerLine = 4
    configuration.maximumStreams = 6
    configuration.maximumEvents = 16
    var session = try self.session(configuration, mids: ["a", "b"])
    session.receive(self.packet(ssrc: 1, payloadType: 96, mid: "a", map: self.map).span, now: self.now)
    var now = self.now
    for i in 2..<5000 as Range<UInt32> {
      now = now + .milliseconds(5)
      session.receive(
        self.packet(ssrc: i &* 7919, payloadType: 96, mid: i % 2 == 0 ? "a" : "b", map: self.map).span, now: now)
      session.receive(
        self.packet(ssrc: 1, payloadType: 96, number: UInt16(truncatingIfNeeded: i), mid: "a", map: self.map).span, now: now)
      session.advance(to: now)
      #expect(session.streamCount <= 6)
    }
    #expect(self.line(of: 1, in: session) == 0)
    #expect(session.statistics.unroutablePackets > 4000)
    #expect(session.statistics.droppedEvents > 0)
  }

  @Test func `a stream that falls silent is removed`() throws {
    var session = try self.session(mids: ["a"])
    session.receive(self.packet(ssrc: 1, payloadType: 96, mid: "a", map: self.map).span, now: self.now)
    #expect(session.pollEvent() == .streamAdded(line: 0, ssrc: 1, codec: Codec(.vp8)))
    var buffer = [UInt8](repeating: 0, count: 2000)
    let end = self.now + .seconds(40)
    while let deadline = session.nextDeadline, deadline < end {
      session.advance(to: deadline)
      while true {
        var writer = SpanWriter(buffer.mutableSpan)
        if session.pollTransmit(into: &writer, now: deadline) == nil { break }
      }
    }
    #expect(session.streamCount == 0)
    #expect(session.pollEvent() == .streamRemoved(line: 0, ssrc: 1))
    #expect(session.nextDeadline == nil)
  }

  @Test func `an SSRC of ours in the peer's hands is given up, a bounded number of times`() throws {
    var session = try self.session(mids: ["a"])
    var seen: Set<UInt32> = []
    for i in 0..<40 as Range<UInt16> {
      let own = try #require(session.sendingStream(of: 0))
      seen.insert(own.ssrc)
      session.receive(self.packet(ssrc: own.ssrc, payloadType: 96, number: i, mid: "a", map: self.map).span, now: self.now)
      let renamed = try #require(session.sendingStream(of: 0))
      if i < 16 {
        #expect(renamed.ssrc != own.ssrc && renamed.rtxSSRC != own.rtxSSRC)
        var event = session.pollEvent()
        while let other = event, other != .sourceChanged(line: 0, renamed) { event = session.pollEvent() }
        #expect(event == .sourceChanged(line: 0, renamed))
      } else {
        #expect(renamed == own)
      }
    }
    #expect(seen.count == 17)
    #expect(session.statistics.collisions == 16)
  }

  @Test func `a collision does not lose what was waiting`() throws {
    var world = try SessionWorld()
    let line = try world.addLine(videoParameters())
    try world.a.send(vp8Frame(1, isKey: true, size: 20_000).span, FrameTiming(timestamp: 0), on: line, now: world.now)
    world.settle()
    let before = try #require(world.a.sendingStream(of: line)).ssrc
    let clash = self.packet(ssrc: before, payloadType: 96, map: self.map)
    world.a.receive(clash.span, now: world.now)
    world.run(for: .milliseconds(20))
    let after = try #require(world.a.sendingStream(of: line)).ssrc
    let packets = world.sent.filter { $0.toB && $0.kind == .rtp }.map(\.bytes)
    #expect(packets.first.map { ssrc($0) } == before)
    #expect(packets.last.map { ssrc($0) } == after)
    // The old name is taken leave of.
    #expect(world.sent.contains { $0.toB && $0.kind == .rtcp && $0.bytes.count > 8 && $0.bytes.suffix(8).first == 0x81 })
    for (one, next) in zip(packets, packets.dropFirst()) { #expect(sequenceNumber(next) == sequenceNumber(one) &+ 1) }
  }

  @Test func `a line that ceases to receive forgets its streams`() throws {
    var session = try self.session(mids: ["a", "b"])
    session.receive(self.packet(ssrc: 1, payloadType: 96, mid: "a", map: self.map).span, now: self.now)
    session.receive(self.packet(ssrc: 2, payloadType: 96, mid: "b", map: self.map).span, now: self.now)
    var parameters = videoParameters()
    parameters.mid = Array("a".utf8)
    session.configure(0, parameters, now: self.now)
    #expect(session.streamCount == 1)
    #expect(self.line(of: 2, in: session) == 1)
    // The remaining stream is still found.
    session.receive(self.packet(ssrc: 2, payloadType: 96, number: 2, map: self.map).span, now: self.now)
    #expect(session.stream(at: 0)?.inbound.packetsReceived == 2)
    session.receive(self.packet(ssrc: 1, payloadType: 96, number: 2, mid: "a", map: self.map).span, now: self.now)
    #expect(session.streamCount == 1)
  }
}
