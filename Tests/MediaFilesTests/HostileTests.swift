import Testing

@testable import MediaFiles

private let names = ["h264.h264", "mjpeg-420.mjpeg", "mjpeg-422.mjpeg", "vp8.ivf", "opus.ogg", "pcma.wav"]

/// Either a clip that holds together, or a typed error; never a trap.
@discardableResult
private func check(_ bytes: [UInt8]) -> Bool {
  guard let clip = try? MediaClip(bytes) else { return false }
  var time: Int64 = 0
  for frame in clip.frames {
    guard frame.range.lowerBound >= 0, frame.range.upperBound <= clip.bytes.count, frame.timestamp >= time,
      frame.duration >= 0
    else {
      Issue.record("a frame that cannot be")
      return true
    }
    time = frame.timestamp
  }
  return true
}

@Suite struct HostileTests {
  @Test(arguments: names)
  func `a file cut at any length is either a shorter clip or refused`(name: String) throws {
    let file = try vector(name)
    // Every length of the header and the first frames, then a sample of the others.
    for length in Array(0..<400) + Array(stride(from: 400, to: file.count, by: 1_009)) { check(Array(file[..<length])) }
    #expect(!check([]))
    #expect(!check(Array(file[..<8])))
  }

  @Test func `a file cut inside a frame is truncated`() throws {
    for name in ["mjpeg-420.mjpeg", "vp8.ivf", "opus.ogg", "pcma.wav"] {
      let file = try vector(name)
      #expect(throws: MediaFileError.truncated, "\(name)") { try MediaClip(Array(file.dropLast(5))) }
    }
  }

  @Test(arguments: names)
  func `changed bytes never trap`(name: String) throws {
    let file = Array(try vector(name).prefix(12_000))
    for i in Array(0..<200) + Array(stride(from: 200, to: file.count, by: 97)) {
      for value: UInt8 in [0, 1, 0x7F, 0xFF, file[i] ^ 0x80] {
        var changed = file
        changed[i] = value
        check(changed)
      }
    }
  }

  @Test func `a changed Ogg page is noticed`() throws {
    let file = try vector("opus.ogg")
    for i in stride(from: 30, to: file.count, by: 501) {
      var changed = file
      changed[i] ^= 0x10
      #expect(!check(changed), "\(i)")
    }
  }

  @Test func `a missing Ogg page is noticed`() throws {
    let file = try vector("opus.ogg")
    var pages: [Range<Int>] = []
    while (pages.last?.upperBound ?? 0) < file.count {
      let start = pages.last?.upperBound ?? 0
      pages.append(start..<(try OggPage(file, at: start)).body.upperBound)
    }
    try #require(pages.count > 5)
    for page in pages[1..<(pages.count - 1)] {
      #expect(throws: MediaFileError.malformed) { try MediaClip(Array(file[..<page.lowerBound] + file[page.upperBound...])) }
    }
  }

  @Test func `other streams beside Opus are passed over`() throws {
    let file = try vector("opus.ogg")
    let other = OggPage.encode(
      flags: 2, granule: 0, serial: 99, sequence: 0, segments: [8], body: [UInt8]("NotOpus!".utf8))
    let clip = try MediaClip(other + file + other)
    #expect(clip.frames.count == 201)
    #expect(throws: MediaFileError.notRecognized) { try MediaClip(other) }
  }

  @Test func `lengths that lie are refused`() throws {
    var ivf = try vector("vp8.ivf")
    ivf.replaceSubrange(32..<36, with: [0xFF, 0xFF, 0xFF, 0xFF])
    #expect(throws: MediaFileError.truncated) { try MediaClip(ivf) }
    ivf = try vector("vp8.ivf")
    ivf.replaceSubrange(16..<20, with: [0, 0, 0, 0])  // a time base of nothing
    #expect(throws: MediaFileError.malformed) { try MediaClip(ivf) }
    ivf = try vector("vp8.ivf")
    ivf.replaceSubrange(6..<8, with: [4, 0])  // a header shorter than a header
    #expect(throws: MediaFileError.malformed) { try MediaClip(ivf) }

    var wav = try vector("pcmu.wav")
    wav.replaceSubrange(16..<20, with: [0xFE, 0xFF, 0xFF, 0xFF])
    #expect(throws: MediaFileError.truncated) { try MediaClip(wav) }
    wav = try vector("pcmu.wav")
    wav.replaceSubrange(16..<20, with: [4, 0, 0, 0])
    #expect(throws: MediaFileError.malformed) { try MediaClip(wav) }

    var jpeg = try vector("mjpeg-420.mjpeg")
    jpeg.replaceSubrange(4..<6, with: [0, 1])
    #expect(throws: MediaFileError.malformed) { try MediaClip(jpeg) }
    jpeg.replaceSubrange(4..<6, with: [0xFF, 0xFF])
    #expect(!check(jpeg))
  }

  @Test func `codecs and layouts that WebRTC does not carry are refused`() throws {
    var ivf = try vector("vp8.ivf")
    ivf[11] = UInt8(ascii: "9")
    #expect(throws: MediaFileError.unsupported) { try MediaClip(ivf) }
    for (offset, value) in [(20, UInt8(1)), (22, 2), (24, 0), (34, 16)] {
      var wav = try vector("pcma.wav")
      wav[offset] = value
      #expect(throws: MediaFileError.unsupported) { try MediaClip(wav) }
    }
    let head = { (channels: UInt8, family: UInt8) in
      [UInt8]("OpusHead".utf8) + [1, channels, 0, 0, 0, 0, 0, 0, 0, 0, family]
    }
    for body in [head(3, 0), head(2, 1), head(0, 0)] {
      let page = OggPage.encode(flags: 2, granule: 0, serial: 1, sequence: 0, segments: [19], body: body)
      #expect(throws: MediaFileError.unsupported) { try MediaClip(page) }
    }
    for rate in [0, -1, 241, .max, .min] {
      #expect(throws: MediaFileError.unsupported) { try MediaClip(annexB: [0, 0, 1, 0x65, 0x80], framesPerSecond: rate) }
    }
  }

  @Test func `what is no media file is not recognized`() {
    let wrong: [[UInt8]] = [[], [0], [1, 2, 3, 4, 5], [UInt8]("RIFF____AVI ".utf8), [0xFF, 0xD8, 0], [0, 0, 0, 0, 0, 0]]
    for bytes in wrong { #expect(throws: MediaFileError.notRecognized) { try MediaClip(bytes) } }
  }

  @Test func `a stream without a picture is truncated`() {
    #expect(throws: MediaFileError.truncated) { try MediaClip(annexB: [0, 0, 1]) }
    #expect(throws: MediaFileError.truncated) { try MediaClip(annexB: [0, 0, 0, 1, 0x67, 1, 2]) }
  }

  @Test func `IVF times that fall or overflow are refused`() throws {
    let header = Array(try vector("vp8.ivf")[..<32])
    let frame = { (time: UInt64) -> [UInt8] in
      var bytes: [UInt8] = [1, 0, 0, 0]
      bytes.appendLittleEndian(time)
      return bytes + [0]
    }
    #expect(try MediaClip(header + frame(5) + frame(6)).frames.count == 2)
    for times in [[UInt64(5), 4], [0, .max], [5, 9, 8]] {
      #expect(throws: MediaFileError.malformed) { try MediaClip(header + times.flatMap(frame)) }
    }
  }
}
