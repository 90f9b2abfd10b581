import Bytes
import RTP

/// The input as messages of a channel, and as a frame to be sent over one.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var input = Array(UnsafeBufferPointer(start: data, count: count))[...]
  guard let first = input.popFirst() else { return 0 }
  let style: MJPEGChannelFraming.Style = first & 1 == 0 ? .startEnd : .numbered
  var assembler = MJPEGChannelAssembler(style: style, maximumFrameSize: 1000)
  if first & 2 == 0 {
    while let size = input.popFirst() {
      let message = Array(input.prefix(Int(size)))
      input = input.dropFirst(Int(size))
      let isWhole = assembler.receive(message.span)
      precondition(isWhole == (assembler.frame.count > 0) && assembler.frame.count <= 1000)
    }
  } else {
    let frame = Array(input)
    var packetizer = MJPEGChannelPacketizer(style: style, pieceSize: Int(first >> 2))
    guard (try? packetizer.begin(frame.span)) != nil else { return 0 }
    var buffer = [UInt8](repeating: 0, count: 100)
    while !packetizer.isLast {
      var writer = SpanWriter(buffer.mutableSpan)
      let wrote = packetizer.writeNext(of: frame.span, into: &writer)
      precondition(wrote)
      let isWhole = assembler.receive(writer.bytes(in: 0..<writer.count))
      precondition(isWhole == (packetizer.isLast && frame.count <= 1000))
    }
    if frame.count <= 1000 { precondition(bytesEqual(assembler.frame, frame.span)) }
  }
  return 0
}
