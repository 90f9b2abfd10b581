import Bytes
import MediaFiles
import RTP
import Simulator
import Testing
import Time
import WebRTC

@Suite struct MediaRepairTests {
  static func patient() -> PeerConnection.Configuration {
    var configuration = PeerConnection.Configuration()
    configuration.rtp.videoReceiver.holdTime = .milliseconds(400)
    return configuration
  }

  /// A call with video one way, playing.
  static func call(
    seed: UInt64, condition: Link.Condition, format: CodecFormat = .h264, file: String = "h264.h264"
  ) throws -> Call {
    var call = try Call(seed: seed, condition: condition, offerer: self.patient(), answerer: self.patient())
    let video = try call.pair.offerer.addTransceiver(
      .video, .init(direction: .sendonly, formats: [format]), now: call.now)
    try call.connect()
    call.play(try clip(file), on: video, of: .offerer)
    return call
  }

  @Test(arguments: [1, 4] as [UInt32])
  func `at 5 % loss at least 99 % of frames arrive whole, also where losses come in bursts`(burst: UInt32) throws {
    var sent = 0
    var delivered = 0
    for seed: UInt64 in 1...8 {
      var condition = Link.Condition.network(loss: 5, delay: 50)
      condition.meanBurst = burst
      var call = try Self.call(seed: seed, condition: condition)
      call.run(for: .seconds(6))
      call.sources[0].isPaused = true
      call.run(for: .seconds(1))
      sent += call.sources[0].sent
      delivered += call.answererFrames.count
    }
    #expect(Double(delivered) >= 0.99 * Double(sent), "\(delivered) of \(sent)")
  }

  @Test func `after an outage of two seconds a key frame comes within a second`() throws {
    for seed: UInt64 in 1...8 {
      var call = try Self.call(seed: seed, condition: .network(loss: 0, delay: 50), format: .vp8, file: "vp8.ivf")
      call.run(for: .seconds(2))
      call.pair.forward.condition.loss = 1_000_000
      call.pair.backward.condition.loss = 1_000_000
      call.run(for: .seconds(2))
      call.pair.forward.condition.loss = 0
      call.pair.backward.condition.loss = 0
      let (healed, count) = (call.now, call.answererFrames.count)
      let recovered = call.run(for: .seconds(1)) { $0.answererFrames.dropFirst(count).contains { $0.info.isKeyFrame } }
      #expect(recovered, "seed \(seed), \((call.now - healed).nanoseconds / 1_000_000) ms")
    }
  }

  @Test func `a lost packet comes again by RTX under a number of its own`() throws {
    var call = try Self.call(seed: 1, condition: .network(loss: 5, delay: 20))
    call.run(for: .seconds(3))
    let statistics = call.pair.offerer.mediaStatistics(of: Transceiver(index: 0))
    let sent = try #require(statistics).outbound
    #expect(sent.rtxSSRC != 0 && sent.rtxSSRC != sent.ssrc)
    #expect(sent.retransmittedPacketsSent > 0 && sent.nackCount > 0)
    let streams = call.pair.answerer.receivedStreams(of: Transceiver(index: 0))
    #expect(try #require(streams.first).inbound.retransmittedPacketsReceived > 0)
  }

  @Test func `a peer that asks for a key frame gets one`() throws {
    var call = try Self.call(seed: 1, condition: .network(loss: 0, delay: 20))
    call.run(for: .milliseconds(1_200))
    let count = call.answererFrames.count
    call.pair.answerer.requestKeyFrame(of: Transceiver(index: 0), now: call.now)
    let came = call.run(for: .milliseconds(200)) { $0.answererFrames.dropFirst(count).contains { $0.info.isKeyFrame } }
    #expect(came)
    #expect(call.offererEvents.contains(.keyFrameRequested(Transceiver(index: 0))))
  }
}
