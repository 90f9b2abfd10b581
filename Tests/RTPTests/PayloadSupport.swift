import Bytes
import Foundation
import RTP
import Testing
import Time

/// A payload as it was sent, or is to be.
struct Payload: Equatable {
  var bytes: [UInt8]
  var marker: Bool
}

struct Frame: Equatable {
  var bytes: [UInt8]
  var facts: FrameFacts
}

/// The records of a file under Vectors/rtp: each a length in 4 bytes and the bytes.
func payloadVector(_ name: String) throws -> [[UInt8]] {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  let bytes = [UInt8](try Data(contentsOf: root.appending(path: "Vectors/rtp/\(name)")))
  var records: [[UInt8]] = []
  var offset = 0
  while offset < bytes.count {
    let size = bytes[offset..<(offset + 4)].reduce(0) { $0 << 8 | Int($1) }
    records.append(Array(bytes[(offset + 4)..<(offset + 4 + size)]))
    offset += 4 + size
  }
  return records
}

/// The payloads of captured RTP packets, which have neither extensions nor padding.
func capturedPayloads(_ name: String) throws -> [Payload] {
  try payloadVector(name + ".rtp").map { packet in
    try #require(packet[0] == 0x80 && packet.count > 12)
    return Payload(bytes: Array(packet[12...]), marker: packet[1] & 0x80 != 0)
  }
}

func inspect(_ payload: [UInt8], marker: Bool = false, _ format: CodecFormat) -> PayloadFacts? {
  PayloadFormat.inspect(payload.span, marker: marker, format: format)
}

func opus(_ packet: [UInt8]) -> OpusPacket? { OpusPacket(packet.span) }

/// Puts payloads together, a frame ending where `inspect` says. Nil in place of a frame that the assembler refuses.
func assemble(_ payloads: [Payload], _ assembler: inout FrameAssembler, _ format: CodecFormat) throws -> [Frame?] {
  var frames: [Frame?] = []
  var buffer = [UInt8](repeating: 0, count: 300_000)
  var writer = SpanWriter(buffer.mutableSpan)
  var bound = 0
  var isGood = true
  var isFirst = true
  for payload in payloads {
    let facts = try #require(inspect(payload.bytes, marker: payload.marker, format))
    if isFirst {
      assembler.begin()
      writer.rewind(to: 0)
      bound = 0
      isGood = true
    }
    isFirst = false
    bound += facts.assembledSize
    isGood = isGood && assembler.append(payload.bytes.span, marker: payload.marker, into: &writer)
    if facts.endsFrame {
      if isGood, let facts = assembler.finish(into: &writer) {
        frames.append(Frame(bytes: arrayCopy(writer.bytes(in: 0..<writer.count)), facts: facts))
        let size = writer.count
        #expect(size <= bound)
      } else {
        frames.append(nil)
      }
      isFirst = true
    }
  }
  try #require(isFirst)
  return frames
}

func assemble(_ payloads: [Payload], _ format: CodecFormat) throws -> [Frame?] {
  var assembler = FrameAssembler(format: format)
  return try assemble(payloads, &assembler, format)
}

/// The payloads of a frame; they keep what `begin` and `isLast` promise.
func packetize(_ frame: [UInt8], _ packetizer: inout Packetizer, limit: Int = 1200) throws -> [Payload] {
  let summary = try packetizer.begin(frame.span, maximumPayloadSize: limit)
  var payloads: [Payload] = []
  var buffer = [UInt8](repeating: 0, count: limit)
  while true {
    var writer = SpanWriter(buffer.mutableSpan)
    guard packetizer.writeNext(of: frame.span, into: &writer) else { break }
    payloads.append(Payload(bytes: arrayCopy(writer.bytes(in: 0..<writer.count)), marker: packetizer.marker))
    let isLast = packetizer.isLast
    if isLast { break }
  }
  #expect(packetizer.isLast)
  #expect(payloads.count <= summary.maximumPackets)
  #expect(payloads.reduce(0) { $0 + $1.bytes.count } <= summary.maximumBytes)
  return payloads
}

func packetizer(_ format: CodecFormat, seed: UInt64 = 1) -> Packetizer {
  var random = SeededRandom(seed: .init(seed))
  return Packetizer(codec: Codec(format), random: &random)
}

func frameError(_ frame: [UInt8], _ packetizer: inout Packetizer, limit: Int = 1200) -> FrameError? {
  do throws(FrameError) {
    _ = try packetizer.begin(frame.span, maximumPayloadSize: limit)
    return nil
  } catch { return error }
}

func annexB(_ units: [UInt8]...) -> [UInt8] { units.flatMap { [0, 0, 0, 1] + $0 } }
