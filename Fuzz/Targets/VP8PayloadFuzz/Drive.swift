import Bytes
import RTP
import Time

/// The first byte chooses: payloads, each behind its length and marker bit, or a frame and the limit of its packets.
func drive(_ input: [UInt8], _ format: CodecFormat) {
  guard let first = input.first else { return }
  if first & 1 == 0 { takePayloads(input.dropFirst(), format) } else { sendFrame(Array(input.dropFirst()), first, format) }
}

private func takePayloads(_ input: ArraySlice<UInt8>, _ format: CodecFormat) {
  var input = input
  var assembler = FrameAssembler(format: format)
  var buffer = [UInt8](repeating: 0, count: 5000)
  var writer = SpanWriter(buffer.mutableSpan)
  var bound = 0
  assembler.begin()
  while input.count > 2 {
    let marker = input.removeFirst() & 1 != 0
    let size = min(Int(input.removeFirst()), input.count)
    let payload = Array(input.prefix(size))
    input.removeFirst(size)
    let facts = PayloadFormat.inspect(payload.span, marker: marker, format: format)
    let before = writer.count
    let appended = assembler.append(payload.span, marker: marker, into: &writer)
    guard let facts else {
      precondition(!appended || format == .opus)
      assembler.begin()
      writer.rewind(to: 0)
      bound = 0
      continue
    }
    bound += facts.assembledSize
    if appended { precondition(writer.count - before <= facts.assembledSize) }
    if !appended || facts.endsFrame {
      if appended, assembler.finish(into: &writer) != nil { precondition(writer.count <= bound) }
      assembler.begin()
      writer.rewind(to: 0)
      bound = 0
    }
  }
}

/// What is sent is taken again, and comes out the same when it is sent once more.
private func sendFrame(_ frame: [UInt8], _ choice: UInt8, _ format: CodecFormat) {
  var random = SeededRandom(seed: .init(UInt64(choice)))
  var codec = Codec(format)
  codec.h264.packetizationMode = choice == 0xFF ? 0 : 1
  var packetizer = Packetizer(codec: codec, random: &random)
  let limit = choice & 0x80 != 0 ? 4096 : Int(choice)
  guard let once = loop(frame, &packetizer, limit, format), let twice = loop(once, &packetizer, limit, format) else { return }
  precondition(once == twice)
}

private func loop(_ frame: [UInt8], _ packetizer: inout Packetizer, _ limit: Int, _ format: CodecFormat) -> [UInt8]? {
  guard let summary = try? packetizer.begin(frame.span, maximumPayloadSize: limit) else { return nil }
  var assembler = FrameAssembler(format: format)
  var out = [UInt8](repeating: 0, count: 8 * frame.count + 2000)
  var frameWriter = SpanWriter(out.mutableSpan)
  assembler.begin()
  var buffer = [UInt8](repeating: 0, count: limit)
  var packets = 0
  var bytes = 0
  while !packetizer.isLast {
    var writer = SpanWriter(buffer.mutableSpan)
    let wrote = packetizer.writeNext(of: frame.span, into: &writer)
    precondition(wrote && writer.count <= limit)
    packets += 1
    bytes += writer.count
    let payload = arrayCopy(writer.bytes(in: 0..<writer.count))
    let facts = PayloadFormat.inspect(payload.span, marker: packetizer.marker, format: format)
    precondition(facts != nil)
    let appended = assembler.append(payload.span, marker: packetizer.marker, into: &frameWriter)
    precondition(appended)
  }
  precondition(packets <= summary.maximumPackets && bytes <= summary.maximumBytes)
  let facts = assembler.finish(into: &frameWriter)
  precondition(facts?.isKeyFrame == summary.isKeyFrame)
  return arrayCopy(frameWriter.bytes(in: 0..<frameWriter.count))
}
