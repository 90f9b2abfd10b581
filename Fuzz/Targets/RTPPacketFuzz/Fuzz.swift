import Bytes
import RTP

/// The first bytes are the ids of the extensions, the rest is a packet. What is read lies in the packet, and what is read and written
/// again reads the same.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  let names = HeaderExtension.allCases
  guard input.count > names.count else { return 0 }
  var map = HeaderExtensionMap()
  for (i, name) in names.enumerated() { map[name] = input[i] }
  let packet = Array(input[names.count...])
  guard let header = try? PacketHeader(parsing: packet.span, extensions: map) else { return 0 }
  precondition(header.payloadOffset >= 12 && header.payloadCount >= 0)
  precondition(header.payloadOffset + header.payloadCount + Int(header.paddingCount) == packet.count)
  let payload = arrayCopy(header.payload(of: packet.span))
  precondition(payload.count == header.payloadCount)
  let mid = arrayCopy(header.extensions.mid.bytes(of: packet.span))
  let rid = arrayCopy(header.extensions.rid.bytes(of: packet.span))
  precondition(mid.count == Int(header.extensions.mid.count) && rid.count == Int(header.extensions.rid.count))

  // Two names with one id, or an id that the block cannot have, do not survive writing.
  var seen: Set<UInt8> = []
  for name in names where map[name] != 0 && !seen.insert(map[name]).inserted { return 0 }
  guard map[.repairedRID] == 0 else { return 0 }
  var buffer = [UInt8](repeating: 0, count: packet.count + 1200)
  var writer = SpanWriter(buffer.mutableSpan)
  header.write(into: &writer, extensions: map, mid: mid.span, rid: rid.span)
  writer.write(payload)
  precondition(!writer.overflowed)
  let size = writer.count
  let written = Array(buffer[..<size])
  guard let again = try? PacketHeader(parsing: written.span, extensions: map) else { preconditionFailure() }
  precondition(arrayCopy(again.payload(of: written.span)) == payload)
  precondition(again.ssrc == header.ssrc && again.timestamp == header.timestamp)
  precondition(again.sequenceNumber == header.sequenceNumber && again.marker == header.marker)
  precondition(arrayCopy(again.extensions.mid.bytes(of: written.span)) == mid)
  precondition(arrayCopy(again.extensions.rid.bytes(of: written.span)) == rid)
  precondition(again.extensions.audioLevel == header.extensions.audioLevel)
  precondition(again.extensions.transportSequence == header.extensions.transportSequence)
  precondition(again.extensions.absoluteSendTime == header.extensions.absoluteSendTime)
  precondition(again.extensions.absoluteCaptureTime == header.extensions.absoluteCaptureTime)
  precondition(again.extensions.captureClockOffset == header.extensions.captureClockOffset)
  return 0
}
