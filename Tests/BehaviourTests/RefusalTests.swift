import Bytes
import DTLS
import SDP
import Simulator
import Testing
import Time
import WebRTC

@Suite struct RefusalTests {
  /// Offer and answer with a change to each on its way.
  static func signal(
    _ story: inout Story, offer change: (String) -> String = { $0 }, answer changeAnswer: (String) -> String = { $0 }
  ) throws {
    var text = [UInt8](repeating: 0, count: 8192)
    var writer = SpanWriter(text.mutableSpan)
    try story.pair.offerer.makeOffer(into: &writer, now: story.now)
    var size = writer.count
    let offer = change(decoded(text, size))
    try story.pair.answerer.setRemoteDescription(.offer, Array(offer.utf8).span, now: story.now)
    writer = SpanWriter(text.mutableSpan)
    try story.pair.answerer.makeAnswer(into: &writer, now: story.now)
    size = writer.count
    let answer = changeAnswer(decoded(text, size))
    try story.pair.offerer.setRemoteDescription(.answer, Array(answer.utf8).span, now: story.now)
  }

  static func withWrongFingerprint(_ description: String) -> String {
    description.split(separator: "\r\n").map { line in
      guard line.hasPrefix("a=fingerprint:") else { return line + "\r\n" }
      let last = line.last == "0" ? "1" : "0"
      return line.dropLast() + last + "\r\n"
    }.joined()
  }

  @Test(arguments: [true, false])
  func `a certificate other than the one announced fails the connection and no channel opens`(offerIsWrong: Bool) throws {
    var story = try Story()
    _ = try story.pair.offerer.openChannel(options("never"), now: story.now)
    if offerIsWrong {
      try Self.signal(&story, offer: Self.withWrongFingerprint)
    } else {
      try Self.signal(&story, answer: Self.withWrongFingerprint)
    }
    let failed = story.run(for: .seconds(40)) {
      (offerIsWrong ? $0.answerer.failure : $0.offerer.failure) != nil
    }
    #expect(failed)
    let reason = offerIsWrong ? story.answerer.failure : story.offerer.failure
    #expect(reason == .dtls(.fingerprintMismatch))
    _ = story.run(for: .seconds(40)) { _ in false }
    #expect(story.offerer.opened.isEmpty && story.answerer.opened.isEmpty)
    #expect(story.pair.offerer.connectionState != .connected && story.pair.answerer.connectionState != .connected)
  }

  @Test func `a wrong ICE password connects nothing`() throws {
    var story = try Story()
    _ = try story.pair.offerer.openChannel(options("never"), now: story.now)
    try Self.signal(&story, offer: { $0.replacing("a=ice-pwd:", with: "a=ice-pwd:x") }, answer: { $0.replacing("a=ice-pwd:", with: "a=ice-pwd:x") })
    let connected = story.run(for: .seconds(60)) { $0.pair.offerer.connectionState == .connected }
    #expect(!connected)
    #expect(story.offerer.failure == .ice && story.answerer.failure == .ice)
  }

  @Test func `forged, replayed and truncated datagrams change nothing for a connected pair`() throws {
    var story = try Story.connected()
    var captured: [[UInt8]] = []
    story.pair.onTransmit = { fromOfferer, datagram in if fromOfferer { captured.append(arrayCopy(datagram)) } }
    let channel = story.offerer.opened[0]
    for number in 0..<20 {
      try story.pair.offerer.send(pattern(number, size: 700).span, kind: .binary, on: channel, now: story.now)
      _ = story.run(for: .milliseconds(20)) { _ in false }
    }
    try #require(captured.count >= 20)
    let delivered = story.answerer.messages.count
    #expect(delivered == 20)
    func inject(_ bytes: [UInt8]) {
      var copy = bytes
      var span = copy.mutableSpan
      story.pair.answerer.receive(
        &span, from: PeerPair.offererAddress, to: PeerPair.answererAddress, now: story.pair.now)
    }
    for datagram in captured {
      inject(datagram)
      for length in stride(from: 0, to: datagram.count, by: 7) { inject(Array(datagram.prefix(length))) }
      for flip in stride(from: 0, to: datagram.count, by: 5) {
        var forged = datagram
        forged[flip] ^= 0x40
        inject(forged)
      }
    }
    story.drain()
    #expect(story.answerer.messages.count == delivered)
    #expect(story.answerer.failure == nil)
    try story.pair.offerer.send([7].span, kind: .binary, on: channel, now: story.now)
    let alive = story.run(for: .seconds(5)) { $0.answerer.messages.count == delivered + 1 }
    #expect(alive)
    let statistics = story.pair.answerer.statistics.dtls
    #expect(statistics.replayedRecords > 0 && statistics.forgedRecords > 0)
  }

  @Test func `random datagrams at every stage neither trap nor connect`() throws {
    var random = SeededRandom(seed: .init(77))
    for stage in 0..<40 {
      var story = try Story(seed: UInt64(stage))
      _ = try story.pair.offerer.openChannel(options("noise"), now: story.now)
      try story.pair.signal()
      for _ in 0..<stage { story.pair.step() }
      for _ in 0..<200 {
        var noise = [UInt8](repeating: 0, count: Int(random.next(below: 200)))
        var span = noise.mutableSpan
        random.fill(&span)
        // First bytes that lead to a layer, more often than chance.
        if noise.count > 0 { noise[0] = [0, 1, 20, 21, 22, 23, 128, 255][Int(random.next(below: 8))] }
        var datagram = noise.mutableSpan
        story.pair.answerer.receive(
          &datagram, from: PeerPair.offererAddress, to: PeerPair.answererAddress, now: story.pair.now)
      }
      let opened = story.run(for: .seconds(20)) { !$0.offerer.opened.isEmpty }
      #expect(opened, "stage \(stage)")
    }
  }

  @Test func `a description that is refused changes nothing, and a good one works after it`() throws {
    var story = try Story()
    _ = try story.pair.offerer.openChannel(options("later"), now: story.now)
    #expect(throws: PeerConnection.DescriptionError.usage(.wrongState)) {
      try story.pair.offerer.setRemoteDescription(.answer, Array("v=0\r\n".utf8).span, now: story.now)
    }
    var refused: PeerConnection.DescriptionError?
    do throws(PeerConnection.DescriptionError) {
      try story.pair.answerer.setRemoteDescription(
        .offer, Array("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=fingerprint:sha-256 zz\r\n".utf8).span,
        now: story.now)
    } catch { refused = error }
    guard case .malformed(let error)? = refused else {
      Issue.record("not refused as malformed")
      return
    }
    #expect(error.line == 5 && error.reason == .fingerprintNotHexadecimal)
    #expect(story.pair.answerer.signalingState == .stable)
    #expect(throws: PeerConnection.UsageError.wrongState) {
      var text = [UInt8](repeating: 0, count: 4096)
      var writer = SpanWriter(text.mutableSpan)
      try story.pair.answerer.makeAnswer(into: &writer, now: story.now)
    }
    try story.pair.signal()
    let opened = story.run(for: .seconds(5)) { !$0.offerer.opened.isEmpty }
    #expect(opened)
  }

  @Test func `a new certificate in a live session is refused`() throws {
    let story = try Story.connected()
    var text = [UInt8](repeating: 0, count: 8192)
    var writer = SpanWriter(text.mutableSpan)
    try story.pair.offerer.makeOffer(into: &writer, now: story.now)
    let size = writer.count
    let offer = Self.withWrongFingerprint(decoded(text, size))
    #expect(throws: PeerConnection.DescriptionError.incompatible) {
      try story.pair.answerer.setRemoteDescription(.offer, Array(offer.utf8).span, now: story.now)
    }
    #expect(story.pair.answerer.connectionState == .connected)
  }
}

private func decoded(_ text: [UInt8], _ size: Int) -> String { String(decoding: text.prefix(size), as: UTF8.self) }
