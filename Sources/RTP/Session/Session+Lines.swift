import Bytes
import Time

extension Session {
  /// A line that neither sends nor receives before `configure`. Its number is its own until `removeLine`: one that was removed is
  /// taken again, once all events of it were polled. `receiver` overrides the session's configuration of receivers on this line.
  public mutating func addLine(
    kind: MediaKind, receiver: Receiver.Configuration? = nil
  ) throws(UsageError) -> Int {
    let line = self.freeLine
    guard line < self.configuration.maximumLines else { throw .tooManyLines }
    let usual = kind == .audio ? self.configuration.audioReceiver : self.configuration.videoReceiver
    let chosen = receiver ?? usual
    guard chosen.isValid else { throw .invalidConfiguration }
    var sender = Sender(kind: kind, configuration: self.configuration, random: &self.random)
    while self.sources.find(sender.ssrc) != nil || self.sources.find(sender.rtxSSRC) != nil
      || sender.ssrc == sender.rtxSSRC
    {
      sender.rename(random: &self.random)
    }
    self.sources.insert(sender.ssrc, .own, line)
    self.sources.insert(sender.rtxSSRC, .own, line)
    let added = Line(kind: kind, receiver: chosen, sender: sender)
    if line < self.lines.count { self.lines[line] = added } else { self.lines.append(added) }
    return line
  }

  private var freeLine: Int {
    for line in self.lines.indices where self.lines[line].isRemoved && !self.events.concern(line) { return line }
    return self.lines.count
  }

  /// The SSRCs that the line sends under, for the description; nil: no such line.
  @inline(__always) public func sendingStream(of line: Int) -> AnnouncedStream? {
    guard self.lines.indices.contains(line), !self.lines[line].isRemoved else { return nil }
    return AnnouncedStream(ssrc: self.lines[line].sender.ssrc, rtxSSRC: self.lines[line].sender.rtxSSRC)
  }

  /// Takes what offer and answer settled: may be called again at any time, to pause, to resume and to change codecs. A removed line,
  /// or a number that is none, is left alone.
  public mutating func configure(_ line: Int, _ parameters: LineParameters, now: Instant) {
    guard self.lines.indices.contains(line), !self.lines[line].isRemoved, parameters.kind == self.lines[line].kind else {
      return
    }
    // Offer and answer took longer than any straggler: what comes now is meant.
    if parameters.receives, !self.lines[line].parameters.receives { self.departed.removeAll(keepingCapacity: true) }
    self.lines[line].parameters = parameters
    self.lines[line].sender.configure(parameters, random: &self.random)
    self.collectExtensions()
    if parameters.receives {
      for i in self.streams.indices where self.streams[i].line == line {
        self.streams[i].receiver.configure(parameters)
        self.refreshStream(i)
      }
    } else {
      self.removeStreams(of: line)
    }
    self.refreshLine(line)
  }

  /// Says BYE for the line's stream and forgets what it received (RFC 3550 section 6.6).
  public mutating func removeLine(_ line: Int, now: Instant) {
    guard self.lines.indices.contains(line), !self.lines[line].isRemoved else { return }
    self.removeStreams(of: line)
    self.leave(line)
    self.lines[line].isRemoved = true
    self.lines[line].keyFrameEventIsDue = false
    let parameters = LineParameters(kind: self.lines[line].kind)
    self.lines[line].parameters = parameters
    self.lines[line].sender.configure(parameters, random: &self.random)
    // What it kept goes as well.
    self.lines[line].sender = Sender(kind: parameters.kind, configuration: self.configuration, random: &self.random)
    self.collectExtensions()
    self.refreshLine(line)
  }

  /// Tells the peer the most that it shall send on the line (REMB), bits a second, with every report from now on; nil: no more.
  public mutating func setReceiveLimit(_ bitsPerSecond: UInt64?, of line: Int) {
    guard self.lines.indices.contains(line) else { return }
    self.lines[line].receiveLimit = bitsPerSecond
  }

  /// Notes that the line's SSRCs are used no more.
  mutating func leave(_ line: Int) {
    let stream = AnnouncedStream(ssrc: self.lines[line].sender.ssrc, rtxSSRC: self.lines[line].sender.rtxSSRC)
    self.sources.remove(stream.ssrc)
    if let rtx = stream.rtxSSRC { self.sources.remove(rtx) }
    guard self.lines[line].sender.packetCount > 0, self.reports.goodbyes.count < ReportState.maximumGoodbyes else {
      return
    }
    self.reports.goodbyes.append(stream.ssrc)
    if self.lines[line].sender.statistics.retransmittedPacketsSent > 0, let rtx = stream.rtxSSRC {
      self.reports.goodbyes.append(rtx)
    }
  }

  /// The peer uses an SSRC of ours: the line takes others (RFC 3550 section 8.2). A peer that does so over and over is not
  /// followed for ever.
  mutating func resolveCollision(on line: Int) -> Bool {
    guard self.statistics.collisions < 16 else { return false }
    self.statistics.collisions &+= 1
    self.leave(line)
    repeat {
      self.lines[line].sender.rename(random: &self.random)
    } while self.sources.find(self.lines[line].sender.ssrc) != nil
      || self.sources.find(self.lines[line].sender.rtxSSRC) != nil
      || self.lines[line].sender.ssrc == self.lines[line].sender.rtxSSRC
    let stream = AnnouncedStream(ssrc: self.lines[line].sender.ssrc, rtxSSRC: self.lines[line].sender.rtxSSRC)
    self.sources.insert(stream.ssrc, .own, line)
    if let rtx = stream.rtxSSRC { self.sources.insert(rtx, .own, line) }
    self.tell(.sourceChanged(line: line, stream))
    self.refreshLine(line)
    return true
  }

  private mutating func collectExtensions() {
    self.extensions = HeaderExtensionMap()
    self.reportsTransport = false
    for line in self.lines {
      self.reportsTransport = self.reportsTransport || line.reportsTransport
      for name in HeaderExtension.allCases where line.parameters.extensions[name] != 0 {
        self.extensions[name] = line.parameters.extensions[name]
      }
    }
  }

  /// Whether the line has something to send, and when it will have.
  mutating func refreshLine(_ line: Int) {
    let isReady = self.lines[line].sender.isReady
    if self.lines[line].kind == .audio {
      self.audioReady.set(line, isReady)
    } else {
      self.videoReady.set(line, isReady)
    }
    self.repeatReady.set(line, self.lines[line].sender.owesRepeat)
    self.expect(self.lines[line].sender.nextDeadline)
    if self.lines[line].keyFrameEventIsDue { self.expect(self.lines[line].keyFrameEventAllowed) }
  }

  mutating func expect(_ deadline: Instant?) {
    if let deadline, deadline < self.deadline { self.deadline = deadline }
  }
}
