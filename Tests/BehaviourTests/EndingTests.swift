import Bytes
import DTLS
import STUN
import Simulator
import Testing
import Time
import WebRTC

/// How connections end, and which ends are final.
@Suite struct EndingTests {
  static func setDark(_ story: inout Story, _ isDark: Bool) {
    story.pair.forward.condition.loss = isDark ? 1_000_000 : 0
    story.pair.backward.condition.loss = isDark ? 1_000_000 : 0
  }

  static func failures(_ log: Log) -> [FailureReason] {
    log.events.compactMap { if case .failed(let reason) = $0 { reason } else { nil } }
  }

  @Test func `an ICE restart mends a connection whose path was lost, channels and all`() throws {
    var story = try Story.connected()
    Self.setDark(&story, true)
    let failed = story.run(for: .seconds(90)) {
      $0.pair.offerer.connectionState == .failed && $0.pair.answerer.connectionState == .failed
    }
    try #require(failed)
    Self.setDark(&story, false)
    try story.pair.offerer.restartICE(now: story.now)
    #expect(story.pair.offerer.connectionState == .connecting)
    try story.pair.signal()
    let mended = story.run(for: .seconds(10)) {
      $0.pair.offerer.connectionState == .connected && $0.pair.answerer.connectionState == .connected
    }
    #expect(mended)
    #expect(story.pair.offerer.phase == .connected && story.pair.offerer.failureReason == nil)
    let message = pattern(5, size: 3000)
    try story.pair.offerer.send(message.span, kind: .binary, on: story.offerer.opened[0], now: story.now)
    let arrived = story.run(for: .seconds(10)) { $0.answerer.messages.count == 1 }
    #expect(arrived)
  }

  @Test func `an outage while SCTP sets up is survived like any other`() throws {
    var story = try Story(condition: .network(loss: 0, delay: 20))
    _ = try story.pair.offerer.openChannel(options("late"), now: story.now)
    try story.pair.signal()
    let secured = story.run(for: .seconds(5)) {
      $0.pair.offerer.connectionState == .connected && $0.pair.answerer.connectionState == .connected
    }
    try #require(secured)
    #expect(story.offerer.opened.isEmpty)
    Self.setDark(&story, true)
    let noticed = story.run(for: .seconds(29)) { _ in false }
    #expect(!noticed && story.pair.offerer.connectionState == .disconnected)
    Self.setDark(&story, false)
    let opened = story.run(for: .seconds(10)) { $0.offerer.opened.count == 1 && $0.answerer.opened.count == 1 }
    #expect(opened)
  }

  @Test func `a path that goes silent after an ICE restart is noticed as before it`() throws {
    var story = try Story.connected()
    try story.pair.offerer.restartICE(now: story.now)
    try story.pair.signal()
    let settled = story.run(for: .seconds(5)) {
      $0.pair.offerer.iceState == .completed && $0.pair.answerer.iceState == .completed
    }
    try #require(settled)
    Self.setDark(&story, true)
    let noticed = story.run(for: .seconds(15)) {
      $0.pair.offerer.connectionState == .disconnected && $0.pair.answerer.connectionState == .disconnected
    }
    #expect(noticed)
    Self.setDark(&story, false)
    let back = story.run(for: .seconds(5)) {
      $0.pair.offerer.connectionState == .connected && $0.pair.answerer.connectionState == .connected
    }
    #expect(back)
  }

  @Test func `a handshake that times out after the path was lost is a final failure all the same`() throws {
    var patient = PeerConnection.Configuration()
    patient.dtls.handshakeTimeout = .seconds(120)
    var story = try Story(offerer: patient, answerer: patient)
    _ = try story.pair.offerer.openChannel(options("never"), now: story.now)
    try story.pair.signal()
    let shaking = story.run(for: .seconds(5)) { $0.pair.answerer.phase == .connecting }
    try #require(shaking)
    Self.setDark(&story, true)
    _ = story.run(for: .seconds(200)) { _ in false }
    #expect(Self.failures(story.answerer) == [.ice, .dtls(.timedOut)])
    #expect(story.pair.answerer.failureReason == .dtls(.timedOut))
    #expect(story.pair.answerer.nextDeadline == nil)
    #expect(throws: PeerConnection.UsageError.closed) { try story.pair.answerer.restartICE(now: story.now) }
  }

  /// A story whose answerer believes that the offerer takes larger messages than it does.
  static func storyOfAnUnruly() throws -> Story {
    var small = PeerConnection.Configuration()
    small.channels.association.maximumMessageSize = 1000
    var story = try Story(offerer: small)
    _ = try story.pair.offerer.openChannel(options("small"), now: story.now)
    try RefusalTests.signal(&story, offer: { $0.replacing("a=max-message-size:1000", with: "a=max-message-size:9000") })
    let opened = story.run(for: .seconds(5)) { $0.answerer.opened.count == 1 && $0.offerer.opened.count == 1 }
    try #require(opened)
    try story.pair.answerer.send(pattern(1, size: 5000).span, kind: .binary, on: story.answerer.opened[0], now: story.now)
    return story
  }

  @Test func `a peer that breaks SCTP fails the connection for good, and is told`() throws {
    var story = try Self.storyOfAnUnruly()
    let failed = story.run(for: .seconds(5)) { $0.pair.offerer.connectionState == .failed }
    #expect(failed)
    #expect(Self.failures(story.offerer) == [.sctp(.messageTooLarge)])
    let told = story.run(for: .seconds(5)) {
      $0.pair.answerer.connectionState == .closed || $0.pair.answerer.connectionState == .failed
    }
    #expect(told)
    #expect(story.pair.offerer.nextDeadline == nil)
  }

  @Test func `a closed connection stays closed, whatever is still reported of its layers`() throws {
    var story = try Self.storyOfAnUnruly()
    story.pair.run(until: story.now + .milliseconds(50))
    story.pair.offerer.close(now: story.now)
    story.drain()
    #expect(story.pair.offerer.connectionState == .closed && story.pair.offerer.phase == .closed)
    #expect(Self.failures(story.offerer) == [])

    story = try Story.connected()
    story.pair.offerer.close(now: story.now)
    story.pair.offerer.removeLocalAddress(PeerPair.offererAddress, now: story.now)
    story.drain()
    #expect(story.pair.offerer.phase == .closed)
    #expect(story.pair.offerer.nextDeadline == nil)
  }

  @Test func `a connection that is closed while its path is lost lets go of the path at once`() throws {
    var story = try Story.connected()
    Self.setDark(&story, true)
    _ = story.run(for: .seconds(60)) { $0.pair.offerer.connectionState == .failed }
    story.pair.offerer.close(now: story.now)
    #expect(story.pair.offerer.iceState == .closed)
  }

  @Test func `a path that blinks during the handshake leads back to the handshake`() throws {
    var quick = PeerConnection.Configuration()
    quick.ice.disconnectedTimeout = .milliseconds(500)
    var story = try Story(offerer: quick, answerer: quick)
    _ = try story.pair.offerer.openChannel(options("blink"), now: story.now)
    try story.pair.signal()
    let shaking = story.run(for: .seconds(5)) { $0.pair.answerer.phase == .connecting }
    try #require(shaking)
    Self.setDark(&story, true)
    let lost = story.run(for: .seconds(25)) { $0.pair.answerer.phase == .disconnected }
    try #require(lost)
    Self.setDark(&story, false)
    let opened = story.run(for: .seconds(25)) { !$0.answerer.opened.isEmpty }
    #expect(opened)
    let phases = story.answerer.events.compactMap { if case .phaseChanged(let phase) = $0 { phase } else { nil } }
    #expect(phases.suffix(3) == [.disconnected, .connecting, .connected])
  }

  @Test func `a writer without room for the tag costs no packet`() throws {
    var story = try Story.connected()
    _ = story.run(for: .milliseconds(100)) { _ in false }
    try story.pair.offerer.send(pattern(1, size: 5000).span, kind: .binary, on: story.offerer.opened[0], now: story.now)
    var short = [UInt8](repeating: 0, count: 1205)
    var writer = SpanWriter(short.mutableSpan)
    let nothing = story.pair.offerer.pollTransmit(into: &writer) == nil
    #expect(nothing && writer.count == 0)
    let arrived = story.run(for: .seconds(5)) { $0.answerer.messages.count == 1 }
    #expect(arrived)
    #expect(story.pair.offerer.statistics.sctp.retransmissions == 0)
  }

  @Test func `datagrams on an unknown path of a live session are counted, not hoarded`() throws {
    let story = try Story.connected()
    for number in 0..<40 {
      var bytes: [UInt8] = [23, 254, 253] + pattern(number, size: 40)
      var datagram = bytes.mutableSpan
      story.pair.answerer.receive(
        &datagram, from: TransportAddress(ip: IPAddress(10, 9, 9, 9), port: 9), to: PeerPair.answererAddress, now: story.now)
    }
    let statistics = story.pair.answerer.statistics
    #expect(statistics.counters.unacceptedDatagrams == 40 && statistics.droppedEarlyDatagrams == 0)
  }

  @Test func `a configuration that no handshake could use is refused when the peer is made`() throws {
    var wrong = PeerConnection.Configuration()
    wrong.dtls.groups = []
    #expect(throws: PeerConnection.UsageError.configuration) { _ = try Story(offerer: wrong) }
  }
}
