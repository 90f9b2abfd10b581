import Bytes
import RTP

extension MediaFacts {
  var texts: [String] {
    if self.isControl {
      guard let plaintext = self.plaintext else { return ["SRTCP, not decrypted"] }
      return controlTexts(plaintext)
    }
    guard let header = self.header else { return ["SRTP, malformed"] }
    var text = "RTP \(ssrcText(header.ssrc)), type \(header.payloadType), number \(header.sequenceNumber), time \(header.timestamp)"
    if header.marker { text += ", marker" }
    if !self.mid.isEmpty { text += ", mid \(quoted(self.mid))" }
    if let number = header.extensions.transportSequence { text += ", transport-wide number \(number)" }
    text += ", \(plural(max(header.payloadCount, 0), "byte"))"
    return [self.plaintext == nil ? text + " of ciphertext (not decrypted)" : text]
  }
}

/// A line for each packet of a compound (RFC 3550 section 6, RFC 4585 section 6).
func controlTexts(_ compound: [UInt8]) -> [String] {
  var texts: [String] = []
  var offset = 0
  do throws(WireError) {
    while let packet = try ControlPacket.next(in: compound.span, at: &offset) {
      let body = Array(compound[packet.bodyOffset..<packet.bodyOffset + packet.bodyCount])
      texts.append("RTCP " + controlText(packet, body))
    }
  } catch {
    texts.append("RTCP: the rest is malformed")
  }
  return texts
}

private func controlText(_ packet: ControlPacket, _ body: [UInt8]) -> String {
  var reader = ByteReader(body)
  let sender = reader.number(4).map { ssrcText(UInt32($0)) } ?? "nobody"
  switch packet.kind {
  case ControlPacket.Kind.senderReport:
    guard let ntp = reader.number(8), let time = reader.number(4), let packets = reader.number(4),
      let octets = reader.number(4)
    else { return "SR, malformed" }
    _ = ntp
    return "SR \(sender), time \(time), \(plural(packets, "packet")), \(plural(octets, "byte"))" + reportBlocks(&reader, packet.count)
  case ControlPacket.Kind.receiverReport: return "RR \(sender)" + reportBlocks(&reader, packet.count)
  case ControlPacket.Kind.sourceDescription: return "SDES, \(plural(packet.count, "source"))" + names(body)
  case ControlPacket.Kind.goodbye: return "BYE \(sender)" + (packet.count > 1 ? " and \(packet.count - 1) more" : "")
  case ControlPacket.Kind.extendedReport: return "XR \(sender)"
  case ControlPacket.Kind.transportFeedback: return transportFeedback(packet.count, body)
  case ControlPacket.Kind.payloadFeedback: return payloadFeedback(packet.count, body)
  case 204: return "APP \(sender)"
  default: return "packet of type \(packet.kind)"
  }
}

private func reportBlocks(_ reader: inout ByteReader, _ count: UInt8) -> String {
  var text = ""
  for _ in 0..<count {
    guard let bytes = reader.take(ReportBlock.size), let block = try? ReportBlock(parsing: bytes.span) else {
      return text + ", malformed"
    }
    text +=
      "; of \(ssrcText(block.ssrc)): lost \(block.cumulativeLost) (\(Int(block.fractionLost) * 100 / 256) %), up to \(block.highestSequenceNumber), jitter \(block.jitter)"
  }
  return text
}

private func names(_ body: [UInt8]) -> String {
  var offset = 0
  var ssrc: UInt32 = 0
  var text = ""
  while offset < body.count {
    guard let name = try? SourceDescription.readChunk(body.span, at: &offset, ssrc: &ssrc) else { return text }
    let bytes = arrayCopy(name)
    text += ", \(ssrcText(ssrc)) is \(quoted(bytes))"
  }
  return text
}

/// RFC 4585 section 6.2.1, and transport-wide feedback.
private func transportFeedback(_ format: UInt8, _ body: [UInt8]) -> String {
  if format == ControlPacket.Format.transportWide {
    guard var feedback = try? TransportFeedback(parsing: body.span) else { return "transport-wide feedback, malformed" }
    let (base, count) = (feedback.baseSequenceNumber, feedback.count)
    var lost = 0
    var seen = 0
    while seen < Int(count), let status = feedback.next(in: body.span) {
      if status.delta == nil { lost += 1 }
      seen += 1
    }
    return "transport-wide feedback, numbers \(base)–\(base &+ count &- 1), \(lost) lost"
  }
  var reader = ByteReader(body)
  guard format == ControlPacket.Format.negativeAcknowledgement, reader.number(4) != nil, let ssrc = reader.number(4)
  else { return "transport feedback of format \(format)" }
  let numbers = askedFor(&reader)
  return "NACK of \(ssrcText(UInt32(ssrc))): " + numbers.prefix(16).map { "\($0)" }.joined(separator: " ") + (numbers.count > 16 ? " …" : "")
}

/// The sequence numbers in a NACK's entries.
private func askedFor(_ reader: inout ByteReader) -> [UInt16] {
  var numbers: [UInt16] = []
  while let first = reader.number(2), let mask = reader.number(2) {
    numbers.append(UInt16(first))
    for bit in 0..<16 where mask >> UInt64(bit) & 1 == 1 { numbers.append(UInt16(first) &+ UInt16(bit) &+ 1) }
  }
  return numbers
}

private func payloadFeedback(_ format: UInt8, _ body: [UInt8]) -> String {
  var reader = ByteReader(body)
  guard reader.number(4) != nil, let ssrc = reader.number(4) else { return "payload feedback, malformed" }
  switch format {
  case ControlPacket.Format.pictureLoss: return "PLI of \(ssrcText(UInt32(ssrc)))"
  case ControlPacket.Format.fullIntraRequest:
    return "FIR of \(reader.number(4).map { ssrcText(UInt32($0)) } ?? "nobody")"
  case ControlPacket.Format.applicationLayer:
    guard let estimate = try? BandwidthEstimate(parsing: body.span) else { return "application layer feedback" }
    return "REMB \(estimate.bitsPerSecond) bit/s"
  default: return "payload feedback of format \(format)"
  }
}
