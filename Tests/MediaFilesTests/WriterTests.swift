import Testing

@testable import MediaFiles

@Suite struct WriterTests {
  @Test func `an H264 stream is written as it was read`() throws {
    let file = try vector("h264.h264")
    let clip = try MediaClip(file)
    let memory = MemoryFile()
    var writer = AnnexBWriter(to: memory.sink)
    for i in clip.frames.indices { try writer.append(clip.frame(at: i), isKeyFrame: clip.frames[i].isKeyFrame) }
    #expect(memory.bytes == file && writer.frameCount == 120)
  }

  @Test func `H264 and VP8 are written from the first key frame on`() throws {
    let (h264, vp8) = (try MediaClip(vector("h264.h264")), try MediaClip(vector("vp8.ivf")))
    let (annexB, ivf) = (MemoryFile(), MemoryFile())
    var (a, b) = (AnnexBWriter(to: annexB.sink), IVFWriter(to: ivf.sink))
    for i in 17..<120 {
      let written = try a.append(h264.frame(at: i), isKeyFrame: h264.frames[i].isKeyFrame)
      #expect(written == (i >= 30))
      let writtenToo = try b.append(vp8.frame(at: i), timestamp: vp8.frames[i].timestamp)
      #expect(writtenToo == (i >= 30))
    }
    try b.finish()
    #expect(annexB.bytes == Array(h264.bytes[h264.frames[30].range.lowerBound...]))
    let again = try MediaClip(ivf.bytes)
    #expect(again.frames.count == 90 && again.frames[0].timestamp == 0 && again.frames[89].timestamp == 267_000)
  }

  @Test func `VP8 keeps its frames, times and picture size`() throws {
    let file = try vector("vp8.ivf")
    let clip = try MediaClip(file)
    let memory = MemoryFile()
    var writer = IVFWriter(to: memory.sink)
    for i in clip.frames.indices { try writer.append(clip.frame(at: i), timestamp: clip.frames[i].timestamp - 5_000_000) }
    try writer.finish()
    let again = try MediaClip(memory.bytes)
    #expect(again.frames.map(\.timestamp) == clip.frames.map(\.timestamp))
    #expect(again.frames.indices.map { again.bytes(at: $0) } == clip.frames.indices.map { clip.bytes(at: $0) })
    // Signature and size as in ffmpeg's own header; its length is 120 thirtieths of a second.
    #expect(memory.bytes[..<16] == file[..<16])
    #expect(memory.bytes.littleEndian(UInt32.self, at: 24) == 360_000 && file.littleEndian(UInt32.self, at: 24) == 120)
  }

  @Test func `VP8 frames with equal or falling times are kept in order`() throws {
    let clip = try MediaClip(vector("vp8.ivf"))
    let memory = MemoryFile()
    var writer = IVFWriter(to: memory.sink)
    for time in [Int64(0), 0, -9, 3_000, .min, .max, .max] { try writer.append(clip.frame(at: 0), timestamp: time) }
    #expect(try MediaClip(memory.bytes).frames.map(\.timestamp) == [0, 1, 2, 3_000, 3_001, 1 << 62, (1 << 62) + 1])
  }

  @Test func `Opus packets come back as they went`() throws {
    let clip = try MediaClip(vector("opus.ogg"))
    let memory = MemoryFile()
    var writer = try OggOpusWriter(channels: 2, to: memory.sink)
    for i in clip.frames.indices { try writer.append(clip.frame(at: i), timestamp: clip.frames[i].timestamp + 77) }
    try writer.finish()
    let again = try MediaClip(memory.bytes)
    #expect(again.channels == 2 && again.frames.count == 201)
    #expect(again.bytes == clip.bytes && again.frames == clip.frames)
  }

  @Test func `every Ogg page has its number, its position and the right flags`() throws {
    let clip = try MediaClip(vector("opus.ogg"))
    let memory = MemoryFile()
    var writer = try OggOpusWriter(channels: 1, preSkip: 500, serial: 0xABCD, to: memory.sink)
    for i in clip.frames.indices { try writer.append(clip.frame(at: i), timestamp: clip.frames[i].timestamp) }
    try writer.finish()
    var pages: [OggPage] = []
    var offset = 0
    while offset < memory.bytes.count {
      pages.append(try OggPage(memory.bytes, at: offset))
      offset = pages.last!.body.upperBound
    }
    #expect(pages.map(\.sequence) == Array(0..<UInt32(pages.count)))
    #expect(pages.allSatisfy { $0.serial == 0xABCD })
    #expect(pages.map(\.flags) == [2] + [UInt8](repeating: 0, count: pages.count - 2) + [4])
    #expect(pages.map(\.granule) == [0, 0, 48_000, 96_000, 144_000, 192_000, 192_960])
    #expect(memory.bytes[pages[0].body] == [UInt8]("OpusHead".utf8)[...] + [1, 1, 0xF4, 1, 0x80, 0xBB, 0, 0, 0, 0, 0])
  }

  @Test(arguments: [Int64(960), 4_800, 5_000, 48_000, 200_000])
  func `a gap in Opus becomes empty packets of its length`(gap: Int64) throws {
    let clip = try MediaClip(vector("opus.ogg"))
    let memory = MemoryFile()
    var writer = try OggOpusWriter(channels: 2, to: memory.sink)
    for i in 0..<100 {
      try writer.append(clip.frame(at: i), timestamp: clip.frames[i].timestamp + (i < 50 ? 0 : gap))
    }
    try writer.finish()
    let filled = gap / 120 * 120
    #expect(writer.sampleCount == 96_000 + filled)
    let again = try MediaClip(memory.bytes)
    #expect(again.frames.count == 100)
    #expect(again.frames[49].duration == 960 + filled)
    #expect(again.frames[50].timestamp == 48_000 + filled)
    #expect(again.bytes(at: 50) == clip.bytes(at: 50))
  }

  @Test func `empty Opus packets keep to the mode and the length asked for`() {
    for configuration in UInt8(0)..<32 {
      for samples in stride(from: 120, through: 960, by: 120) {
        let toc = OpusPacket.emptyFrame(like: configuration << 3 | 4, atMost: samples)
        #expect(toc & 7 == 4 && OpusPacket.frameDuration(toc) <= samples)
        if samples >= 480 { #expect((toc >> 3 < 12) == (configuration < 12) && (toc >> 3 < 16) == (configuration < 16)) }
      }
    }
  }

  @Test func `what overlaps in Opus is left out, and long gaps are cut`() throws {
    let clip = try MediaClip(vector("opus.ogg"))
    let memory = MemoryFile()
    var writer = try OggOpusWriter(channels: 2, maximumGap: 9_600, to: memory.sink)
    let times: [(Int64, Bool)] = [
      (100, true), (100, false), (1_060, true), (1_500, false), (.min, false), (1_000_000, true), (1_000_960, true), (.max, true),
    ]
    for (time, expected) in times {
      let written = try writer.append(clip.frame(at: 0), timestamp: time)
      #expect(written == expected, "\(time)")
    }
    #expect(writer.sampleCount == 5 * 960 + 2 * 9_600)
  }

  @Test(arguments: ["pcma.wav", "pcmu.wav"])
  func `G711 comes back as it went`(name: String) throws {
    let clip = try MediaClip(vector(name))
    let memory = MemoryFile()
    var writer = try WAVWriter(clip.format, to: memory.sink)
    for i in clip.frames.indices { try writer.append(clip.frame(at: i), timestamp: clip.frames[i].timestamp + 9) }
    #expect(try MediaClip(memory.bytes).frames.count == 150)  // unfinished, as after a crash
    try writer.finish()
    let again = try MediaClip(memory.bytes)
    #expect(again.format == clip.format)
    #expect(memory.bytes.suffix(24_000) == clip.bytes.suffix(24_000))
    #expect(memory.bytes.littleEndian(UInt32.self, at: 4) == UInt32(memory.bytes.count - 8))
  }

  @Test func `gaps in G711 become silence, overlaps are left out, and an odd end is padded`() throws {
    let memory = MemoryFile()
    var writer = try WAVWriter(.pcmu, maximumGap: 50, to: memory.sink)
    let samples: [UInt8] = [1, 2, 3, 4, 5]
    for time in [Int64(1_000), 1_002, 1_010, 990, .min, 1_000_000] { try writer.append(samples.span, timestamp: time) }
    try writer.finish()
    let silence = { (count: Int) in [UInt8](repeating: 0xFF, count: count) }
    #expect(
      Array(memory.bytes[58...]) == [1, 2, 3, 4, 5, 4, 5] + silence(3) + [1, 2, 3, 4, 5] + silence(50) + [1, 2, 3, 4, 5])
    try writer.append([7].span, timestamp: 1_000_005)
    try writer.finish()
    #expect(memory.bytes.count == 58 + 72 && memory.bytes.littleEndian(UInt32.self, at: 54) == 71)
    #expect(try MediaClip(memory.bytes).duration == 71)
  }

  @Test func `what a writer cannot hold is refused`() throws {
    let memory = MemoryFile()
    #expect(throws: MediaFileError.unsupported) { try WAVWriter(.opus, to: memory.sink) }
    #expect(throws: MediaFileError.unsupported) { try OggOpusWriter(channels: 3, to: memory.sink) }
    var ogg = try OggOpusWriter(channels: 1, to: memory.sink)
    let (empty, large): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 8, count: 60_001))
    #expect(throws: MediaFileError.malformed) { try ogg.append(empty.span, timestamp: 0) }
    #expect(throws: MediaFileError.tooLarge) { try ogg.append(large.span, timestamp: 0) }
    var ivf = IVFWriter(to: memory.sink)
    let wrong: [UInt8] = [0, 1, 2]
    #expect(throws: MediaFileError.malformed) { try ivf.append(wrong.span, timestamp: 0) }
  }

  @Test func `a full disk reaches the caller`() throws {
    let memory = MemoryFile()
    memory.capacity = 100
    var writer = try WAVWriter(.pcma, to: memory.sink)
    let samples = [UInt8](repeating: 0, count: 160)
    #expect(throws: MediaFileError.writeFailed) { try writer.append(samples.span, timestamp: 0) }
  }
}
