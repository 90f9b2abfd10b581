import Bytes
import RTP
import Testing

@Suite struct PayloadVectorTests {
  @Test(arguments: ["h264-ffmpeg", "h264-gstreamer"])
  func `captured H264 reassembles to the access units that were sent`(_ name: String) throws {
    let frames = try assemble(capturedPayloads(name), .h264)
    let sent = try payloadVector("h264.frames")
    // Streams that begin without a delimiter keep it with the frame that follows.
    #expect(frames.map { $0?.bytes } == sent)
    for (i, frame) in frames.enumerated() {
      #expect(frame?.facts == FrameFacts(isKeyFrame: i % 4 == 0, width: 320, height: 180))
    }
  }

  @Test(arguments: ["vp8-ffmpeg", "vp8-gstreamer"])
  func `captured VP8 reassembles to the frames that were sent`(_ name: String) throws {
    let frames = try assemble(capturedPayloads(name), .vp8)
    #expect(frames.map { $0?.bytes } == (try payloadVector("vp8.frames")))
    for (i, frame) in frames.enumerated() {
      #expect(frame?.facts == FrameFacts(isKeyFrame: i % 4 == 0, width: 320, height: 180))
    }
  }

  @Test(arguments: [
    "jpeg-420-ffmpeg", "jpeg-420-gstreamer", "jpeg-422-gstreamer", "jpeg-420-restart-gstreamer", "jpeg-422-restart-gstreamer",
  ])
  func `captured JPEG reassembles to files of the same tables and the same scan`(_ name: String) throws {
    let frames = try assemble(capturedPayloads(name), .jpeg)
    let sent = try payloadVector(name + ".frames")
    #expect(frames.count == sent.count)
    for (frame, original) in zip(frames, sent) {
      let parts = try #require(JPEGParts(frame?.bytes ?? []))
      let expected = try #require(JPEGParts(original))
      #expect(parts.scan == expected.scan)
      #expect(parts.tables == expected.tables && parts.tables.first??.count == 64)
      #expect(parts.restartInterval == expected.restartInterval)
      #expect(expected.restartInterval.isEmpty == !name.contains("restart"))
      // The height travels in units of 8.
      var geometry = expected.geometry
      geometry[2] = (geometry[2] + 7) & ~7
      #expect(parts.geometry == geometry)
      if !expected.huffman.isEmpty { #expect(parts.huffman == expected.huffman) }
      #expect(frame?.facts.width == 320 && frame?.facts.height == (name.contains("ffmpeg") ? 184 : 176))
    }
  }

  @Test(arguments: [("opus-mono-20", 960), ("opus-fec-20", 960), ("opus-stereo-60", 2880)])
  func `captured Opus is the packets that were sent`(_ name: String, _ duration: Int) throws {
    let frames = try assemble(capturedPayloads(name + "-ffmpeg"), .opus)
    #expect(frames.map { $0?.bytes } == (try payloadVector(name + ".frames")))
    for frame in frames {
      let packet = opus(frame?.bytes ?? [])
      #expect(packet?.duration == duration)
      #expect(packet?.isStereo == name.contains("stereo"))
    }
  }

  @Test func `in-band FEC shows where the encoder put it`() throws {
    let with = try payloadVector("opus-fec-20.frames").filter { opus($0)?.hasInbandFEC == true }
    let without = try payloadVector("opus-mono-20.frames").filter { opus($0)?.hasInbandFEC == true }
    #expect(with.count > 10 && without.isEmpty)
  }

  @Test(arguments: [("pcm-alaw", CodecFormat.pcma), ("pcm-mulaw", .pcmu)])
  func `captured G711 is the samples that were sent`(_ name: String, _ format: CodecFormat) throws {
    let frames = try assemble(capturedPayloads(name + "-gstreamer"), format)
    #expect(frames.count == 20)
    #expect([frames.flatMap { $0?.bytes ?? [] }] == (try payloadVector(name + ".frames")))
  }

  @Test(arguments: [
    ("h264", CodecFormat.h264), ("vp8", .vp8), ("opus-mono-20", .opus), ("opus-stereo-60", .opus),
  ], [300, 1200])
  func `frames of real encoders survive packetizing and assembling`(_ vector: (String, CodecFormat), _ limit: Int) throws {
    let sent = try payloadVector(vector.0 + ".frames")
    var packetizer = packetizer(vector.1)
    var payloads: [Payload] = []
    for frame in sent { payloads += try packetize(frame, &packetizer, limit: vector.1 == .opus ? 1200 : limit) }
    let tooLong = payloads.filter { $0.bytes.count > 1200 }
    #expect(tooLong.isEmpty)
    #expect(try assemble(payloads, vector.1).map { $0?.bytes } == sent)
  }

  @Test(arguments: [
    "jpeg-420-ffmpeg", "jpeg-420-gstreamer", "jpeg-422-gstreamer", "jpeg-420-restart-gstreamer", "jpeg-422-restart-gstreamer",
  ], [250, 1200])
  func `JPEG files survive packetizing and assembling`(_ name: String, _ limit: Int) throws {
    let sent = try payloadVector(name + ".frames")
    var packetizer = packetizer(.jpeg)
    var payloads: [Payload] = []
    for frame in sent { payloads += try packetize(frame, &packetizer, limit: limit) }
    for (frame, original) in zip(try assemble(payloads, .jpeg), sent) {
      let parts = try #require(JPEGParts(frame?.bytes ?? []))
      let expected = try #require(JPEGParts(original))
      #expect(parts.scan == expected.scan && parts.tables == expected.tables)
      #expect(parts.restartInterval == expected.restartInterval)
      // And once more: what comes out goes in.
      let again = try assemble(packetize(frame?.bytes ?? [], &packetizer, limit: limit), .jpeg)
      #expect(again == [frame])
    }
  }
}
