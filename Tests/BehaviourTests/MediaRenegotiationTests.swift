import Bytes
import MediaFiles
import RTP
import SDP
import Simulator
import Testing
import Time
import WebRTC

@Suite struct MediaRenegotiationTests {
  /// A call with audio from the offerer, playing.
  private func audioCall() throws -> Call {
    var call = try Call(condition: .network(loss: 0, delay: 10))
    let audio = try call.pair.offerer.addTransceiver(.audio, .init(direction: .sendonly, formats: [.opus]), now: call.now)
    try call.connect()
    call.play(try clip("opus.ogg"), on: audio, of: .offerer)
    call.run(for: .milliseconds(500))
    #expect(call.answererFrames.count >= 20)
    return call
  }

  @Test func `video added to a live call begins, and the audio does not miss a packet`() throws {
    var call = try audioCall()
    let video = try call.pair.offerer.addTransceiver(.video, .init(direction: .sendonly, formats: [.vp8]), now: call.now)
    call.drain()
    #expect(call.offererEvents.contains(.negotiationNeeded))
    try call.pair.signal()
    call.play(try clip("vp8.ivf"), on: video, of: .offerer)
    call.run(for: .seconds(1))
    let audioFrames = call.answererFrames.filter { $0.info.format == .opus }
    #expect(call.answererFrames.contains { $0.info.format == .vp8 })
    #expect(!audioFrames.contains { $0.info.followsLoss })
    #expect(call.sources[0].refused.isEmpty)
    let needs = call.pair.offerer.isNegotiationNeeded
    #expect(!needs)
  }

  @Test func `the answerer of the first offer may add media by an offer of its own`() throws {
    var call = try audioCall()
    let back = try call.pair.answerer.addTransceiver(.video, .init(direction: .sendonly, formats: [.h264]), now: call.now)
    var text = [UInt8](repeating: 0, count: 32_768)
    var writer = SpanWriter(text.mutableSpan)
    try call.pair.answerer.makeOffer(into: &writer, now: call.now)
    let offer = writer.count
    try call.pair.offerer.setRemoteDescription(.offer, text.span.extracting(0..<offer), now: call.now)
    writer = SpanWriter(text.mutableSpan)
    try call.pair.offerer.makeAnswer(into: &writer, now: call.now)
    let answer = writer.count
    try call.pair.answerer.setRemoteDescription(.answer, text.span.extracting(0..<answer), now: call.now)
    call.play(try clip("h264.h264"), on: back, of: .answerer)
    call.run(for: .seconds(1))
    #expect(call.offererFrames.count >= 25)
    #expect(call.sources[0].refused.isEmpty)
    #expect(!call.answererFrames.contains { $0.info.followsLoss })
  }

  @Test func `media is paused by a direction and goes on by another`() throws {
    var call = try audioCall()
    let audio = Transceiver(index: 0)
    try call.pair.offerer.setDirection(.inactive, of: audio)
    try call.pair.signal()
    call.run(for: .milliseconds(200))
    let count = call.answererFrames.count
    call.run(for: .milliseconds(500))
    #expect(call.answererFrames.count == count)
    #expect(call.sources[0].refused.last == .notNegotiated)
    #expect(call.answererEvents.contains(.trackRemoved(audio)))
    try call.pair.offerer.setDirection(.sendonly, of: audio)
    try call.pair.signal()
    call.run(for: .milliseconds(500))
    #expect(call.answererFrames.count >= count + 20)
    #expect(call.answererEvents.filter { $0 == .trackAdded(audio) }.count == 2)
  }

  @Test func `a stopped transceiver gives its section up, and another takes the place`() throws {
    var call = try audioCall()
    let first = try call.pair.offerer.addTransceiver(.video, .init(direction: .sendonly, formats: [.vp8]), now: call.now)
    try call.pair.signal()
    call.play(try clip("vp8.ivf"), on: first, of: .offerer)
    call.run(for: .milliseconds(500))
    try call.pair.offerer.stopTransceiver(first, now: call.now)
    try call.pair.signal()
    call.run(for: .milliseconds(200))
    let stopped = call.pair.answerer.transceiverInfo(Transceiver(index: 1))?.isStopped
    #expect(stopped == true)
    #expect(call.answererEvents.contains(.trackRemoved(Transceiver(index: 1))))
    #expect(call.answererEvents.contains { if case .streamRemoved = $0 { true } else { false } })
    #expect(call.sources[1].refused.last == .notNegotiated)
    call.sources.removeLast()
    let second = try call.pair.offerer.addTransceiver(.audio, .init(direction: .sendonly, formats: [.pcmu]), now: call.now)
    var text = [UInt8](repeating: 0, count: 32_768)
    var writer = SpanWriter(text.mutableSpan)
    try call.pair.offerer.makeOffer(into: &writer, now: call.now)
    let count = writer.count
    let offer = try SessionDescription(parsing: text.span.extracting(0..<count))
    #expect(offer.sections.map(\.kind) == [.audio, .application, .audio])
    try call.pair.signal()
    call.play(try clip("pcmu.wav"), on: second, of: .offerer)
    call.run(for: .milliseconds(500))
    #expect(call.answererFrames.contains { $0.info.format == .pcmu })
    #expect(!call.answererFrames.contains { $0.info.format == .opus && $0.info.followsLoss })
  }

  @Test func `offers that cross are settled by the one that is taken`() throws {
    var call = try audioCall()
    let mine = try call.pair.offerer.addTransceiver(.video, .init(direction: .sendonly, formats: [.vp8]), now: call.now)
    _ = try call.pair.answerer.addTransceiver(.audio, .init(direction: .sendonly, formats: [.pcmu]), now: call.now)
    var text = [UInt8](repeating: 0, count: 32_768)
    var writer = SpanWriter(text.mutableSpan)
    try call.pair.answerer.makeOffer(into: &writer, now: call.now)
    // The offerer's own offer crosses it and is taken in its place; the answerer asks again later.
    try call.pair.signal()
    call.drain()
    #expect(call.answererEvents.contains(.negotiationNeeded))
    let settled = call.pair.offerer.transceiverInfo(mine)?.currentDirection
    #expect(settled == .sendonly)
    let isNeeded = call.pair.answerer.isNegotiationNeeded
    #expect(isNeeded)
  }

  @Test func `data channels may join a call that began without them`() throws {
    var configuration = PeerConnection.Configuration()
    configuration.offersDataChannels = false
    var call = try Call(offerer: configuration)
    let audio = try call.pair.offerer.addTransceiver(.audio, .init(direction: .sendonly, formats: [.opus]), now: call.now)
    try call.connect()
    call.play(try clip("opus.ogg"), on: audio, of: .offerer)
    call.run(for: .milliseconds(200))
    _ = try call.pair.offerer.openChannel(options("late"), now: call.now)
    try call.pair.signal()
    call.run(for: .seconds(1))
    #expect(call.answererEvents.contains { if case .channelOpened = $0 { true } else { false } })
    #expect(!call.answererFrames.contains { $0.info.followsLoss })
  }

  @Test func `an ICE restart in a live call loses nothing`() throws {
    var call = try audioCall()
    try call.pair.offerer.restartICE(now: call.now)
    try call.pair.signal()
    call.run(for: .seconds(2))
    #expect(!call.answererFrames.contains { $0.info.followsLoss })
    #expect(call.answererFrames.count >= 120)
  }
}
