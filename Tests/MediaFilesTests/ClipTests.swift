import Testing

@testable import MediaFiles

struct ParameterSet: CustomTestStringConvertible {
  let testDescription: String
  let hex: String
  let twoFrames: Int64

  var bytes: [UInt8] {
    let digits = self.hex.utf8.map { $0 < 58 ? $0 - 48 : $0 - 87 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }

  static let all = [
    ParameterSet(
      testDescription: "25, high", hex: "000000016764000aacd94426c044000003000400000300c83c489658", twoFrames: 7_200),
    ParameterSet(
      testDescription: "30000/1001, baseline", hex: "000000016742c00ad90426c04400000fa40003a9803c489920", twoFrames: 6_006),
    ParameterSet(
      testDescription: "15, high 4:4:4", hex: "0000000167f4000a919b2884d80880000003008000000f078912cb", twoFrames: 12_000),
    ParameterSet(
      testDescription: "50, main", hex: "00000001674d400aeca2136022000003000200000300c81e244b2c", twoFrames: 3_600),
  ]
}

@Suite struct ClipTests {
  @Test func `an H264 stream is cut into access units with a key frame a second`() throws {
    let file = try vector("h264.h264")
    let clip = try MediaClip(file)
    #expect(clip.format == .h264 && clip.channels == 0)
    #expect(clip.frames.count == 120)
    #expect(clip.frames.indices.filter { clip.frames[$0].isKeyFrame } == [0, 30, 60, 90])
    #expect(clip.frames.allSatisfy { $0.duration == 3_000 })
    #expect(clip.frames[30].timestamp == 90_000 && clip.duration == 360_000)
    #expect(clip.frames.flatMap { file[$0.range] } == file)
    // Each begins with a start code; key frames with their parameter sets.
    #expect(clip.frames.allSatisfy { file[$0.range].starts(with: [0, 0, 0, 1]) || file[$0.range].starts(with: [0, 0, 1]) })
    #expect([0, 30, 60, 90].allSatisfy { clip.bytes(at: $0)[4] & 31 == 7 })
  }

  @Test func `access units end where H264 says, whatever the start codes`() throws {
    let slice: [UInt8] = [0, 0, 1, 0x41, 0x80, 5]
    let second: [UInt8] = [0, 0, 1, 0x41, 0x40, 5]  // another slice of the same picture
    let delimiter: [UInt8] = [0, 0, 0, 1, 9, 0x10]
    let parameters: [UInt8] = [0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 1]
    let key: [UInt8] = [0, 0, 1, 0x65, 0x88, 5]
    let units = [parameters + key, slice + second, delimiter + slice + second + second, delimiter + parameters + key, slice]
    let clip = try MediaClip(annexB: units.flatMap { $0 }, framesPerSecond: 25)
    #expect(clip.frames.indices.map { clip.bytes(at: $0) } == units)
    #expect(clip.frames.map(\.isKeyFrame) == [true, false, false, true, false])
    #expect(clip.frames[4].timestamp == 14_400)
  }

  @Test(arguments: ["mjpeg-420.mjpeg", "mjpeg-422.mjpeg"])
  func `motion JPEG is cut into whole pictures`(name: String) throws {
    let file = try vector(name)
    let clip = try MediaClip(file, framesPerSecond: 10)
    #expect(clip.format == .jpeg && clip.frames.count == 20 && clip.duration == 180_000)
    #expect(clip.frames.flatMap { file[$0.range] } == file)
    for i in clip.frames.indices {
      let frame = clip.bytes(at: i)
      #expect(frame.starts(with: [0xFF, 0xD8]) && frame.suffix(2) == [0xFF, 0xD9])
    }
  }

  @Test func `VP8 frames come with their times and key frames`() throws {
    let clip = try MediaClip(vector("vp8.ivf"))
    #expect(clip.format == .vp8 && clip.frames.count == 120 && clip.duration == 360_000)
    #expect(clip.frames.indices.filter { clip.frames[$0].isKeyFrame } == [0, 30, 60, 90])
    #expect(clip.bytes(at: 0)[3..<6] == [0x9D, 0x01, 0x2A])
    #expect(clip.frames[90].timestamp == 270_000)
  }

  @Test func `Opus packets come with their durations`() throws {
    let clip = try MediaClip(vector("opus.ogg"))
    #expect(clip.format == .opus && clip.channels == 2 && clip.frames.count == 201)
    #expect(clip.frames.allSatisfy { $0.duration == 960 && $0.isKeyFrame })
    #expect(clip.frames[200].timestamp == 192_000)
  }

  @Test(arguments: ["pcma.wav", "pcmu.wav"])
  func `G711 comes in frames of 20 ms`(name: String) throws {
    let file = try vector(name)
    let clip = try MediaClip(file)
    #expect(clip.format == (name == "pcma.wav" ? .pcma : .pcmu))
    #expect(clip.frames.count == 150 && clip.duration == 24_000)
    #expect(clip.frames.allSatisfy { $0.range.count == 160 && $0.duration == 160 })
    #expect(clip.frames.last?.range.upperBound == file.count)
  }

  @Test func `the next key frame is found, round the end of the clip as well`() throws {
    let clip = try MediaClip(vector("h264.h264"))
    #expect(clip.keyFrame(from: 0) == 0)
    #expect(clip.keyFrame(from: 1) == 30)
    #expect(clip.keyFrame(from: 91) == 0)
    #expect(clip.keyFrame(from: 120) == 0)
    let frame = clip.frame(at: 30)
    let first = (frame.count, frame[4])
    #expect(first == (clip.frames[30].range.count, clip.bytes(at: 30)[4]))
    let without = try MediaClip(annexB: [0, 0, 1, 0x41, 0x80])
    #expect(without.keyFrame(from: 0) == nil)
  }

  /// Made by x264 (`ffmpeg -f lavfi -i testsrc2=size=64x64:rate=RATE -frames:v 1 -c:v libx264 …`).
  @Test(arguments: ParameterSet.all)
  func `an H264 stream says how fast it is`(parameters: ParameterSet) throws {
    let stream = parameters.bytes + [0, 0, 1, 0x65, 0x88, 0, 0, 1, 0x41, 0x9A]
    let clip = try MediaClip(stream)
    #expect(clip.frames.count == 2 && clip.duration == parameters.twoFrames)
    // The caller knows better, and a set that breaks off says nothing.
    #expect(try MediaClip(stream, framesPerSecond: 10).duration == 18_000)
    for length in 5..<parameters.bytes.count {
      let broken = Array(parameters.bytes[..<length]) + [0, 0, 1, 0x65, 0x88]
      let duration = try MediaClip(broken).duration
      #expect(duration == 3_000 || duration == parameters.twoFrames / 2)
    }
  }

  @Test func `rates do not drift`() throws {
    let unit: [UInt8] = [0, 0, 1, 0x65, 0x88]
    let clip = try MediaClip(annexB: (0..<700).flatMap { _ in unit }, framesPerSecond: 7)
    #expect(clip.duration == 9_000_000)
    #expect(zip(clip.frames, clip.frames.dropFirst()).allSatisfy { $0.timestamp + $0.duration == $1.timestamp })
  }

  @Test func `a WAV file of an unfinished recording goes on to its end`() throws {
    var file = try vector("pcma.wav")
    let data = try #require((0..<200).first { file.hasBytes("data", at: $0) })
    for i in 0..<4 { file[data + 4 + i] = 0xFF }
    #expect(try MediaClip(file).frames.count == 150)
  }

  @Test(arguments: [
    (0, 480), (3, 2_880), (11 << 3, 2_880), (12 << 3, 480), (15 << 3 | 4, 960), (16 << 3, 120), (31 << 3, 960),
    (31 << 3 | 1, 1_920), (31 << 3 | 2, 1_920), (3 << 3, 2_880),
  ])
  func `an Opus packet's duration is in its first byte`(toc: Int, samples: Int) {
    let packet: [UInt8] = [UInt8(toc), 6, 0]
    let duration = OpusPacket.duration(packet.span)
    #expect(duration == (toc & 3 == 3 ? 480 * 6 : samples))
  }

  @Test func `what is no Opus packet has no duration`() {
    let wrong: [[UInt8]] = [[], [3], [3, 0], [3, 13], [31 << 3 | 3, 7]]
    for packet in wrong {
      let duration = OpusPacket.duration(packet.span)
      #expect(duration == nil)
    }
  }
}
