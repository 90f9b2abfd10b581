import Bytes
import Time

extension Session {
  /// Something began: the first report comes after half the usual time (RFC 3550 section 6.2).
  mutating func scheduleReports(now: Instant) {
    guard self.reports.deadline == .distantFuture else { return }
    self.reports.deadline = now + self.randomInterval(self.configuration.reportInterval / 2)
    self.expect(self.reports.deadline)
  }

  /// RFC 3550 section 6.3.1: between half and one and a half times the mean, so that peers do not fall into step. Two members
  /// need no reconsideration.
  mutating func randomInterval(_ mean: Interval) -> Interval {
    let share = UInt64(self.random.next(below: 1024))
    return mean / 2 + mean * share / 1024
  }

  mutating func noteArrival(_ number: UInt16, media: UInt32, now: Instant) {
    self.arrivals.note(number, at: now)
    self.reports.transportMedia = media
    guard !self.reports.transportIsDue else { return }
    let interval = self.configuration.transportFeedbackInterval
    if self.reports.transportDeadline == .distantFuture {
      self.reports.transportArrivals = 1
      self.reports.transportSince = now
      self.reports.transportDeadline = now + interval * 5 / 2
    } else {
      self.reports.transportArrivals &+= 1
      guard self.reports.transportArrivals == ReportState.manyArrivals else { return }
      // Congestion shows in many packets; a report for each five of audio would cost more than it tells.
      self.reports.transportDeadline = max(self.reports.transportSince + interval, now)
    }
    self.expect(self.reports.transportDeadline)
  }

  @inline(__always) private func sends(_ line: Int) -> Bool {
    self.lines[line].sender.isSending && self.lines[line].sender.packetCount > 0
  }

  private func hasReport(_ line: Int) -> Bool { self.lines[line].streamCount > 0 || self.sends(line) }

  /// Whether there is anything that reports are about.
  @inline(__always) var isActive: Bool {
    if !self.streams.isEmpty { return true }
    for line in self.lines.indices where self.sends(line) { return true }
    return false
  }

  /// Writes a compound of as many lines' reports as fit: SR or RR each, one SDES for all, extended reports (RFC 3550 section 6.1).
  mutating func writeReports(into writer: inout SpanWriter, now: Instant) -> Bool {
    let first = self.reports.nextLine
    let chunk = SourceDescription.chunkSize(cname: self.cname.span)
    var line = first
    var described = 0
    while line < self.lines.count {
      if self.hasReport(line) {
        let size = 28 &+ self.lines[line].streamCount &* ReportBlock.size
        // What comes behind the reports: the descriptions, and extended reports of at most 44 bytes.
        guard described < 31, writer.remaining >= size &+ 4 &+ (described &+ 1) &* chunk &+ 44 else { break }
        self.writeReport(of: line, into: &writer, now: now)
        described &+= 1
      }
      line &+= 1
    }
    if line == self.lines.count { self.reports.isDue = false }
    self.reports.nextLine = line
    guard described > 0 else { return false }
    let start = ControlPacket.begin(
      ControlPacket.Kind.sourceDescription, count: UInt8(truncatingIfNeeded: described), into: &writer)
    for i in first..<line where self.hasReport(i) {
      SourceDescription.writeChunk(ssrc: self.lines[i].sender.ssrc, cname: self.cname.span, into: &writer)
    }
    ControlPacket.end(start, into: &writer)
    if !self.reports.isDue { self.writeExtendedReports(into: &writer, now: now) }
    for i in first..<line { self.writeLimit(of: i, into: &writer) }
    return true
  }

  private mutating func writeReport(of line: Int, into writer: inout SpanWriter, now: Instant) {
    let start: Int
    if self.sends(line) {
      start = ControlPacket.begin(ControlPacket.Kind.senderReport, count: 0, into: &writer)
      self.lines[line].sender.report(at: now, ntpTime: self.ntpTime(now)).write(into: &writer)
    } else {
      start = ControlPacket.begin(ControlPacket.Kind.receiverReport, count: 0, into: &writer)
      writer.write(self.lines[line].sender.ssrc)
    }
    var count: UInt8 = 0
    for i in self.streams.indices where self.streams[i].line == line && !self.streams[i].isLeaving {
      let report = self.streams[i].receiver.takeReceptionReport()
      var block = ReportBlock(ssrc: self.streams[i].ssrc)
      block.fractionLost = report.fractionLost
      block.cumulativeLost = report.packetsLost
      block.highestSequenceNumber = report.extendedHighestSequence
      block.jitter = report.jitter
      if let receivedAt = self.streams[i].remoteOutbound.receivedAt {
        block.lastSenderReport = self.streams[i].lastSenderReport
        block.delaySinceLastSenderReport = NTPTime.compact(now - receivedAt)
      }
      block.write(into: &writer)
      count &+= 1
    }
    writer.patch(0x80 | count & 0x1F, at: start)
    ControlPacket.end(start, into: &writer)
  }

  private mutating func writeExtendedReports(into writer: inout SpanWriter, now: Instant) {
    guard let line = self.lines.indices.first(where: { self.hasReport($0) }) else { return }
    let ssrc = self.lines[line].sender.ssrc
    if self.configuration.sendsReceiverReferenceTime, !self.lines.indices.contains(where: { self.sends($0) }) {
      ExtendedReport.writeReferenceTime(sender: ssrc, ntpTime: self.ntpTime(now), into: &writer)
    }
    if let reference = self.reports.reference {
      self.reports.reference = nil
      ExtendedReport.writeDelay(
        sender: ssrc, receiver: reference.receiver, lastReference: reference.time,
        delay: NTPTime.compact(now - reference.at), into: &writer)
    }
  }

  private func writeLimit(of line: Int, into writer: inout SpanWriter) {
    guard let limit = self.lines[line].receiveLimit, writer.remaining >= 24,
      let stream = self.streams.first(where: { $0.line == line })
    else { return }
    BandwidthEstimate(bitsPerSecond: limit)
      .write(sender: self.lines[line].sender.ssrc, media: stream.ssrc, into: &writer)
  }

  /// Writes what the streams' receivers ask for: early feedback (RFC 4585 section 3.5.2; between two members it is never held back).
  mutating func writeFeedback(into writer: inout SpanWriter, now: Instant) -> Bool {
    while let index = self.feedbackReady.first(from: self.turns.feedback) {
      let line = self.streams[index].line
      let ssrc = self.lines[line].sender.ssrc
      let media = self.streams[index].ssrc
      let start = writer.count
      Self.beginFeedback(ssrc, cname: self.cname, reducedSize: self.lines[line].parameters.reducedSize, into: &writer)
      let head = writer.count
      guard writer.remaining >= 40 else {
        writer.rewind(to: start)
        return false
      }
      // The next request is an interval after this one is written, which may be later than when it came due.
      self.streams[index].receiver.advance(to: now)
      if carriesVideo, self.streams[index].receiver.takeKeyFrameRequest() {
        if self.lines[line].prefersFullIntra {
          self.streams[index].fullIntraNumber &+= 1
          KeyFrameRequest.writeFullIntra(
            sender: ssrc, media: media, number: self.streams[index].fullIntraNumber, into: &writer)
        } else {
          KeyFrameRequest.writePictureLoss(sender: ssrc, media: media, into: &writer)
        }
      }
      _ = self.streams[index].receiver.writeNACK(into: &writer, senderSSRC: ssrc)
      let isWritten = writer.count > head
      self.turns.feedback = index &+ 1
      self.refreshStream(index)
      if isWritten { return true }
      writer.rewind(to: start)
      // What owes but does not write is asked again when its next packet or deadline comes.
      self.feedbackReady.set(index, false)
    }
    return false
  }

  mutating func writeTransportFeedback(into writer: inout SpanWriter) -> Bool {
    self.reports.transportIsDue = false
    guard let line = self.lines.indices.first(where: { self.lines[$0].reportsTransport }) else { return false }
    let start = writer.count
    Self.beginFeedback(
      self.lines[line].sender.ssrc, cname: self.cname, reducedSize: self.lines[line].parameters.reducedSize, into: &writer)
    let isWritten = self.arrivals.write(
      sender: self.lines[line].sender.ssrc, media: self.reports.transportMedia, into: &writer)
    guard isWritten else {
      writer.rewind(to: start)
      return false
    }
    self.departures.countReport()
    self.reports.transportIsDue = self.arrivals.isDue
    return true
  }

  /// RFC 3550 section 6.6.
  mutating func writeGoodbyes(into writer: inout SpanWriter) -> Bool {
    let head = 20 &+ SourceDescription.chunkSize(cname: self.cname.span)
    guard let first = self.reports.goodbyes.first, writer.remaining >= head &+ 4 else { return false }
    Self.beginFeedback(first, cname: self.cname, reducedSize: false, into: &writer)
    let count = min(self.reports.goodbyes.count, 31, (writer.remaining &- 4) / 4)
    let start = ControlPacket.begin(ControlPacket.Kind.goodbye, count: UInt8(truncatingIfNeeded: count), into: &writer)
    for i in 0..<count { writer.write(self.reports.goodbyes[i]) }
    ControlPacket.end(start, into: &writer)
    self.reports.goodbyes.removeFirst(count)
    return true
  }

  /// A compound begins with a report and names its source (RFC 3550 section 6.1, RFC 4585 section 3.1), unless both sides do
  /// without (RFC 5506).
  private static func beginFeedback(_ ssrc: UInt32, cname: [UInt8], reducedSize: Bool, into writer: inout SpanWriter) {
    guard !reducedSize else { return }
    let start = ControlPacket.begin(ControlPacket.Kind.receiverReport, count: 0, into: &writer)
    writer.write(ssrc)
    ControlPacket.end(start, into: &writer)
    SourceDescription.write(ssrc: ssrc, cname: cname.span, into: &writer)
  }
}
