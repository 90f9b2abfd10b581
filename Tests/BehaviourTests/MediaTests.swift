import Bytes
import MediaFiles
import RTP
import SDP
import Simulator
import Testing
import Time
import WebRTC

@Suite struct MediaTests {
  @Test(arguments: [("h264.h264", CodecFormat.h264), ("vp8.ivf", .vp8), ("mjpeg-420.mjpeg", .jpeg), ("mjpeg-422.mjpeg", .jpeg)])
  func `every frame of a video arrives whole, in order and as it was sent`(name: String, format: CodecFormat) throws {
    var call = try Call(condition: .network(loss: 0, delay: 20))
    let clip = try clip(name)
    let sender = try call.pair.offerer.addTransceiver(.video, .init(direction: .sendonly, formats: [format]), now: call.now)
    try call.connect()
    let info = call.pair.offerer.transceiverInfo(sender)
    #expect(info?.currentDirection == .sendonly && info?.sendCodec?.format == format)
    let payloadTypes: [CodecFormat: UInt8] = [.h264: 102, .vp8: 96, .jpeg: 26]
    #expect(info?.sendPayloadType == payloadTypes[format])
    call.play(clip, on: sender, of: .offerer)
    let count = clip.frames.count
    let arrived = call.run(for: .seconds(8)) { $0.answererFrames.count >= count }
    try #require(arrived)
    for index in 0..<count {
      let frame = call.answererFrames[index]
      #expect(frame.info.format == format && frame.info.isKeyFrame == clip.frames[index].isKeyFrame)
      #expect(frame.info.mediaTime == clip.frames[index].timestamp)
      #expect(frame.info.width == 320 && frame.info.height == 240 || !frame.info.isKeyFrame)
      let isSame = frame.bytes == withLongStartCodes(Array(clip.bytes[clip.frames[index].range]), if: format == .h264)
      // A JPEG's headers are made anew; the tests of the payload format compare what is in it.
      #expect(isSame || format == .jpeg, "frame \(index)")
    }
    #expect(call.sources[0].refused.isEmpty)
    #expect(call.answererEvents.contains { if case .trackAdded = $0 { true } else { false } })
    #expect(call.answererEvents.contains { if case .streamAdded(_, _, let codec) = $0 { codec.format == format } else { false } })
  }

  @Test(arguments: [("opus.ogg", CodecFormat.opus), ("pcma.wav", .pcma), ("pcmu.wav", .pcmu)])
  func `audio goes both ways at once, packet for packet`(name: String, format: CodecFormat) throws {
    var call = try Call(condition: .network(loss: 0, delay: 20))
    let clip = try clip(name)
    let mine = try call.pair.offerer.addTransceiver(.audio, .init(formats: [format]), now: call.now)
    let theirs = try call.pair.answerer.addTransceiver(.audio, now: call.now)
    try call.connect()
    #expect(call.pair.answerer.transceiverCount == 1)
    call.play(clip, on: mine, of: .offerer)
    call.play(clip, on: theirs, of: .answerer)
    let count = clip.frames.count
    let arrived = call.run(for: .seconds(8)) { $0.answererFrames.count >= count && $0.offererFrames.count >= count }
    try #require(arrived)
    for index in 0..<count {
      let sent = Array(clip.bytes[clip.frames[index].range])
      let isSame = call.answererFrames[index].bytes == sent && call.offererFrames[index].bytes == sent
      #expect(isSame, "packet \(index)")
    }
  }

  @Test func `media and data channels share one transport`() throws {
    var call = try Call(condition: .network(loss: 0, delay: 10))
    let video = try call.pair.offerer.addTransceiver(.video, .init(direction: .sendonly, formats: [.vp8]), now: call.now)
    let channel = try call.pair.offerer.openChannel(options("beside"), now: call.now)
    try call.connect()
    call.play(try clip("vp8.ivf"), on: video, of: .offerer)
    call.run(for: .milliseconds(500))
    let message = pattern(1, size: 100_000)
    try call.pair.offerer.send(message.span, kind: .binary, on: channel, now: call.now)
    call.run(for: .seconds(2))
    #expect(call.pair.answerer.nextMessageSize == 100_000)
    #expect(call.answererFrames.count >= 70)
  }

  @Test func `media goes without any section for data channels`() throws {
    var configuration = PeerConnection.Configuration()
    configuration.offersDataChannels = false
    var call = try Call(offerer: configuration)
    let audio = try call.pair.offerer.addTransceiver(.audio, .init(direction: .sendonly, formats: [.pcmu]), now: call.now)
    try call.connect()
    call.play(try clip("pcmu.wav"), on: audio, of: .offerer)
    call.run(for: .seconds(1))
    #expect(call.answererFrames.count >= 49)
    let events = call.offererEvents + call.answererEvents
    #expect(!events.contains(.dataChannelsConnected))
  }

  @Test func `media that a peer is not to receive are rejected, and the channels work`() throws {
    var configuration = PeerConnection.Configuration()
    configuration.receivesOfferedMedia = false
    var call = try Call(answerer: configuration)
    let video = try call.pair.offerer.addTransceiver(.video, now: call.now)
    _ = try call.pair.offerer.openChannel(options("alone"), now: call.now)
    try call.connect()
    let opened = call.run(for: .seconds(5)) { call in call.answererEvents.contains(.dataChannelsConnected) }
    #expect(opened)
    #expect(call.pair.offerer.transceiverInfo(video)?.isStopped == true)
    #expect(call.pair.answerer.transceiverCount == 0)
  }

  @Test(arguments: [
    (MediaDirection.sendrecv, MediaDirection.sendrecv, MediaDirection.sendrecv), (.sendrecv, .recvonly, .sendonly),
    (.sendonly, .sendrecv, .sendonly), (.recvonly, .sendrecv, .recvonly), (.inactive, .sendrecv, .inactive),
    (.sendrecv, .inactive, .inactive), (.sendonly, .sendonly, .inactive),
  ])
  func `what both sides want decides the direction`(
    offered: MediaDirection, answered: MediaDirection, settled: MediaDirection
  ) throws {
    var call = try Call()
    let mine = try call.pair.offerer.addTransceiver(.audio, .init(direction: offered), now: call.now)
    let theirs = try call.pair.answerer.addTransceiver(.audio, .init(direction: answered), now: call.now)
    try call.connect()
    #expect(call.pair.offerer.transceiverInfo(mine)?.currentDirection == settled)
    #expect(call.pair.answerer.transceiverInfo(theirs)?.currentDirection == settled.reversed)
    let hasTrack = call.offererEvents.contains(.trackAdded(mine))
    #expect(hasTrack == settled.receives)
    let clip = try clip("pcmu.wav")
    call.play(clip, on: mine, of: .offerer)
    call.play(clip, on: theirs, of: .answerer)
    call.run(for: .milliseconds(500))
    #expect(call.answererFrames.isEmpty == !settled.sends)
    #expect(call.offererFrames.isEmpty == !settled.receives)
    if !settled.sends { #expect(call.sources[0].refused.first == .notNegotiated) }
  }

  @Test func `nothing is sent before the connection is up`() throws {
    let call = try Call()
    let audio = try call.pair.offerer.addTransceiver(.audio, now: call.now)
    let samples = pattern(1, size: 160)
    #expect(throws: FrameSendError.notConnected) {
      try call.pair.offerer.sendFrame(samples.span, FrameTiming(timestamp: 0), on: audio, now: call.now)
    }
  }

  @Test func `what is no frame of the codec is refused, and the next frame goes`() throws {
    var call = try Call()
    let video = try call.pair.offerer.addTransceiver(.video, .init(direction: .sendonly, formats: [.h264]), now: call.now)
    try call.connect()
    let nonsense = pattern(1, size: 100)
    #expect(throws: FrameSendError.malformed) {
      try call.pair.offerer.sendFrame(nonsense.span, FrameTiming(timestamp: 0), on: video, now: call.now)
    }
    let huge = [0, 0, 0, 1, 0x65, 0x88] + pattern(2, size: 2_000_000)
    #expect(throws: FrameSendError.tooLarge) {
      try call.pair.offerer.sendFrame(huge.span, FrameTiming(timestamp: 0), on: video, now: call.now)
    }
    call.play(try clip("h264.h264"), on: video, of: .offerer)
    call.run(for: .milliseconds(500))
    #expect(call.answererFrames.count >= 14)
  }

  @Test func `a peer that closes says BYE, and the stream is gone at the other side`() throws {
    var call = try Call(condition: .network(loss: 0, delay: 10))
    let audio = try call.pair.offerer.addTransceiver(.audio, .init(direction: .sendonly), now: call.now)
    try call.connect()
    call.play(try clip("opus.ogg"), on: audio, of: .offerer)
    call.run(for: .milliseconds(300))
    call.sources = []
    call.pair.offerer.close(now: call.now)
    call.run(for: .seconds(1))
    #expect(call.answererEvents.contains { if case .streamRemoved = $0 { true } else { false } })
    #expect(call.pair.answerer.connectionState == .closed)
  }

  @Test func `statistics of both sides agree on what was sent, received and measured`() throws {
    var call = try Call(condition: .network(loss: 0, delay: 25))
    let audio = try call.pair.offerer.addTransceiver(.audio, .init(direction: .sendonly, formats: [.pcma]), now: call.now)
    try call.connect()
    call.play(try clip("pcma.wav"), on: audio, of: .offerer)
    call.run(for: .seconds(6))
    call.sources[0].isPaused = true
    call.run(for: .milliseconds(200))
    let statistics = call.pair.offerer.mediaStatistics(of: audio)
    let sent = try #require(statistics)
    #expect(sent.outbound.packetsSent == UInt64(call.sources[0].sent))
    let streams = call.pair.answerer.receivedStreams(of: Transceiver(index: 0))
    let inbound = try #require(streams.first).inbound
    #expect(inbound.packetsReceived == sent.outbound.packetsSent && inbound.packetsLost == 0)
    let measured = call.pair.offerer.mediaRoundTripTime
    let roundTrip = try #require(measured)
    #expect(roundTrip >= .milliseconds(50) && roundTrip <= .milliseconds(55))
    #expect(sent.remoteInbound.reportsReceived >= 3)
  }
}

/// Four bytes wherever three start a NAL unit: what a receiver writes.
func withLongStartCodes(_ bytes: [UInt8], if isAnnexB: Bool) -> [UInt8] {
  guard isAnnexB else { return bytes }
  var result: [UInt8] = []
  for index in bytes.indices {
    let isShort = bytes[index...].starts(with: [0, 0, 1]) && (index == 0 || bytes[index - 1] != 0)
    if isShort { result.append(0) }
    result.append(bytes[index])
  }
  return result
}
