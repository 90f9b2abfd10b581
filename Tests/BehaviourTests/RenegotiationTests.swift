import Bytes
import Simulator
import Testing
import Time
import WebRTC

/// Descriptions after the first, and those that meet on their way.
@Suite struct RenegotiationTests {
  static func offer(_ peer: inout PeerConnection, now: Instant) throws -> String {
    var text = [UInt8](repeating: 0, count: 8192)
    var writer = SpanWriter(text.mutableSpan)
    try peer.makeOffer(into: &writer, now: now)
    let size = writer.count
    return String(decoding: text.prefix(size), as: UTF8.self)
  }

  static func answer(_ peer: inout PeerConnection, to offer: String, now: Instant) throws -> String {
    try peer.setRemoteDescription(.offer, Array(offer.utf8).span, now: now)
    var text = [UInt8](repeating: 0, count: 8192)
    var writer = SpanWriter(text.mutableSpan)
    try peer.makeAnswer(into: &writer, now: now)
    let size = writer.count
    return String(decoding: text.prefix(size), as: UTF8.self)
  }

  static func expectAlive(_ story: inout Story) throws {
    let count = story.answerer.messages.count
    try story.pair.offerer.send(pattern(count, size: 900).span, kind: .binary, on: story.offerer.opened[0], now: story.now)
    let arrived = story.run(for: .seconds(5)) { $0.answerer.messages.count == count + 1 }
    #expect(arrived)
  }

  @Test func `a browser's second offer says actpass, and is answered with the role that we have`() throws {
    var story = try Story.connected()
    // The first answer was active, so that the one who offered then is the DTLS server and stays it.
    let offer = try Self.offer(&story.pair.answerer, now: story.now)
    #expect(offer.contains("a=setup:active\r\n"))
    let asBrowser = offer.replacing("a=setup:active", with: "a=setup:actpass")
    let answer = try Self.answer(&story.pair.offerer, to: asBrowser, now: story.now)
    #expect(answer.contains("a=setup:passive\r\n"))
    try story.pair.answerer.setRemoteDescription(.answer, Array(answer.utf8).span, now: story.now)
    let again = try Self.offer(&story.pair.offerer, now: story.now)
    #expect(again.contains("a=setup:passive\r\n"))
    try Self.expectAlive(&story)
  }

  @Test func `of two offers that cross, the peer's takes the place of ours`() throws {
    var story = try Story()
    _ = try story.pair.offerer.openChannel(options("glare"), now: story.now)
    _ = try Self.offer(&story.pair.answerer, now: story.now)
    let offer = try Self.offer(&story.pair.offerer, now: story.now)
    let answer = try Self.answer(&story.pair.answerer, to: offer, now: story.now)
    try story.pair.offerer.setRemoteDescription(.answer, Array(answer.utf8).span, now: story.now)
    let opened = story.run(for: .seconds(5)) { $0.offerer.opened.count == 1 && $0.answerer.opened.count == 1 }
    #expect(opened)
    #expect(story.pair.answerer.signalingState == .stable)
    try Self.expectAlive(&story)
  }

  @Test func `an ICE restart whose offer gives way to the peer's is made good by the answer`() throws {
    var story = try Story.connected()
    try story.pair.answerer.restartICE(now: story.now)
    _ = try Self.offer(&story.pair.answerer, now: story.now)
    let offer = try Self.offer(&story.pair.offerer, now: story.now)
    let answer = try Self.answer(&story.pair.answerer, to: offer, now: story.now)
    try story.pair.offerer.setRemoteDescription(.answer, Array(answer.utf8).span, now: story.now)
    let settled = story.run(for: .seconds(5)) {
      $0.pair.offerer.iceState == .completed && $0.pair.answerer.iceState == .completed
    }
    #expect(settled)
    try Self.expectAlive(&story)
    // Consent goes on under the new credentials.
    _ = story.run(for: .seconds(60)) { _ in false }
    #expect(story.pair.offerer.iceState == .completed && story.pair.answerer.iceState == .completed)
    try Self.expectAlive(&story)
  }

  @Test func `the end of candidates of the session before a restart does not end those of the new one`() throws {
    var story = try Story.connected()
    try story.pair.offerer.restartICE(now: story.now)
    let offer = try Self.offer(&story.pair.offerer, now: story.now)
    // It was on its way when the restart began.
    try story.pair.offerer.remoteCandidatesComplete(now: story.now)
    let end = "a=end-of-candidates\r\n"
    try story.pair.offerer.addRemoteFragment(Array(end.utf8).span, now: story.now)
    let answer = try Self.answer(&story.pair.answerer, to: offer, now: story.now)
    try story.pair.offerer.setRemoteDescription(.answer, Array(answer.utf8).span, now: story.now)
    #expect(story.pair.offerer.statistics.ice.lateCandidates == 0)
    let settled = story.run(for: .seconds(5)) { $0.pair.offerer.iceState == .completed }
    #expect(settled)
    try story.pair.offerer.remoteCandidatesComplete(now: story.now)
    let line = "candidate:9 1 udp 2130706431 192.0.2.9 999 typ host"
    try story.pair.offerer.addRemoteCandidate(Array(line.utf8).span, now: story.now)
    #expect(story.pair.offerer.statistics.ice.lateCandidates == 1)
  }

  @Test func `an offer that is refused restarts nothing`() throws {
    var story = try Story.connected()
    let ufrag = story.pair.answerer.localUfrag
    let offer = try Self.offer(&story.pair.offerer, now: story.now)
    let damaged = offer.split(separator: "\r\n").map { line in
      (line.hasPrefix("a=ice-ufrag:") ? "a=ice-ufrag:new!name" : line) + "\r\n"
    }.joined()
    #expect(throws: PeerConnection.DescriptionError.self) {
      try story.pair.answerer.setRemoteDescription(.offer, Array(damaged.utf8).span, now: story.now)
    }
    #expect(story.pair.answerer.localUfrag == ufrag)
    #expect(story.pair.answerer.signalingState == .stable)
    try Self.expectAlive(&story)
  }

  @Test func `who answers a lite peer controls`() throws {
    var story = try Story()
    let offer = try Self.offer(&story.pair.offerer, now: story.now)
    let lite = offer.replacing("t=0 0\r\n", with: "t=0 0\r\na=ice-lite\r\n")
    _ = try Self.answer(&story.pair.answerer, to: lite, now: story.now)
    var checks: [[UInt8]] = []
    story.pair.onTransmit = { fromOfferer, datagram in if !fromOfferer, datagram[0] == 0, datagram[1] == 1 { checks.append(arrayCopy(datagram)) } }
    _ = story.run(for: .seconds(1)) { _ in false }
    // ICE-CONTROLLING with its eight bytes (RFC 8445 section 16.1).
    let controlling: [UInt8] = [0x80, 0x2a, 0, 8]
    let controls = checks.map { check in check.indices.contains { check[$0...].starts(with: controlling) } }
    #expect(controls.first == true)
  }

  @Test func `an offer with no fingerprint but SHA-1 is refused at once`() throws {
    let story = try Story()
    let offer = try Self.offer(&story.pair.offerer, now: story.now)
    let weak = offer.split(separator: "\r\n").map { line in
      (line.hasPrefix("a=fingerprint:") ? "a=fingerprint:sha-1" + String(repeating: ":AB", count: 20).replacing(":", with: " ", maxReplacements: 1) : String(line)) + "\r\n"
    }.joined()
    #expect(throws: PeerConnection.DescriptionError.incompatible) {
      try story.pair.answerer.setRemoteDescription(.offer, Array(weak.utf8).span, now: story.now)
    }
  }

  @Test func `an address that went away is offered no more`() throws {
    var story = try Story()
    let before = try Self.offer(&story.pair.offerer, now: story.now)
    #expect(before.contains("10.0.0.1 1001"))
    story.drain()
    story.pair.offerer.removeLocalAddress(PeerPair.offererAddress, now: story.now)
    let after = try Self.offer(&story.pair.offerer, now: story.now)
    #expect(!after.contains("10.0.0.1"))
  }

  @Test func `a fragment of another ICE generation is refused, also where a section says so`() throws {
    let story = try Story.connected()
    let old = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\na=ice-ufrag:bygone\r\na=ice-pwd:bygonebygonebygonebygone\r\n"
    #expect(throws: PeerConnection.DescriptionError.incompatible) {
      try story.pair.answerer.addRemoteFragment(Array(old.utf8).span, now: story.now)
    }
  }
}
