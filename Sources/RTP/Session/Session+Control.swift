import Bytes
import Time

extension Session {
  /// Takes a decrypted RTCP packet, compound or of reduced size (RFC 5506). What comes before a fault in it counts.
  public mutating func receiveControl(_ compound: Span<UInt8>, now: Instant) {
    self.statistics.controlPacketsReceived &+= 1
    do throws(WireError) {
      guard compound.count > 0 else { throw .truncated }
      var offset = 0
      while let packet = try ControlPacket.next(in: compound, at: &offset) {
        try self.take(packet, packet.body(of: compound), now: now)
      }
    } catch {
      self.statistics.malformedControlPackets &+= 1
    }
  }

  private mutating func take(_ packet: ControlPacket, _ body: Span<UInt8>, now: Instant) throws(WireError) {
    switch packet.kind {
    case ControlPacket.Kind.senderReport: try self.takeSenderReport(body, blocks: Int(packet.count), now: now)
    case ControlPacket.Kind.receiverReport:
      guard body.count >= 4 else { throw .truncated }
      try self.takeBlocks(body.extracting(4..<body.count), count: Int(packet.count), now: now)
    case ControlPacket.Kind.sourceDescription: try self.takeDescriptions(body, count: Int(packet.count))
    case ControlPacket.Kind.goodbye: try self.takeGoodbye(body, count: Int(packet.count), now: now)
    case ControlPacket.Kind.transportFeedback: try self.takeTransportFeedback(packet, body, now: now)
    case ControlPacket.Kind.payloadFeedback: try self.takePayloadFeedback(packet, body, now: now)
    case ControlPacket.Kind.extendedReport: try self.takeExtendedReport(body, now: now)
    // RFC 3550 section 6.1: unknown types are passed over.
    default: return
    }
  }

  private mutating func takeSenderReport(_ body: Span<UInt8>, blocks: Int, now: Instant) throws(WireError) {
    let info = try SenderInfo(parsing: body)
    if let source = self.sources.find(info.ssrc) {
      switch source.role {
      case .own: _ = self.resolveCollision(on: source.index)
      case .repair: break
      case .stream:
        self.streams[source.index].lastSenderReport = NTPTime.compact(info.ntpTime)
        self.streams[source.index].remoteOutbound.reportsSent &+= 1
        self.streams[source.index].remoteOutbound.packetsSent = info.packetCount
        self.streams[source.index].remoteOutbound.bytesSent = info.octetCount
        self.streams[source.index].remoteOutbound.ntpTime = info.ntpTime
        self.streams[source.index].remoteOutbound.rtpTimestamp = info.rtpTimestamp
        self.streams[source.index].remoteOutbound.receivedAt = now
      }
    }
    try self.takeBlocks(body.extracting(SenderInfo.size..<body.count), count: blocks, now: now)
  }

  private mutating func takeBlocks(_ bytes: Span<UInt8>, count: Int, now: Instant) throws(WireError) {
    guard bytes.count >= count &* ReportBlock.size else { throw .truncated }
    for i in 0..<count {
      let start = i &* ReportBlock.size
      let block = try ReportBlock(parsing: bytes.extracting(start..<(start &+ ReportBlock.size)))
      guard let source = self.sources.find(block.ssrc), source.role == .own,
        self.lines[source.index].sender.ssrc == block.ssrc
      else { continue }
      let line = source.index
      self.lines[line].remoteInbound.reportsReceived &+= 1
      self.lines[line].remoteInbound.packetsLost = block.cumulativeLost
      self.lines[line].remoteInbound.fractionLost = block.fractionLost
      self.lines[line].remoteInbound.jitter = block.jitter
      guard block.lastSenderReport != 0,
        let roundTrip = self.measure(block.lastSenderReport, delay: block.delaySinceLastSenderReport, now: now)
      else { continue }
      self.lines[line].remoteInbound.roundTripTime = roundTrip
      self.lines[line].remoteInbound.totalRoundTripTime =
        self.lines[line].remoteInbound.totalRoundTripTime + roundTrip
      self.lines[line].remoteInbound.roundTripTimeMeasurements &+= 1
    }
  }

  /// The round trip by a time of ours that the peer had for `delay` (RFC 3550 section 6.4.1, RFC 3611 section 4.5); nil where it
  /// makes no sense.
  private mutating func measure(_ time: UInt32, delay: UInt32, now: Instant) -> Interval? {
    let elapsed = Int32(bitPattern: NTPTime.compact(self.ntpTime(now)) &- time &- delay)
    // A little less than nothing comes from rounding.
    guard elapsed > -66, elapsed <= 10 &* 65_536 else { return nil }
    let roundTrip = NTPTime.interval(compact: UInt32(max(elapsed, 1)))
    let smoothed = self.roundTripTime.map { ($0 * 7 + roundTrip) / 8 } ?? roundTrip
    self.roundTripTime = smoothed
    for i in self.streams.indices {
      self.streams[i].receiver.setRoundTrip(smoothed)
      self.expect(self.streams[i].receiver.nextDeadline)
    }
    return roundTrip
  }

  private mutating func takeDescriptions(_ body: Span<UInt8>, count: Int) throws(WireError) {
    var offset = 0
    for _ in 0..<count {
      var ssrc: UInt32 = 0
      let name = try SourceDescription.readChunk(body, at: &offset, ssrc: &ssrc)
      guard let source = self.sources.find(ssrc), source.role == .stream, name.count > 0,
        !bytesEqual(name, self.streams[source.index].cname)
      else { continue }
      self.streams[source.index].cname = arrayCopy(name)
    }
  }

  private mutating func takeGoodbye(_ body: Span<UInt8>, count: Int, now: Instant) throws(WireError) {
    guard body.count >= count &* 4 else { throw .truncated }
    for i in 0..<count {
      let ssrc = load32(body, at: i &* 4)
      guard let source = self.sources.find(ssrc) else { continue }
      switch source.role {
      case .own: continue
      case .stream: self.endStream(source.index, now: now)
      case .repair:
        self.sources.remove(ssrc)
        self.streams[source.index].rtxSSRC = nil
      }
    }
  }

  private mutating func takeExtendedReport(_ body: Span<UInt8>, now: Instant) throws(WireError) {
    guard body.count >= 4 else { throw .truncated }
    var offset = 4
    while let block = try ExtendedReport.next(in: body, at: &offset) {
      if block.kind == ExtendedReport.receiverReferenceTime, block.count == 8 {
        self.reports.reference = ReportState.Reference(
          receiver: load32(body, at: 0), time: NTPTime.compact(load64(body, at: block.offset)), at: now)
      } else if block.kind == ExtendedReport.delaySinceLast {
        var entry = block.offset
        while entry &+ 12 <= block.offset &+ block.count {
          if let source = self.sources.find(load32(body, at: entry)), source.role == .own,
            load32(body, at: entry &+ 4) != 0
          {
            _ = self.measure(load32(body, at: entry &+ 4), delay: load32(body, at: entry &+ 8), now: now)
          }
          entry &+= 12
        }
      }
    }
  }
}
