import Bytes
import RTP
import Testing
import Time

@Suite struct PayloadH264Tests {
  static let sps: [UInt8] = [
    // 320x180 by cropping, constrained baseline, with emulation prevention, as libx264 wrote it.
    0x67, 0x42, 0xc0, 0x0c, 0xd9, 0x01, 0x41, 0x9f, 0x9f, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00, 0x03, 0x01,
    0x40, 0xf1, 0x42, 0xa4, 0x80,
  ]
  static let pps: [UInt8] = [0x68, 0xce, 0x0f, 0xc8]
  static let delimiter: [UInt8] = [0x09, 0xf0]
  static let sei: [UInt8] = [0x06, 0x05, 0x01, 0xaa, 0x80]
  static func idr(_ size: Int) -> [UInt8] { [0x65, 0x88] + (2..<size).map { UInt8($0 % 250 + 1) } }
  static func slice(_ size: Int) -> [UInt8] { [0x41, 0x9a] + (2..<size).map { UInt8($0 % 250 + 1) } }

  // MARK: What payloads say

  @Test(arguments: [
    ([0x67, 0x42] as [UInt8], PayloadFacts.Start.yes, false), ([0x09, 0xf0], .yes, false), ([0x65, 0x88], .yes, true),
    ([0x65, 0x08], .no, true), ([0x41, 0x9a], .yes, false), ([0x41, 0x1a], .no, false), ([0x41], .unknown, false),
    ([0x68, 0xce], .unknown, false), ([0x06, 5], .unknown, false), ([0x0c, 0xff], .no, false),
    // FU-A: the first, one in the middle, the last.
    ([0x7c, 0x85, 0x88], .yes, true), ([0x7c, 0x05, 0x88], .no, true), ([0x7c, 0x41, 0x88], .no, false),
    // STAP-A: what may come first leaves the question to what follows.
    ([0x78, 0, 2, 0x67, 0x42, 0, 1, 0x68], .yes, false), ([0x78, 0, 2, 0x06, 5, 0, 2, 0x65, 0x88], .yes, true),
    ([0x78, 0, 2, 0x68, 0xce, 0, 2, 0x41, 0x1a], .no, false),
  ])
  func `a payload tells whether a frame begins with it, and a key frame`(
    _ payload: [UInt8], _ start: PayloadFacts.Start, _ isKey: Bool
  ) {
    let facts = inspect(payload, .h264)
    #expect(facts?.start == start)
    #expect(facts?.isKeyFrame == isKey)
    #expect(facts?.endsFrame == false && inspect(payload, marker: true, .h264)?.endsFrame == true)
  }

  @Test(arguments: [
    [] as [UInt8], [0xe5, 0x88], [0x60, 1], [0x78], [0x78, 0], [0x78, 0, 0], [0x78, 0, 3, 0x67, 0x42],
    [0x78, 0, 1, 0x67, 0], [0x78, 0, 1, 0x78], [0x78, 0, 1, 0xe7], [0x78, 0, 2, 0x60, 1], [0x7c], [0x7c, 0x80], [0x7c, 0x98],
    [0x7c, 0x9c, 1],
    // STAP-B, MTAP16, MTAP24, FU-B, and the reserved types 30 and 31.
    [0x79, 0, 0, 0, 1, 0x67], [0x7a, 0, 0, 0, 1, 0x67], [0x7b, 0, 0], [0x7d, 0x85, 0, 0, 1], [0x7e, 1], [0x7f, 1],
  ])
  func `what is malformed, forbidden or interleaved is refused`(_ payload: [UInt8]) throws {
    #expect(inspect(payload, .h264) == nil)
    var assembler = FrameAssembler(format: .h264)
    let accepted = append(payload, to: &assembler)
    #expect(!accepted)
  }

  // MARK: Assembling

  @Test func `fragments whose start is missing make no frame`() throws {
    let frames = try assemble([Payload(bytes: [0x7c, 0x05, 1], marker: false), Payload(bytes: [0x7c, 0x45, 2], marker: true)], .h264)
    #expect(frames == [nil])
  }

  @Test func `fragments whose end is missing make no frame`() throws {
    #expect(try assemble([Payload(bytes: [0x7c, 0x85, 0x88], marker: true)], .h264) == [nil])
    let next = Payload(bytes: [0x41, 0x9a], marker: true)
    #expect(try assemble([Payload(bytes: [0x7c, 0x85, 0x88], marker: false), next], .h264) == [nil])
  }

  @Test func `fragments of two units do not mix`() throws {
    let first = Payload(bytes: [0x7c, 0x85, 0x88], marker: false)
    #expect(try assemble([first, Payload(bytes: [0x7c, 0x41, 2], marker: true)], .h264) == [nil])
    #expect(try assemble([first, Payload(bytes: [0x7c, 0xc5, 2], marker: true)], .h264) == [nil])
  }

  @Test func `a unit in a single fragment is taken, though none should be sent`() throws {
    let frames = try assemble([Payload(bytes: [0x7c, 0xc5, 0x88, 1], marker: true)], .h264)
    #expect(frames == [Frame(bytes: annexB([0x65, 0x88, 1]), facts: FrameFacts(isKeyFrame: true))])
  }

  @Test func `after a broken frame the next is whole`() throws {
    let frames = try assemble([
      Payload(bytes: [0x7c, 0x85, 0x88], marker: true), Payload(bytes: [0x5c, 0x81, 0x9a], marker: false),
      Payload(bytes: [0x5c, 0x01, 7], marker: false), Payload(bytes: [0x5c, 0x41], marker: true),
    ], .h264)
    #expect(frames == [nil, Frame(bytes: annexB([0x41, 0x9a, 7]), facts: FrameFacts(isKeyFrame: false))])
  }

  @Test func `a frame that does not fit into the buffer is refused`() {
    var assembler = FrameAssembler(format: .h264)
    assembler.begin()
    var buffer = [UInt8](repeating: 0, count: 10)
    var writer = SpanWriter(buffer.mutableSpan)
    let payload: [UInt8] = [0x65, 0x88, 1, 2, 3, 4, 5]
    let fits = assembler.append(payload.span, marker: true, into: &writer)
    #expect(!fits)
  }

  @Test func `the picture's size comes from the last SPS, cropped, and is kept`() throws {
    let frames = try assemble([
      Payload(bytes: [0x41, 0x9a], marker: true), Payload(bytes: Self.sps, marker: false),
      Payload(bytes: Self.idr(9), marker: true), Payload(bytes: [0x41, 0x9a], marker: true),
    ], .h264)
    #expect(frames.map { $0?.facts.width } == [0, 320, 320])
    #expect(frames.map { $0?.facts.height } == [0, 180, 180])
    #expect(frames.map { $0?.facts.isKeyFrame } == [false, true, false])
  }

  @Test(arguments: [
    // Baseline QCIF without cropping; high with a scaling matrix, interlaced and cropped 1920x1080; high 4:4:4.
    ("67 42 00 0a f8 41 a2", 128, 96),
    ("67 64 00 28 ad 84 05 45 62 b8 ac 54 74 20 2a 2b 15 c5 62 a3 a1 01 51 58 ae 2b 15 1d 08 0a 8a c5 71 58 a8 e8 40 54 56 2b 8a "
      + "c5 47 42 02 a2 b1 5c 56 2a 3a 10 24 85 21 39 3c 9f 27 e4 fe 4f c9 f2 79 b9 b3 4d 08 12 42 90 9c 9e 4f 93 f2 7f 27 e4 f9 3c "
      + "dc d9 a6 b4 03 c0 11 3f 2c 2f 4c", 1920, 1080),
  ])
  func `sequence parameter sets of other encoders are read`(_ hex: String, _ width: UInt16, _ height: UInt16) throws {
    let unit = hex.split(separator: " ").map { UInt8($0, radix: 16)! }
    let frames = try assemble([Payload(bytes: unit, marker: true)], .h264)
    #expect(frames.first??.facts.width == width && frames.first??.facts.height == height)
  }

  @Test func `a sequence parameter set cut short anywhere is survived`() throws {
    for count in 1..<Self.sps.count {
      let frames = try assemble([Payload(bytes: Array(Self.sps.prefix(count)), marker: true)], .h264)
      #expect(frames.first??.facts.width == (count < 9 ? 0 : 320))
    }
  }

  // MARK: Packetizing

  @Test func `small units share a packet, the marker is on the last`() throws {
    var packetizer = packetizer(.h264)
    let frame = annexB(Self.delimiter, Self.sps, Self.pps, Self.sei, Self.idr(1190), Self.idr(40), Self.idr(30))
    let payloads = try packetize(frame, &packetizer)
    #expect(payloads.map { $0.bytes[0] & 31 } == [24, 5, 24])
    #expect(payloads.map(\.marker) == [false, false, true])
    // The NRI is the highest of the units.
    #expect(payloads.first?.bytes.first == 0x78)
    #expect(try assemble(payloads, .h264).map { $0?.bytes } == [frame])
  }

  @Test(arguments: [3, 4, 17, 100, 1200])
  func `large units are fragmented within the limit`(_ limit: Int) throws {
    for size in [limit - 1, limit, limit + 1, 2 * limit, 3 * limit - 5, 5000] where size > 2 {
      var packetizer = packetizer(.h264)
      let frame = annexB(Self.idr(size), Self.slice(3))
      let payloads = try packetize(frame, &packetizer, limit: limit)
      let longest = payloads.map(\.bytes.count).max() ?? 0
      #expect(longest <= limit)
      #expect(try assemble(payloads, .h264).map { $0?.bytes } == [frame])
      #expect(payloads.filter { $0.bytes[0] & 31 == 28 && $0.bytes[1] & 0xC0 == 0xC0 }.isEmpty)
    }
  }

  @Test func `start codes of three bytes and zeros between units are taken`() throws {
    var packetizer = packetizer(.h264)
    let frame: [UInt8] = [0, 0, 0, 0, 1] + Self.sps + [0, 0, 1] + Self.pps + [0, 0, 0, 0, 0, 1] + Self.idr(50) + [0, 0, 0]
    let payloads = try packetize(frame, &packetizer)
    #expect(try assemble(payloads, .h264).map { $0?.bytes } == [annexB(Self.sps, Self.pps, Self.idr(50))])
  }

  @Test(arguments: [1, 5, 6, 7, 8, 9, 10, 13, 16, 23])
  func `a start code is found wherever it lies`(_ size: Int) throws {
    var packetizer = packetizer(.h264)
    for zeros in 2...4 {
      let filler = [UInt8](repeating: 0x80, count: size)
      let frame = [0, 0, 1, 0x41] + filler + [UInt8](repeating: 0, count: zeros) + [1, 0x41, 0x81, 0, 2, 0, 0, 3, 0, 0, 2]
      let frames = try assemble(packetize(frame, &packetizer), .h264)
      #expect(frames.first??.bytes == annexB([0x41] + filler, [0x41, 0x81, 0, 2, 0, 0, 3, 0, 0, 2]))
    }
  }

  @Test func `mode 0 sends single units only and refuses those that do not fit`() throws {
    var codec = Codec(.h264)
    codec.h264.packetizationMode = 0
    var random = SeededRandom(seed: .init(1))
    var packetizer = Packetizer(codec: codec, random: &random)
    let frame = annexB(Self.sps, Self.pps, Self.idr(1200))
    let payloads = try packetize(frame, &packetizer)
    #expect(payloads.map(\.bytes) == [Self.sps, Self.pps, Self.idr(1200)])
    #expect(payloads.map(\.marker) == [false, false, true])
    #expect(frameError(annexB(Self.idr(1201)), &packetizer) == .tooLarge)
    // Nothing is left of the refused frame.
    var buffer = [UInt8](repeating: 0, count: 1300)
    var writer = SpanWriter(buffer.mutableSpan)
    let refused = annexB(Self.idr(1201))
    let wrote = packetizer.writeNext(of: refused.span, into: &writer)
    #expect(!wrote && packetizer.isLast)
  }

  @Test func `parameter sets are repeated before a key frame that lacks them, behind its delimiter`() throws {
    var packetizer = packetizer(.h264)
    _ = try packetize(annexB(Self.sps, Self.pps, Self.idr(20)), &packetizer)
    let slice = try assemble(packetize(annexB(Self.slice(20)), &packetizer), .h264)
    #expect(slice.first??.bytes == annexB(Self.slice(20)))
    let key = try assemble(packetize(annexB(Self.delimiter, Self.sei, Self.idr(20)), &packetizer), .h264)
    #expect(key.first??.bytes == annexB(Self.delimiter, Self.sps, Self.pps, Self.sei, Self.idr(20)))
    let half = try assemble(packetize(annexB(Self.sps, Self.idr(20)), &packetizer), .h264)
    #expect(half.first??.bytes == annexB(Self.sps, Self.pps, Self.idr(20)))
  }

  @Test func `a changed parameter set replaces the one of its id, others stay`() throws {
    var packetizer = packetizer(.h264)
    // Ids 0 and 1.
    let second: [UInt8] = [0x68, 0x4e, 0x0f, 0xc8]
    let changed: [UInt8] = [0x68, 0xce, 0x3c, 0x80, 0x11]
    _ = try packetize(annexB(Self.sps, Self.pps, second, Self.idr(20)), &packetizer)
    _ = try packetize(annexB(changed, Self.slice(20)), &packetizer)
    let key = try assemble(packetize(annexB(Self.idr(20)), &packetizer), .h264)
    #expect(key.first??.bytes == annexB(Self.sps, second, changed, Self.idr(20)))
  }

  @Test func `any number of parameter sets is kept within bounds`() throws {
    var packetizer = packetizer(.h264)
    for i in 0..<400 {
      // PPS with ids 0 to 399, in ue(v) of 17 bits.
      let code = UInt32(i + 256) << 15
      let pps = [0x68] + (0..<4).map { UInt8(truncatingIfNeeded: code >> (24 - 8 * $0)) | 1 }
      _ = try packetize(annexB(pps + [UInt8](repeating: 7, count: 500), Self.slice(5)), &packetizer)
    }
    let key = try assemble(packetize(annexB(Self.idr(20)), &packetizer), .h264)
    #expect((key.first??.bytes.count ?? 0) < 5000)
  }

  @Test(arguments: [
    [], [0x65, 0x88], [0, 0, 1], [0, 0, 0, 1, 0, 0, 0, 1], [1, 0, 0, 1, 0x65], [0, 0, 1, 0xe5, 0x88], [0, 0, 1, 0x60, 1],
    [0, 0, 1, 0x7c, 0x85, 1], [0, 0, 1, 0x78, 0, 1, 0x65],
  ] as [[UInt8]])
  func `what is no byte stream is refused`(_ frame: [UInt8]) {
    var packetizer = packetizer(.h264)
    let error = frameError(frame, &packetizer)
    #expect(error == (frame.isEmpty ? .empty : .malformed))
  }

  @Test func `a limit that leaves no room for a fragment is refused`() {
    var packetizer = packetizer(.h264)
    for limit in [-5, 0, 1, 2] { #expect(frameError(annexB(Self.idr(20)), &packetizer, limit: limit) == .tooLarge) }
  }

  @Test func `a payload that does not fit into the buffer is not lost`() throws {
    var packetizer = packetizer(.h264)
    let frame = annexB(Self.idr(3000))
    _ = try packetizer.begin(frame.span, maximumPayloadSize: 1200)
    var small = [UInt8](repeating: 0, count: 500)
    var writer = SpanWriter(small.mutableSpan)
    let wrote = packetizer.writeNext(of: frame.span, into: &writer)
    let overflowed = writer.overflowed
    #expect(!wrote && overflowed && !packetizer.isLast)
    var buffer = [UInt8](repeating: 0, count: 1200)
    var payloads: [Payload] = []
    while !packetizer.isLast {
      var writer = SpanWriter(buffer.mutableSpan)
      let wrote = packetizer.writeNext(of: frame.span, into: &writer)
      try #require(wrote)
      payloads.append(Payload(bytes: arrayCopy(writer.bytes(in: 0..<writer.count)), marker: packetizer.marker))
    }
    #expect(try assemble(payloads, .h264).map { $0?.bytes } == [frame])
  }

  @Test func `other bytes than those that begin saw are not packetized`() throws {
    var packetizer = packetizer(.h264)
    let frame = annexB(Self.idr(300))
    _ = try packetizer.begin(frame.span, maximumPayloadSize: 1200)
    var buffer = [UInt8](repeating: 0, count: 1200)
    var writer = SpanWriter(buffer.mutableSpan)
    let other = [UInt8](repeating: 0, count: 5)
    let wrote = packetizer.writeNext(of: other.span, into: &writer)
    #expect(!wrote)
  }
}

private func append(_ payload: [UInt8], to assembler: inout FrameAssembler) -> Bool {
  assembler.begin()
  var buffer = [UInt8](repeating: 0, count: 2000)
  var writer = SpanWriter(buffer.mutableSpan)
  return assembler.append(payload.span, marker: true, into: &writer)
}
