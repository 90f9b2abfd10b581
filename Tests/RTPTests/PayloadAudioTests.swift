import Bytes
import RTP
import Testing

@Suite struct PayloadAudioTests {
  @Test(arguments: [
    // RFC 6716 table 2: SILK 10 to 60 ms, hybrid 10 and 20, CELT 2.5 to 20.
    (0, OpusPacket.Mode.silk, 480), (1, .silk, 960), (2, .silk, 1920), (3, .silk, 2880), (11, .silk, 2880), (12, .hybrid, 480),
    (15, .hybrid, 960), (16, .celt, 120), (17, .celt, 240), (18, .celt, 480), (31, .celt, 960),
  ])
  func `the TOC byte tells mode and duration`(_ configuration: UInt8, _ mode: OpusPacket.Mode, _ duration: Int) {
    let packet = opus([configuration << 3, 1, 2])
    #expect(packet?.mode == mode && packet?.duration == duration && packet?.frameCount == 1)
    #expect(packet?.isStereo == false && opus([configuration << 3 | 4, 1, 2])?.isStereo == true)
  }

  @Test func `packets of several frames last as long as their frames together`() {
    #expect(opus([0x08 | 1, 1, 2])?.duration == 1920)
    #expect(opus([0x08 | 2, 1, 2, 3])?.duration == 1920)
    #expect(opus([0x08 | 3, 0x03, 1, 2, 3])?.duration == 2880)
    #expect(opus([0x08 | 3, 0x06, 1, 2, 3, 4, 5, 6])?.duration == 5760)
    #expect(opus([0x80 | 3, 48] + [UInt8](repeating: 1, count: 48))?.duration == 5760)
    // With VBR, and with padding.
    #expect(opus([0x08 | 3, 0x82, 1, 1, 2])?.frameCount == 2)
    #expect(opus([0x08 | 3, 0x42, 2, 1, 2, 0, 0])?.frameCount == 2)
    #expect(opus([0x08 | 3, 0xC2, 1, 1, 1, 2, 0])?.frameCount == 2)
    #expect(opus([0x08 | 3, 0x41, 255, 1, 9] + [UInt8](repeating: 0, count: 255))?.frameCount == 1)
  }

  @Test(arguments: [
    [], [0x08 | 1, 1], [0x08 | 1, 1, 2, 3], [0x08 | 2], [0x08 | 2, 5, 1], [0x08 | 2, 252], [0x08 | 3], [0x08 | 3, 0],
    [0x08 | 3, 0x07, 1, 2, 3, 4, 5, 6, 7], [0x80 | 3, 49] + [UInt8](repeating: 1, count: 49), [0x08 | 3, 0x02, 1, 2, 3],
    [0x08 | 3, 0x82], [0x08 | 3, 0x82, 5, 1, 2], [0x08 | 3, 0x41], [0x08 | 3, 0x41, 9, 1], [0x08 | 3, 0x41, 255],
    [0x08] + [UInt8](repeating: 1, count: 1276), [0x08 | 3, 0x83, 1, 200, 1, 1],
  ] as [[UInt8]])
  func `packets that break the rules of RFC 6716 section 3-4 are refused`(_ packet: [UInt8]) {
    #expect(opus(packet) == nil)
    #expect(inspect(packet, .opus) == nil)
    var packetizer = packetizer(.opus)
    #expect(frameError(packet, &packetizer, limit: 2000) == (packet.isEmpty ? .empty : .malformed))
  }

  @Test(arguments: [
    // 20 ms mono: VAD then LBRR. 60 ms: three VAD flags first. Stereo: the second channel's flags follow.
    (0x08, 0b0100_0000, true), (0x08, 0b1000_0000, false), (0x18, 0b0001_0000, true), (0x18, 0b1110_1111, false),
    (0x0c, 0b0001_0000, true), (0x0c, 0b1010_1111, false), (0x0c, 0b0100_0000, true), (0xf8, 0xff, false),
    (0x68, 0b0100_0000, true),
  ] as [(UInt8, UInt8, Bool)])
  func `redundant data for the packet before is seen`(_ toc: UInt8, _ first: UInt8, _ has: Bool) {
    #expect(opus([toc, first, 0, 0])?.hasInbandFEC == has)
  }

  @Test func `short packets are those of an encoder in DTX`() {
    #expect(opus([0x08])?.isDiscontinuous == true && opus([0x08, 1])?.isDiscontinuous == true)
    #expect(opus([0x08, 1, 2])?.isDiscontinuous == false)
  }

  @Test func `the marker bit is on the first packet after silence only`() throws {
    var packetizer = packetizer(.opus)
    let voice: [UInt8] = [0x08, 1, 2, 3]
    let dtx: [UInt8] = [0x08]
    var markers: [Bool] = []
    for frame in [voice, voice, dtx, dtx, voice, voice] {
      markers += try packetize(frame, &packetizer).map(\.marker)
    }
    packetizer.noteSilence()
    for frame in [voice, voice] { markers += try packetize(frame, &packetizer).map(\.marker) }
    packetizer.noteSilence()
    for frame in [dtx, voice, voice] { markers += try packetize(frame, &packetizer).map(\.marker) }
    #expect(markers == [false, false, false, false, true, false, true, false, false, true, false])
  }

  @Test(arguments: [CodecFormat.pcmu, .pcma, .opus])
  func `audio is never split`(_ format: CodecFormat) throws {
    var packetizer = packetizer(format)
    let frame = [0x08] + [UInt8](repeating: 1, count: 199)
    #expect(frameError(frame, &packetizer, limit: 199) == .tooLarge)
    #expect(try packetize(frame, &packetizer, limit: 200) == [Payload(bytes: frame, marker: false)])
    #expect(frameError([], &packetizer) == .empty)
  }

  @Test(arguments: [CodecFormat.pcmu, .pcma, .opus])
  func `every audio packet is a whole key frame`(_ format: CodecFormat) throws {
    let facts = inspect([0x08, 1, 2], format)
    #expect(facts == PayloadFacts(start: .yes, endsFrame: true, isKeyFrame: true, assembledSize: 3))
    #expect(inspect([], format) == nil)
    var assembler = FrameAssembler(format: format)
    assembler.begin()
    var buffer = [UInt8](repeating: 0, count: 20)
    var writer = SpanWriter(buffer.mutableSpan)
    let payload: [UInt8] = [0x08, 1, 2]
    let nothing = assembler.finish(into: &writer)
    let first = assembler.append(payload.span, marker: false, into: &writer)
    let second = assembler.append(payload.span, marker: false, into: &writer)
    #expect(nothing == nil && first && !second)
  }
}
