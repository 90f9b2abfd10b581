import Bytes
import RTP
import Testing

@Suite struct PayloadMJPEGChannelTests {
  static func jpeg(_ size: Int) -> [UInt8] {
    [0xFF, 0xD8] + (0..<(size - 4)).map { UInt8(truncatingIfNeeded: $0) } + [0xFF, 0xD9]
  }

  @Test func `messages are laid out as esp_webrtc's`() throws {
    let frame = Self.jpeg(9)
    var flags = MJPEGChannelPacketizer(style: .startEnd, pieceSize: 4)
    #expect(try messages(frame, &flags) == [
      [1, 0, 0, 0, 4, 0xFF, 0xD8, 0, 1], [0, 0, 0, 0, 4, 2, 3, 4, 0xFF], [2, 0, 0, 0, 1, 0xD9],
    ])
    var numbered = MJPEGChannelPacketizer(style: .numbered, pieceSize: 4)
    #expect(try messages(frame, &numbered).map { $0[0] } == [0, 1, 0x82])
    var whole = MJPEGChannelPacketizer()
    #expect(try messages(frame, &whole) == [[3, 0, 0, 0, 9] + frame])
  }

  @Test(arguments: [MJPEGChannelFraming.Style.startEnd, .numbered], [1, 4, 100, 3999, 4000, 10_000])
  func `frames survive`(_ style: MJPEGChannelFraming.Style, _ pieceSize: Int) throws {
    var packetizer = MJPEGChannelPacketizer(style: style, pieceSize: pieceSize)
    var assembler = MJPEGChannelAssembler(style: style)
    for size in [4, 5, 120, 4000] where style == .startEnd || size / pieceSize < 127 {
      let frame = Self.jpeg(size)
      let sent = try messages(frame, &packetizer)
      for (i, message) in sent.enumerated() {
        let isWhole = assembler.receive(message.span)
        #expect(isWhole == (i == sent.count - 1))
        let received = arrayCopy(assembler.frame)
        #expect(received == (isWhole ? frame : []))
      }
    }
    #expect(assembler.droppedFrames == 0 && assembler.droppedMessages == 0)
  }

  @Test func `a missing piece is noticed where pieces are numbered`() throws {
    var packetizer = MJPEGChannelPacketizer(style: .numbered, pieceSize: 10)
    var assembler = MJPEGChannelAssembler(style: .numbered)
    var sent = try messages(Self.jpeg(50), &packetizer)
    sent.remove(at: 2)
    for message in sent {
      let isWhole = assembler.receive(message.span)
      #expect(!isWhole)
    }
    #expect(assembler.droppedFrames == 1 && assembler.droppedMessages == 1)
    let next = try messages(Self.jpeg(50), &packetizer)
    let results = next.map { assembler.receive($0.span) }
    #expect(results == [false, false, false, false, true])
  }

  @Test func `a frame that is begun anew, is no JPEG or has no beginning is dropped`() throws {
    var assembler = MJPEGChannelAssembler()
    let inputs: [([UInt8], Bool)] = [
      ([2, 0, 0, 0, 1, 7], false), ([1, 0, 0, 0, 2, 0xFF, 0xD8], false), ([1, 0, 0, 0, 2, 0xFF, 0xD8], false),
      ([2, 0, 0, 0, 2, 0xFF, 0xD9], true), ([2, 0, 0, 0, 2, 0xFF, 0xD9], false), ([3, 0, 0, 0, 4, 1, 2, 3, 4], false),
    ]
    for (message, expected) in inputs {
      let isWhole = assembler.receive(message.span)
      #expect(isWhole == expected)
    }
    #expect(assembler.droppedFrames == 2 && assembler.droppedMessages == 2)
  }

  @Test(arguments: [
    [], [1], [1, 0, 0, 0], [1, 0, 0, 0, 0], [1, 0, 0, 0, 2, 1], [1, 0, 0, 0, 1, 1, 2], [1, 0xFF, 0xFF, 0xFF, 0xFF, 1],
  ] as [[UInt8]])
  func `messages of a length that lies are dropped`(_ message: [UInt8]) {
    var assembler = MJPEGChannelAssembler()
    let isWhole = assembler.receive(message.span)
    #expect(!isWhole && assembler.droppedMessages == 1)
  }

  @Test func `a frame never grows beyond its bound`() {
    var assembler = MJPEGChannelAssembler(maximumFrameSize: 100)
    let start: [UInt8] = [1, 0, 0, 0, 60] + Self.jpeg(60)
    let more: [UInt8] = [2, 0, 0, 0, 41] + Self.jpeg(41)
    let fitting: [UInt8] = [2, 0, 0, 0, 40] + Self.jpeg(40)
    let results = [start, more, fitting, start, fitting].map { assembler.receive($0.span) }
    #expect(results == [false, false, false, false, true])
    #expect(assembler.droppedFrames == 1 && assembler.droppedMessages == 1)
    let count = assembler.frame.count
    #expect(count == 100)
  }

  @Test func `what is no JPEG, or takes more pieces than have numbers, is not sent`() throws {
    var packetizer = MJPEGChannelPacketizer(style: .numbered, pieceSize: 10)
    #expect(error([], &packetizer) == .empty)
    #expect(error([1, 2, 3, 4, 5], &packetizer) == .malformed)
    #expect(error(Self.jpeg(1281), &packetizer) == .tooLarge)
    #expect(try messages(Self.jpeg(1280), &packetizer).last?.first == 0xFF)
  }
}

private func messages(_ frame: [UInt8], _ packetizer: inout MJPEGChannelPacketizer) throws -> [[UInt8]] {
  let count = try packetizer.begin(frame.span)
  var result: [[UInt8]] = []
  var buffer = [UInt8](repeating: 0, count: 20_000)
  while true {
    var writer = SpanWriter(buffer.mutableSpan)
    guard packetizer.writeNext(of: frame.span, into: &writer) else { break }
    result.append(arrayCopy(writer.bytes(in: 0..<writer.count)))
  }
  try #require(result.count == count && packetizer.isLast)
  return result
}

private func error(_ frame: [UInt8], _ packetizer: inout MJPEGChannelPacketizer) -> FrameError? {
  do throws(FrameError) {
    _ = try packetizer.begin(frame.span)
    return nil
  } catch { return error }
}
