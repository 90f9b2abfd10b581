import Bytes
import DataChannel
import Simulator
import Testing
import Time
import WebRTC

@Suite struct ConnectTests {
  @Test func `two peers connect, and messages of every kind arrive unharmed both ways`() throws {
    var story = try Story.connected()
    #expect(story.pair.offerer.connectionState == .connected)
    #expect(story.pair.answerer.connectionState == .connected)
    let mine = story.offerer.opened[0], theirs = story.answerer.opened[0]
    let messages: [(MessageKind, [UInt8])] = [
      (.string, Array("grüß 👋".utf8)), (.string, []), (.binary, []), (.binary, [0]), (.binary, pattern(1, size: 262_144)),
    ]
    for (kind, bytes) in messages {
      try story.pair.offerer.send(bytes.span, kind: kind, on: mine, now: story.now)
      try story.pair.answerer.send(bytes.span, kind: kind, on: theirs, now: story.now)
    }
    let arrived = story.run(for: .seconds(10)) { $0.offerer.messages.count == 5 && $0.answerer.messages.count == 5 }
    #expect(arrived)
    for (index, (kind, bytes)) in messages.enumerated() {
      #expect(story.offerer.messages[index].kind == kind && story.offerer.messages[index].bytes == bytes)
      #expect(story.answerer.messages[index].kind == kind && story.answerer.messages[index].bytes == bytes)
    }
  }

  @Test func `the phases come in the order that firmware knows`() throws {
    var story = try Story.connected()
    story.drain()
    let phases = story.offerer.events.compactMap { if case .phaseChanged(let phase) = $0 { phase } else { nil } }
    #expect(phases == [.candidateGathering, .pairing, .paired, .connecting, .connected])
    let states = story.offerer.events.compactMap { if case .connectionStateChanged(let state) = $0 { state } else { nil } }
    #expect(states == [.connecting, .connected])
  }

  @Test func `a channel that the answerer opens has an identifier of the other parity`() throws {
    var story = try Story.connected()
    let channel = try story.pair.answerer.openChannel(options("back"), now: story.now)
    let opened = story.run(for: .seconds(5)) { $0.offerer.opened.count == 2 && $0.answerer.opened.count == 2 }
    #expect(opened)
    let first = story.pair.answerer.channelInfo(story.answerer.opened[0])?.streamID
    let second = story.pair.answerer.channelInfo(channel)?.streamID
    let label = story.pair.offerer.channelInfo(story.offerer.opened[1])?.label
    #expect(try #require(first) % 2 != #require(second) % 2)
    #expect(label == Array("back".utf8))
  }

  @Test func `an answer that is passive makes the offerer the DTLS client`() throws {
    var passive = PeerConnection.Configuration()
    passive.answersActive = false
    let story = try Story.connected(answerer: passive)
    let stream = story.pair.offerer.channelInfo(story.offerer.opened[0])?.streamID
    // RFC 8832 section 6: the DTLS client's channels are even.
    #expect(stream == 0)
  }

  @Test func `a ClientHello that comes ahead of the answer is kept, not lost`() throws {
    var story = try Story(condition: .network(loss: 0, delay: 10))
    _ = try story.pair.offerer.openChannel(options("early"), now: story.now)
    var text = [UInt8](repeating: 0, count: 8192)
    var writer = SpanWriter(text.mutableSpan)
    try story.pair.offerer.makeOffer(into: &writer, now: story.now)
    let offer = writer.count
    try story.pair.answerer.setRemoteDescription(.offer, text.span.extracting(0..<offer), now: story.now)
    writer = SpanWriter(text.mutableSpan)
    try story.pair.answerer.makeAnswer(into: &writer, now: story.now)
    let answer = writer.count
    // The answer travels for 300 ms; checks and the ClientHello are quicker.
    story.pair.run(until: story.now + .milliseconds(300))
    try story.pair.offerer.setRemoteDescription(.answer, text.span.extracting(0..<answer), now: story.now)
    let start = story.now
    let opened = story.run(for: .seconds(5)) { !$0.offerer.opened.isEmpty }
    #expect(opened)
    #expect((story.now - start) < .milliseconds(250), "nothing waited for a retransmission")
  }

  @Test func `candidates trickle in fragments, and the connection forms from them`() throws {
    var story = try Story()
    _ = try story.pair.offerer.openChannel(options("trickle"), now: story.now)
    var text = [UInt8](repeating: 0, count: 8192)
    var writer = SpanWriter(text.mutableSpan)
    try story.pair.offerer.makeOffer(into: &writer, now: story.now)
    let size = writer.count
    let offer = String(decoding: text.prefix(size), as: UTF8.self)
    let lines = offer.split(separator: "\r\n").map(String.init)
    let bare = lines.filter { !$0.hasPrefix("a=candidate") && !$0.hasPrefix("a=end-of") }.map { $0 + "\r\n" }.joined()
    try story.pair.answerer.setRemoteDescription(.offer, Array(bare.utf8).span, now: story.now)
    writer = SpanWriter(text.mutableSpan)
    try story.pair.answerer.makeAnswer(into: &writer, now: story.now)
    let answer = writer.count
    // The answer carries the answerer's candidates away, so that only the trickled one can bring a pair about.
    let withoutCandidates = String(decoding: text.prefix(answer), as: UTF8.self).split(separator: "\r\n")
      .filter { !$0.hasPrefix("a=candidate") && !$0.hasPrefix("a=end-of") }.map { $0 + "\r\n" }.joined()
    try story.pair.offerer.setRemoteDescription(.answer, Array(withoutCandidates.utf8).span, now: story.now)
    let early = story.run(for: .seconds(2)) { !$0.offerer.opened.isEmpty }
    #expect(!early)
    func value(_ name: String) -> String { lines.first { $0.hasPrefix("a=\(name):") } ?? "" }
    let candidates = lines.filter { $0.hasPrefix("a=candidate") }.joined(separator: "\r\n")
    let fragment =
      [value("ice-ufrag"), value("ice-pwd"), "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", value("mid"), candidates]
      .joined(separator: "\r\n") + "\r\na=end-of-candidates\r\n"
    try story.pair.answerer.addRemoteFragment(Array(fragment.utf8).span, now: story.now)
    let opened = story.run(for: .seconds(10)) { !$0.offerer.opened.isEmpty }
    #expect(opened)
  }

  @Test func `closing tells the other side, and then there is silence`() throws {
    var story = try Story.connected()
    story.pair.offerer.close(now: story.now)
    let closed = story.run(for: .seconds(5)) { $0.pair.answerer.connectionState == .closed }
    #expect(closed)
    #expect(story.pair.offerer.nextDeadline == nil && story.pair.answerer.nextDeadline == nil)
    #expect(story.answerer.closed == story.answerer.opened)
    var buffer = [UInt8](repeating: 0, count: 1500)
    var writer = SpanWriter(buffer.mutableSpan)
    let nothing = story.pair.offerer.pollTransmit(into: &writer) == nil
    #expect(nothing)
    #expect(throws: DataChannels.OpenError.closed) {
      try story.pair.offerer.openChannel(options("late"), now: story.now)
    }
  }

  @Test func `a path that goes dark is disconnected, then failed; one that comes back in time is connected again`() throws {
    var story = try Story.connected()
    story.pair.forward.condition.loss = 1_000_000
    story.pair.backward.condition.loss = 1_000_000
    let dark = story.run(for: .seconds(20)) { $0.pair.offerer.connectionState == .disconnected }
    #expect(dark)
    story.pair.forward.condition.loss = 0
    story.pair.backward.condition.loss = 0
    let back = story.run(for: .seconds(20)) { $0.pair.offerer.connectionState == .connected }
    #expect(back)
    #expect(story.pair.offerer.phase == .connected)
    story.pair.forward.condition.loss = 1_000_000
    story.pair.backward.condition.loss = 1_000_000
    let failed = story.run(for: .seconds(60)) { $0.pair.offerer.connectionState == .failed }
    #expect(failed)
    #expect(story.offerer.failure == .ice)
  }

  @Test func `an ICE restart in a live session keeps the channels`() throws {
    var story = try Story.connected()
    let before = story.pair.offerer.localUfrag
    try story.pair.offerer.restartICE(now: story.now)
    #expect(story.pair.offerer.localUfrag != before)
    try story.pair.signal()
    let settled = story.run(for: .seconds(3)) { _ in false }
    #expect(!settled)
    #expect(story.pair.offerer.connectionState == .connected)
    let message = pattern(3, size: 1000)
    try story.pair.offerer.send(message.span, kind: .binary, on: story.offerer.opened[0], now: story.now)
    let arrived = story.run(for: .seconds(3)) { $0.answerer.messages.count == 1 }
    #expect(arrived)
    #expect(story.offerer.failure == nil && story.answerer.failure == nil)
  }
}
