import Bytes
import Time

extension Session {
  /// RTPFB (RFC 4585 section 6.2): NACKs, and transport-wide feedback.
  mutating func takeTransportFeedback(_ packet: ControlPacket, _ body: Span<UInt8>, now: Instant) throws(WireError) {
    guard body.count >= 8 else { throw .truncated }
    switch packet.count {
    case ControlPacket.Format.negativeAcknowledgement:
      guard let line = self.ownLine(load32(body, at: 4)) else { return }
      self.lines[line].sender.statistics.nackCount &+= 1
      // Another request within a round trip tells of the same loss.
      let spacing = max((self.roundTripTime ?? .milliseconds(20)) * 3 / 4, .milliseconds(5))
      var offset = 8
      while offset &+ 4 <= body.count {
        let pair = load32(body, at: offset)
        offset &+= 4
        let first = UInt16(truncatingIfNeeded: pair &>> 16)
        self.lines[line].sender.requestRepeat(of: first, spacing: spacing, now: now)
        for i in 0..<16 where pair & (1 &<< UInt32(i)) != 0 {
          self.lines[line].sender.requestRepeat(of: first &+ UInt16(i) &+ 1, spacing: spacing, now: now)
        }
      }
      self.refreshLine(line)
    case ControlPacket.Format.transportWide where carriesVideo:
      self.departures.take(try TransportFeedback(parsing: body), body: body, at: now)
    default: return
    }
  }

  /// PSFB (RFC 4585 section 6.3, RFC 5104 section 4.3): PLI, FIR, and REMB.
  mutating func takePayloadFeedback(_ packet: ControlPacket, _ body: Span<UInt8>, now: Instant) throws(WireError) {
    guard body.count >= 8 else { throw .truncated }
    guard carriesVideo else { return }
    switch packet.count {
    case ControlPacket.Format.pictureLoss:
      guard let line = self.ownLine(load32(body, at: 4)) else { return }
      self.lines[line].sender.statistics.pliCount &+= 1
      self.keyFrameAsked(of: line, now: now)
    case ControlPacket.Format.fullIntraRequest:
      let sender = load32(body, at: 0)
      var offset = 8
      while offset &+ 8 <= body.count {
        if let line = self.ownLine(load32(body, at: offset)) {
          self.takeFullIntra(sender, body[offset &+ 4], line, now: now)
        }
        offset &+= 8
      }
    case ControlPacket.Format.applicationLayer:
      if let estimate = try BandwidthEstimate(parsing: body) { self.reports.bandwidth = estimate.bitsPerSecond }
    default: return
    }
  }

  /// The same number again is the same request (RFC 5104 section 4.3.1.2).
  private mutating func takeFullIntra(_ sender: UInt32, _ number: UInt8, _ line: Int, now: Instant) {
    if let last = self.lines[line].lastFullIntra, last.sender == sender, last.number == number { return }
    self.lines[line].lastFullIntra = (sender, number)
    self.lines[line].sender.statistics.firCount &+= 1
    self.keyFrameAsked(of: line, now: now)
  }

  private mutating func keyFrameAsked(of line: Int, now: Instant) {
    guard self.lines[line].sender.isSending else { return }
    guard now >= self.lines[line].keyFrameEventAllowed else {
      self.lines[line].keyFrameEventIsDue = true
      self.expect(self.lines[line].keyFrameEventAllowed)
      return
    }
    self.lines[line].keyFrameEventAllowed = now + self.configuration.keyFrameEventInterval
    self.tell(.keyFrameRequested(line: line))
  }

  /// The line that sends under the SSRC; its RTX stream's does not count.
  @inline(__always) private func ownLine(_ ssrc: UInt32) -> Int? {
    guard let source = self.sources.find(ssrc), source.role == .own,
      self.lines[source.index].sender.ssrc == ssrc
    else { return nil }
    return source.index
  }
}
