import Bytes
import RTP

/// Everything that can be read out of an RTCP packet.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  var offset = 0
  while true {
    let start = offset
    guard let next = try? ControlPacket.next(in: input.span, at: &offset), offset > start else { break }
    precondition(next.bodyOffset == start + 4 && next.bodyOffset + next.bodyCount <= offset && next.bodyCount >= 0)
    read(Array(input[next.bodyOffset..<(next.bodyOffset + next.bodyCount)]), packet: next)
  }
  return 0
}

private func read(_ body: [UInt8], packet: ControlPacket) {
  if let info = try? SenderInfo(parsing: body.span) {
    precondition(write { info.write(into: &$0) } == Array(body[..<SenderInfo.size]))
  }
  if let block = try? ReportBlock(parsing: body.span) {
    precondition(write { block.write(into: &$0) } == Array(body[..<ReportBlock.size]))
  }
  var offset = 0
  for _ in 0..<packet.count {
    var ssrc: UInt32 = 0
    let before = offset
    guard let name = try? arrayCopy(SourceDescription.readChunk(body.span, at: &offset, ssrc: &ssrc)) else { break }
    precondition(name.count <= 255 && offset > before && offset <= body.count && offset % 4 == 0)
  }
  if let estimate = try? BandwidthEstimate(parsing: body.span), estimate.bitsPerSecond < UInt64.max {
    let again = Array(write { estimate.write(sender: 1, media: 2, into: &$0) }[4...])
    precondition((try? BandwidthEstimate(parsing: again.span)) == estimate)
  }
  offset = 4
  while let block = try? ExtendedReport.next(in: body.span, at: &offset) {
    precondition(block.offset + block.count == offset && offset <= body.count)
  }
  if var feedback = try? TransportFeedback(parsing: body.span) {
    var statuses = 0
    while let status = feedback.next(in: body.span) {
      precondition(status.sequenceNumber == feedback.baseSequenceNumber &+ UInt16(truncatingIfNeeded: statuses))
      statuses += 1
    }
    precondition(statuses == Int(feedback.count))
  }
}

private func write(_ body: (inout SpanWriter) -> Void) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: 100)
  var writer = SpanWriter(bytes.mutableSpan)
  body(&writer)
  precondition(!writer.overflowed)
  let count = writer.count
  return Array(bytes[..<count])
}
