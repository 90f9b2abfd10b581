import Bytes
import RTP
import Testing
import Time

private let captures: [(String, CodecFormat)] = [
  ("h264-ffmpeg", .h264), ("vp8-gstreamer", .vp8), ("jpeg-420-ffmpeg", .jpeg), ("jpeg-422-restart-gstreamer", .jpeg),
  ("opus-fec-20-ffmpeg", .opus), ("pcm-alaw-gstreamer", .pcma),
]

/// Takes payloads as a receiver would that lost count of them; returns how many were taken. Whatever comes, the bounds that
/// `inspect` gives hold, and what it refuses the assembler refuses.
private func feed(_ payloads: [Payload], _ assembler: inout FrameAssembler, _ format: CodecFormat, capacity: Int = 100_000) -> Int {
  var buffer = [UInt8](repeating: 0, count: capacity)
  var writer = SpanWriter(buffer.mutableSpan)
  var taken = 0
  assembler.begin()
  for payload in payloads {
    let before = writer.count
    let facts = PayloadFormat.inspect(payload.bytes.span, marker: payload.marker, format: format)
    let appended = assembler.append(payload.bytes.span, marker: payload.marker, into: &writer)
    // Opus packets are looked into by `inspect` alone.
    if facts == nil && format != .opus { #expect(!appended) }
    guard appended, let facts else {
      assembler.begin()
      writer.rewind(to: 0)
      continue
    }
    taken += 1
    let added = writer.count - before
    #expect(added <= facts.assembledSize)
    if facts.endsFrame {
      let done = assembler.finish(into: &writer)
      let total = writer.count - before
      if done != nil { #expect(total <= facts.assembledSize) }
      assembler.begin()
      writer.rewind(to: 0)
    }
  }
  return taken
}

@Suite struct PayloadHostileTests {
  @Test(arguments: captures)
  func `payloads cut short at every length are survived`(_ name: String, _ format: CodecFormat) throws {
    var assembler = FrameAssembler(format: format)
    for payload in try capturedPayloads(name).prefix(6) {
      for count in 0..<min(payload.bytes.count, 400) {
        _ = feed([Payload(bytes: Array(payload.bytes.prefix(count)), marker: payload.marker)], &assembler, format)
      }
    }
    #expect(try assemble(capturedPayloads(name), &assembler, format).contains(nil) == false)
  }

  @Test(arguments: captures)
  func `mutated, lost, repeated and reordered payloads leave no trace`(_ name: String, _ format: CodecFormat) throws {
    let good = try capturedPayloads(name)
    let expected = try assemble(good, format)
    var assembler = FrameAssembler(format: format)
    var random = SeededRandom(seed: .init(7))
    var taken = 0
    for _ in 0..<200 {
      var bad = good
      for _ in 0...random.next(below: 8) {
        let i = Int(random.next(below: UInt32(bad.count)))
        let size = UInt32(bad[i].bytes.count)
        switch random.next(below: 6) {
        case 0 where bad.count > 1: bad.remove(at: i)
        case 1: bad.insert(bad[Int(random.next(below: UInt32(bad.count)))], at: i)
        case 2: bad.swapAt(i, Int(random.next(below: UInt32(bad.count))))
        case 3 where size > 0: bad[i].bytes.removeLast(Int(random.next(below: size)))
        // Most of what is to be found is at the front.
        case 4 where size > 0: bad[i].bytes[Int(random.next(below: min(size, 16)))] = UInt8(random.next(below: 256))
        default:
          bad[i].marker.toggle()
          if size > 0 { bad[i].bytes[Int(random.next(below: size))] ^= UInt8(1 << random.next(below: 8)) }
        }
      }
      taken += feed(bad, &assembler, format)
    }
    #expect(taken > 200)
    #expect(try assemble(good, &assembler, format).map { $0?.bytes } == expected.map { $0?.bytes })
  }

  @Test(arguments: CodecFormat.allCases)
  func `random bytes are survived`(_ format: CodecFormat) {
    var random = SeededRandom(seed: .init(11))
    var assembler = FrameAssembler(format: format)
    var packetizer = Packetizer(codec: Codec(format), random: &random)
    for _ in 0..<3000 {
      let payloads = (0...random.next(below: 3)).map { _ in
        let bytes = (0..<random.next(below: 40)).map { _ in UInt8(random.next(below: 4) == 0 ? random.next(below: 256) : random.next(below: 2)) }
        return Payload(bytes: bytes, marker: random.next(below: 2) == 0)
      }
      _ = feed(payloads, &assembler, format, capacity: 700)
      let frame = payloads[0].bytes
      if frameError(frame, &packetizer, limit: 12) == nil { #expect((try? packetize(frame, &packetizer, limit: 12)) != nil) }
    }
  }

  @Test(arguments: [("h264", CodecFormat.h264), ("vp8", .vp8), ("jpeg-420-restart-gstreamer", .jpeg), ("opus-stereo-60", .opus)])
  func `frames cut short and mutated are refused, or sent within bounds`(_ name: String, _ format: CodecFormat) throws {
    let frames = try payloadVector(name + ".frames")
    var packetizer = packetizer(format)
    var random = SeededRandom(seed: .init(3))
    let limit = format == .opus ? 4000 : 700
    for round in 0..<600 {
      var frame = frames[round % frames.count]
      if round < 500 { frame.removeLast(frame.count - min(round, frame.count)) }
      for _ in 0..<random.next(below: 4) where !frame.isEmpty {
        frame[Int(random.next(below: UInt32(min(frame.count, 700))))] = UInt8(random.next(below: 256))
      }
      guard frameError(frame, &packetizer, limit: limit) == nil else { continue }
      let payloads = try packetize(frame, &packetizer, limit: limit)
      let longest = payloads.map(\.bytes.count).max() ?? 0
      #expect(longest <= limit && payloads.last?.marker == (format != .opus))
      // What we send, we take.
      #expect(try assemble(payloads, format).contains(nil) == false)
    }
  }
}
