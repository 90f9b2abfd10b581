import Bytes
import Time

extension Session {
  /// Takes a frame of the line's codec: an H264 access unit in Annex B, a VP8 frame, an Opus packet, G.711 samples, a JPEG file. It is
  /// taken whole or not at all.
  public mutating func send(_ frame: Span<UInt8>, _ timing: FrameTiming, on line: Int, now: Instant) throws(SendError) {
    guard self.lines.indices.contains(line) else { throw .notNegotiated }
    try self.lines[line].sender.send(frame, timing, now: now)
    self.refreshLine(line)
    self.scheduleReports(now: now)
  }

  /// Takes a payload that is in the codec's RTP format already, to forward it.
  public mutating func sendPacket(
    _ payload: Span<UInt8>, marker: Bool, _ timing: FrameTiming, on line: Int, now: Instant
  ) throws(SendError) {
    guard self.lines.indices.contains(line) else { throw .notNegotiated }
    try self.lines[line].sender.sendPacket(payload, marker: marker, timing, now: now)
    self.refreshLine(line)
    self.scheduleReports(now: now)
  }

  /// Writes the next packet at `writer.count`; nil: nothing is due. The writer needs `maximumPacketSize` bytes of room, and 2
  /// for RTX.
  ///
  /// Audio goes first; reports and feedback, which are few, go before repeats, and repeats before new video.
  public mutating func pollTransmit(into writer: inout SpanWriter, now: Instant) -> PacketKind? {
    if !self.audioReady.isEmpty, self.writeNew(of: .audio, into: &writer, now: now) { return .rtp }
    if self.owesControl, self.writeControl(into: &writer, now: now) { return .rtcp }
    if !self.repeatReady.isEmpty, self.writeRepeat(into: &writer, now: now) { return .rtp }
    if !self.videoReady.isEmpty, self.writeNew(of: .video, into: &writer, now: now) { return .rtp }
    return nil
  }

  private var owesControl: Bool {
    !self.feedbackReady.isEmpty || self.reports.isDue || self.reports.transportIsDue || !self.reports.goodbyes.isEmpty
  }

  private mutating func writeNew(of kind: MediaKind, into writer: inout SpanWriter, now: Instant) -> Bool {
    let isAudio = kind == .audio
    let next = isAudio ? self.audioReady.first(from: self.turns.audio) : self.videoReady.first(from: self.turns.video)
    guard let line = next else { return false }
    let time = self.ntpTime(now)
    let isWritten = self.lines[line].sender.writeNew(
      into: &writer, departures: &self.departures, now: now, ntpTime: time)
    if isAudio { self.turns.audio = line &+ 1 } else { self.turns.video = line &+ 1 }
    self.refreshLine(line)
    return isWritten
  }

  private mutating func writeRepeat(into writer: inout SpanWriter, now: Instant) -> Bool {
    let time = self.ntpTime(now)
    while let line = self.repeatReady.first(from: self.turns.repeats) {
      let isWritten = self.lines[line].sender.writeRepeat(
        into: &writer, departures: &self.departures, now: now, ntpTime: time)
      self.turns.repeats = line &+ 1
      self.refreshLine(line)
      if isWritten { return true }
      // Without room it stays; what it owed may also have gone.
      if self.lines[line].sender.owesRepeat { return false }
    }
    return false
  }

  private mutating func writeControl(into writer: inout SpanWriter, now: Instant) -> Bool {
    let start = writer.count
    let size = min(writer.remaining, self.configuration.maximumPacketSize)
    var room = SpanWriter(writer.mutableBytes(in: start..<(start &+ size)))
    let isWritten =
      self.writeGoodbyes(into: &room) || self.writeFeedback(into: &room, now: now)
      || carriesVideo && self.reports.transportIsDue && self.writeTransportFeedback(into: &room)
      || self.reports.isDue && self.writeReports(into: &room, now: now)
    let count = room.count
    guard isWritten, count > 0 else { return false }
    writer.skip(count)
    self.statistics.controlPacketsSent &+= 1
    return true
  }
}
