import Bytes
import RTP
import Testing

@Suite struct ControlPacketTests {
  func write(_ body: (inout SpanWriter) -> Void) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 600)
    var writer = SpanWriter(bytes.mutableSpan)
    body(&writer)
    let count = writer.count
    return Array(bytes[..<count])
  }

  func parse(_ bytes: [UInt8]) throws(WireError) -> [ControlPacket] {
    var offset = 0
    var packets: [ControlPacket] = []
    while let packet = try ControlPacket.next(in: bytes.span, at: &offset) { packets.append(packet) }
    return packets
  }

  @Test func `a compound is taken apart, the last packet's padding left out`() throws {
    let bytes: [UInt8] =
      [0x80, 201, 0, 1, 1, 2, 3, 4] + [0xA1, 203, 0, 2, 9, 9, 9, 9, 0, 0, 0, 4]
    let packets = try self.parse(bytes)
    #expect(packets.map(\.kind) == [201, 203])
    #expect(packets.map(\.bodyCount) == [4, 4])
    #expect(packets[1].count == 1)
  }

  @Test func `transport-wide feedback may be filled up by fewer than four bytes, as Chromium does`() throws {
    let feedback: [UInt8] = [
      0xAF, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 9, 0, 1, 0, 0, 1, 0, 0x20, 1, 4, 1,
    ]
    let packets = try self.parse(feedback)
    #expect(packets.map(\.bodyCount) == [19])
    let body = Array(feedback[4..<23])
    var report = try TransportFeedback(parsing: body.span)
    let status = report.next(in: body.span)
    #expect(status == TransportFeedback.Status(sequenceNumber: 9, delta: 4))
  }

  @Test func `what is no RTCP is refused`() {
    for bytes in [
      [0x80], [0x80, 201, 0], [0x40, 201, 0, 0], [0x80, 201, 0, 2, 1, 2, 3, 4],
      // Padding that is no multiple of four, larger than the packet, zero, or not in the last packet.
      [0xA0, 201, 0, 1, 0, 0, 0, 3], [0xA0, 201, 0, 1, 0, 0, 0, 8], [0xA0, 201, 0, 1, 0, 0, 0, 0],
      [0xA0, 201, 0, 1, 0, 0, 0, 4, 0x80, 201, 0, 0],
    ] as [[UInt8]] {
      #expect(throws: WireError.self) { try self.parse(bytes) }
    }
  }

  @Test func `sender information and report blocks survive, negative losses too`() throws {
    var info = SenderInfo(ssrc: 0x1234_5678)
    info.ntpTime = 0xE000_0001_8000_0002
    info.rtpTimestamp = 77
    info.packetCount = 88
    info.octetCount = 99
    let bytes = self.write { info.write(into: &$0) }
    #expect(try SenderInfo(parsing: bytes.span) == info)
    for lost in [0, 1, -1, 0x7F_FFFF, -0x80_0000] as [Int32] {
      var block = ReportBlock(ssrc: 5)
      block.fractionLost = 200
      block.cumulativeLost = lost
      block.highestSequenceNumber = 0xFFFF_FFFF
      block.jitter = 3
      block.lastSenderReport = 4
      block.delaySinceLastSenderReport = 6
      let bytes = self.write { block.write(into: &$0) }
      #expect(bytes.count == ReportBlock.size)
      #expect(try ReportBlock(parsing: bytes.span) == block)
    }
    var beyond = ReportBlock(ssrc: 5)
    beyond.cumulativeLost = .max
    let clamped = self.write { beyond.write(into: &$0) }
    #expect(try ReportBlock(parsing: clamped.span).cumulativeLost == 0x7F_FFFF)
  }

  @Test(arguments: 0...9)
  func `a description is padded to a multiple of four, and its name read`(length: Int) throws {
    let name = (0..<length).map { UInt8($0) + 65 }
    let bytes = self.write { SourceDescription.write(ssrc: 7, cname: name.span, into: &$0) }
    #expect(bytes.count % 4 == 0)
    let packet = try #require(try self.parse(bytes).first)
    let body = Array(bytes[packet.bodyOffset..<(packet.bodyOffset + packet.bodyCount)])
    // The list ends with a zero byte at least (RFC 3550 section 6.5).
    #expect(body.last == 0)
    var offset = 0
    var ssrc: UInt32 = 0
    let read = arrayCopy(try SourceDescription.readChunk(body.span, at: &offset, ssrc: &ssrc))
    #expect(read == name && ssrc == 7 && offset == body.count)
    for count in 0..<body.count {
      let cut = Array(body[..<count])
      var at = 0
      #expect(throws: WireError.self) {
        _ = arrayCopy(try SourceDescription.readChunk(cut.span, at: &at, ssrc: &ssrc))
      }
    }
  }

  @Test func `requests for key frames have the bytes of their RFCs`() {
    #expect(
      self.write { KeyFrameRequest.writePictureLoss(sender: 1, media: 2, into: &$0) }
        == [0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2])
    let fir: [UInt8] = [0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 9, 0, 0, 0]
    #expect(self.write { KeyFrameRequest.writeFullIntra(sender: 1, media: 2, number: 9, into: &$0) } == fir)
  }

  @Test(arguments: [0, 1, 0x3FFFF, 0x40000, 1_000_000, 123_456_789_012, UInt64.max])
  func `bandwidth keeps its upper 18 bits`(bits: UInt64) throws {
    let bytes = self.write { BandwidthEstimate(bitsPerSecond: bits).write(sender: 1, media: 2, into: &$0) }
    let body = Array(bytes[4...])
    let read = try #require(try BandwidthEstimate(parsing: body.span)).bitsPerSecond
    #expect(read <= bits)
    #expect(bits - read <= bits >> 17)
  }

  @Test func `an exponent that overflows means no limit, another name is not REMB, a short one is refused`() throws {
    let head: [UInt8] = [0, 0, 0, 1, 0, 0, 0, 0]
    let huge = head + Array("REMB".utf8) + [0, 0xFF, 0xFF, 0xFF]
    #expect(try BandwidthEstimate(parsing: huge.span)?.bitsPerSecond == .max)
    let other = head + Array("ABCD".utf8) + [0, 0xFF, 0xFF, 0xFF]
    #expect(try BandwidthEstimate(parsing: other.span) == nil)
    let short = head + Array("REMB".utf8) + [3, 0, 0, 0]
    #expect(throws: WireError.truncated) { try BandwidthEstimate(parsing: short.span) }
  }

  @Test func `extended reports are walked, and blocks that reach past the end refused`() throws {
    let bytes = self.write {
      ExtendedReport.writeReferenceTime(sender: 1, ntpTime: 0x0102_0304_0506_0708, into: &$0)
    }
    #expect(bytes == [0x80, 207, 0, 4, 0, 0, 0, 1, 4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8])
    let body = Array(bytes[4...])
    var offset = 4
    let block = try #require(try ExtendedReport.next(in: body.span, at: &offset))
    #expect(block.kind == 4 && block.offset == 8 && block.count == 8)
    #expect(try ExtendedReport.next(in: body.span, at: &offset) == nil)
    for count in 5..<body.count {
      let cut = Array(body[..<count])
      var at = 4
      #expect(throws: WireError.truncated) { try ExtendedReport.next(in: cut.span, at: &at) }
    }
    let delay = self.write {
      ExtendedReport.writeDelay(sender: 1, receiver: 2, lastReference: 3, delay: 4, into: &$0)
    }
    #expect(delay == [0x80, 207, 0, 5, 0, 0, 0, 1, 5, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4])
  }
}
