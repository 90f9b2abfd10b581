import Bytes
import DataChannel
import Foundation
import MediaFiles
import RTP
import SDP
import Simulator
import Testing
import Time
import WebRTC

extension PeerPair {
  /// A description as text, for tests that look at it, change it or keep it back.
  fileprivate func describe(
    room: Int = 65_536, _ body: (inout SpanWriter) throws -> Void
  ) throws -> [UInt8] {
    var text = [UInt8](repeating: 0, count: room)
    var writer = SpanWriter(text.mutableSpan)
    try body(&writer)
    let count = writer.count
    return Array(text.prefix(count))
  }

  fileprivate func offer(room: Int = 65_536) throws -> [UInt8] {
    try self.describe(room: room) { try self.offerer.makeOffer(into: &$0, now: self.now) }
  }

  fileprivate func answer() throws -> [UInt8] {
    try self.describe { try self.answerer.makeAnswer(into: &$0, now: self.now) }
  }

  fileprivate func take(offer: [UInt8]) throws {
    try self.answerer.setRemoteDescription(.offer, offer.span, now: self.now)
  }

  fileprivate func take(answer: [UInt8]) throws {
    try self.offerer.setRemoteDescription(.answer, answer.span, now: self.now)
  }
}

private func mids(_ text: [UInt8]) -> [Substring] {
  String(decoding: text, as: UTF8.self).split(separator: "\r\n").filter { $0.hasPrefix("a=mid:") }
}

@Suite struct MediaSignalingTests {
  private func isStopped(_ transceiver: Transceiver, _ call: Call) -> Bool? {
    call.pair.offerer.transceiverInfo(transceiver)?.isStopped
  }

  @Test func `a transceiver stopped while its offer is out stays stopped when the answer takes it`() throws {
    var call = try Call()
    let audio = try call.pair.offerer.addTransceiver(.audio, now: call.now)
    _ = try call.pair.answerer.addTransceiver(.audio, now: call.now)
    try call.pair.take(offer: call.pair.offer())
    let answer = try call.pair.answer()
    try call.pair.offerer.stopTransceiver(audio, now: call.now)
    try call.pair.take(answer: answer)
    call.drain()
    #expect(!call.offererEvents.contains(.trackAdded(audio)))
    let direction = call.pair.offerer.transceiverInfo(audio)?.currentDirection
    #expect(direction == nil)
    let isNeeded = call.pair.offerer.isNegotiationNeeded
    #expect(isNeeded)
  }

  @Test func `a direction that changes between offer and answer decides about the track`() throws {
    var call = try Call()
    _ = try call.pair.offerer.addTransceiver(.audio, now: call.now)
    _ = try call.pair.offerer.addTransceiver(.video, now: call.now)
    let audio = try call.pair.answerer.addTransceiver(.audio, .init(direction: .sendonly), now: call.now)
    let video = try call.pair.answerer.addTransceiver(.video, .init(direction: .sendrecv), now: call.now)
    try call.pair.take(offer: call.pair.offer())
    try call.pair.answerer.setDirection(.sendrecv, of: audio)
    try call.pair.answerer.setDirection(.sendonly, of: video)
    try call.pair.take(answer: call.pair.answer())
    call.drain()
    #expect(call.answererEvents.filter { $0 == .trackAdded(audio) }.count == 1)
    #expect(call.answererEvents.filter { $0 == .trackRemoved(audio) }.isEmpty)
    #expect(call.answererEvents.last { $0 == .trackAdded(video) || $0 == .trackRemoved(video) } == .trackRemoved(video))
  }

  @Test func `an offer that finds no room leaves the one before it as it was`() throws {
    let call = try Call()
    let audio = try call.pair.offerer.addTransceiver(.audio, now: call.now)
    let offer = try call.pair.offer()
    let video = try call.pair.offerer.addTransceiver(.video, now: call.now)
    #expect(throws: PeerConnection.UsageError.noRoom) { try call.pair.offer(room: 100) }
    try call.pair.take(offer: offer)
    try call.pair.take(answer: call.pair.answer())
    #expect(self.isStopped(audio, call) == false)
    #expect(self.isStopped(video, call) == false)
    let isNeeded = call.pair.offerer.isNegotiationNeeded
    #expect(isNeeded)
  }

  @Test func `an offer that is made again before the answer names its sections as before`() throws {
    var call = try Call()
    _ = try call.pair.offerer.addTransceiver(.audio, now: call.now)
    let first = try call.pair.offer()
    _ = try call.pair.offerer.addTransceiver(.video, now: call.now)
    var again = try call.pair.offer()
    #expect(mids(again).prefix(2) == mids(first)[...])
    for _ in 0..<300 { again = try call.pair.offer() }
    #expect(mids(again).count == 3)
    try call.pair.take(offer: first)
    try call.pair.take(offer: again)
    call.drain()
    #expect(call.answererEvents.filter { $0 == .trackAdded(Transceiver(index: 0)) }.count == 1)
    #expect(!call.answererEvents.contains(.trackRemoved(Transceiver(index: 0))))
  }

  @Test func `a peer that used hundreds of mids does not keep us from offering`() throws {
    let call = try Call()
    let offer = try call.pair.offer()
    for round in 0..<3 {
      var text = String(decoding: offer, as: UTF8.self)
      for number in 0..<120 {
        text += "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\na=mid:x\(round)y\(number)\r\n"
      }
      try call.pair.take(offer: Array(text.utf8))
    }
    _ = try call.pair.answer()
    _ = try call.pair.answerer.addTransceiver(.audio, now: call.now)
    _ = try call.pair.answerer.addTransceiver(.video, now: call.now)
    _ = try call.pair.answerer.addTransceiver(.audio, now: call.now)
    let ours = try call.pair.describe { try call.pair.answerer.makeOffer(into: &$0, now: call.now) }
    let names = mids(ours)
    #expect(Set(names).count == names.count)
  }

  @Test func `an offer with fewer sections than the session has is refused and changes nothing`() throws {
    var call = try Call()
    let audio = try call.pair.offerer.addTransceiver(.audio, now: call.now)
    try call.connect()
    let offer = String(decoding: try call.pair.offer(), as: UTF8.self)
    let end = try #require(offer.range(of: "m=application")).lowerBound
    let short = offer[..<end].replacingOccurrences(of: "a=group:BUNDLE 0 1", with: "a=group:BUNDLE 0")
    #expect(throws: PeerConnection.DescriptionError.incompatible) { try call.pair.take(offer: Array(short.utf8)) }
    let state = call.pair.answerer.signalingState
    #expect(state == .stable)
    try call.pair.take(offer: Array(offer.utf8))
    try call.pair.take(answer: call.pair.answer())
    call.play(try clip("opus.ogg"), on: audio, of: .offerer)
    call.run(for: .milliseconds(500))
    #expect(call.answererFrames.count >= 20)
  }

  @Test func `all media may be stopped in a live session, by either side, and come again`() throws {
    var configuration = PeerConnection.Configuration()
    configuration.offersDataChannels = false
    var call = try Call(offerer: configuration, answerer: configuration)
    let first = try call.pair.offerer.addTransceiver(.audio, .init(direction: .sendonly, formats: [.opus]), now: call.now)
    try call.connect()
    try call.pair.offerer.stopTransceiver(first, now: call.now)
    try call.pair.signal()
    call.drain()
    let stopped = call.pair.answerer.transceiverInfo(Transceiver(index: 0))?.isStopped
    #expect(stopped == true)
    #expect(call.answererEvents.contains(.trackRemoved(Transceiver(index: 0))))
    let second = try call.pair.offerer.addTransceiver(.audio, .init(direction: .sendonly, formats: [.opus]), now: call.now)
    try call.pair.signal()
    call.play(try clip("opus.ogg"), on: second, of: .offerer)
    call.run(for: .milliseconds(500))
    #expect(call.answererFrames.count >= 20)
    // Now the answerer stops it, which its answer tells.
    try call.pair.answerer.stopTransceiver(Transceiver(index: 1), now: call.now)
    try call.pair.signal()
    #expect(self.isStopped(second, call) == true)
    let states = (call.pair.offerer.signalingState, call.pair.answerer.signalingState)
    #expect(states.0 == .stable && states.1 == .stable)
    let state = call.pair.offerer.connectionState
    #expect(state == .connected)
  }

  @Test func `a section that we stopped is rejected, and not taken by another transceiver`() throws {
    var call = try Call()
    let audio = try call.pair.offerer.addTransceiver(.audio, .init(direction: .sendonly), now: call.now)
    try call.connect()
    try call.pair.answerer.stopTransceiver(Transceiver(index: 0), now: call.now)
    try call.pair.signal()
    call.drain()
    #expect(self.isStopped(audio, call) == true)
    let count = call.pair.answerer.transceiverCount
    #expect(count == 1)
    #expect(call.answererEvents.filter { $0 == .trackAdded(Transceiver(index: 0)) }.count == 1)
  }

  @Test func `media may come and go as often as it likes`() throws {
    var call = try Call()
    try call.connect()
    for _ in 0..<100 {
      let audio = try call.pair.offerer.addTransceiver(.audio, .init(direction: .sendonly), now: call.now)
      try call.pair.signal()
      let direction = call.pair.offerer.transceiverInfo(audio)?.currentDirection
      #expect(direction == .sendonly)
      try call.pair.offerer.stopTransceiver(audio, now: call.now)
      try call.pair.signal()
      call.drain()
    }
    let last = try call.pair.offerer.addTransceiver(.audio, .init(direction: .sendonly, formats: [.opus]), now: call.now)
    try call.pair.signal()
    call.play(try clip("opus.ogg"), on: last, of: .offerer)
    call.run(for: .milliseconds(500))
    #expect(call.answererFrames.count >= 20)
    #expect(call.answererFrames.allSatisfy { $0.transceiver == last })
    #expect(call.answererEvents.filter { if case .trackAdded = $0 { true } else { false } }.count == 101)
  }

  @Test func `a peer that changes mids for ever is not followed for ever`() throws {
    var call = try Call()
    _ = try call.pair.offerer.addTransceiver(.audio, .init(direction: .sendonly), now: call.now)
    try call.connect()
    let offer = String(decoding: try call.pair.offer(), as: UTF8.self)
    for round in 0..<3000 {
      let changed = offer.replacingOccurrences(of: "BUNDLE 0", with: "BUNDLE z\(round)")
        .replacingOccurrences(of: "a=mid:0", with: "a=mid:z\(round)")
      try call.pair.take(offer: Array(changed.utf8))
    }
    let count = call.pair.answerer.transceiverCount
    #expect(count <= 1024)
  }

  @Test func `data channels that are not accepted leave audio alone`() throws {
    var configuration = PeerConnection.Configuration()
    configuration.acceptsDataChannels = false
    configuration.offersDataChannels = false
    var call = try Call(answerer: configuration)
    let audio = try call.pair.offerer.addTransceiver(.audio, .init(direction: .sendonly, formats: [.pcma]), now: call.now)
    try call.pair.take(offer: call.pair.offer())
    let answer = try call.pair.answer()
    #expect(String(decoding: answer, as: UTF8.self).contains("m=application 0 "))
    try call.pair.take(answer: answer)
    call.play(try clip("pcma.wav"), on: audio, of: .offerer)
    let heard = call.run(for: .seconds(5)) { $0.answererFrames.count > 20 }
    #expect(heard)
    #expect(!call.offererEvents.contains(.dataChannelsConnected) && !call.answererEvents.contains(.dataChannelsConnected))
  }

  @Test func `the first channel of a session without data channels needs an exchange`() throws {
    var configuration = PeerConnection.Configuration()
    configuration.offersDataChannels = false
    var call = try Call(offerer: configuration)
    _ = try call.pair.offerer.addTransceiver(.audio, .init(direction: .sendonly, formats: [.opus]), now: call.now)
    try call.connect()
    call.offererEvents = []
    _ = try call.pair.offerer.openChannel(options("late"), now: call.now)
    call.drain()
    #expect(call.offererEvents == [.negotiationNeeded])
    try call.pair.signal()
    let isNeeded = call.pair.offerer.isNegotiationNeeded
    #expect(!isNeeded)
    call.offererEvents = []
    _ = try call.pair.offerer.openChannel(options("second"), now: call.now)
    call.drain()
    #expect(!call.offererEvents.contains(.negotiationNeeded))
  }
}
