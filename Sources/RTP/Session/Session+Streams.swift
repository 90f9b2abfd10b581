import Bytes
import Time

extension Session {
  /// Begins a stream; nil where the bounds leave no room.
  mutating func addStream(
    _ ssrc: UInt32, on line: Int, rtxSSRC: UInt32?, rid: Span<UInt8>, codec: Codec, now: Instant
  ) -> Int? {
    if self.lines[line].streamCount >= self.configuration.maximumStreamsPerLine {
      guard self.makeRoom(on: line, now: now) else { return nil }
    } else if self.streams.count >= self.configuration.maximumStreams {
      guard self.makeRoom(on: nil, now: now) else { return nil }
    }
    let receiver: Receiver
    do throws(Receiver.UsageError) {
      receiver = try Receiver(
        configuration: self.lines[line].receiverConfiguration, ssrc: ssrc, parameters: self.lines[line].parameters,
        now: now)
    } catch {
      return nil
    }
    let index = self.streams.count
    self.streams.append(
      Stream(line: line, ssrc: ssrc, rid: arrayCopy(rid), receiver: receiver, now: now))
    self.streams[index].receiver.line = line
    self.lines[line].streamCount &+= 1
    self.sources.insert(ssrc, .stream, index)
    if let rtxSSRC { self.bindRepair(rtxSSRC, to: index) }
    if let roundTrip = self.roundTripTime { self.streams[index].receiver.setRoundTrip(roundTrip) }
    self.tell(.streamAdded(line: line, ssrc: ssrc, codec: codec))
    self.scheduleReports(now: now)
    return index
  }

  /// From here on, `rtxSSRC` repairs the stream.
  mutating func bindRepair(_ rtxSSRC: UInt32, to index: Int) {
    guard self.sources.find(rtxSSRC) == nil else { return }
    if let old = self.streams[index].rtxSSRC { self.sources.remove(old) }
    self.streams[index].rtxSSRC = rtxSSRC
    self.sources.insert(rtxSSRC, .repair, index)
  }

  /// The longest silent stream gives way, if it has been silent for long enough not to be missed.
  private mutating func makeRoom(on line: Int?, now: Instant) -> Bool {
    var oldest: Int?
    for i in self.streams.indices where line == nil || self.streams[i].line == line {
      if let known = oldest, self.streams[known].lastActivity <= self.streams[i].lastActivity { continue }
      oldest = i
    }
    guard let oldest, now - self.streams[oldest].lastActivity >= .seconds(2) else { return false }
    self.removeStream(oldest)
    return true
  }

  mutating func removeStreams(of line: Int) {
    var i = self.streams.count
    while i > 0 {
      i &-= 1
      if self.streams[i].line == line { self.removeStream(i) }
    }
  }

  /// The last stream takes the removed one's place.
  mutating func removeStream(_ index: Int) {
    // No copy of the whole: it is large.
    let (ssrc, line) = (self.streams[index].ssrc, self.streams[index].line)
    self.sources.remove(ssrc)
    if let rtx = self.streams[index].rtxSSRC { self.sources.remove(rtx) }
    self.lines[line].streamCount &-= 1
    let last = self.streams.count &- 1
    if index < last { self.streams[index] = self.streams[last] }
    self.streams.removeLast(1)
    self.feedbackReady.set(last, false)
    self.frameReady.set(last, false)
    self.packetReady.set(last, false)
    if index < last {
      self.sources.insert(self.streams[index].ssrc, .stream, index)
      if let rtx = self.streams[index].rtxSSRC { self.sources.insert(rtx, .repair, index) }
      self.refreshStream(index)
    }
    self.tell(.streamRemoved(line: line, ssrc: ssrc))
  }

  /// How long after its BYE a stream's last packets may arrive. Browsers say BYE to pause a stream, too, and go on with the same SSRC.
  static var stragglerTime: Interval { .milliseconds(500) }

  /// The stream's sender said BYE. Frames that are whole may still be taken.
  mutating func endStream(_ index: Int, now: Instant) {
    let ssrc = self.streams[index].ssrc
    self.departed.removeAll { $0.until <= now }
    if self.departed.count >= 16 { self.departed.removeFirst() }
    self.departed.append(Departed(ssrc: ssrc, until: now + Self.stragglerTime))
    self.streams[index].isLeaving = true
    self.refreshStream(index)
    self.removeIfLeft(index)
  }

  /// Removes a stream that said BYE and has nothing left to take.
  mutating func removeIfLeft(_ index: Int) {
    guard self.streams[index].isLeaving else { return }
    let readiness = self.streams[index].receiver.readiness()
    if !readiness.hasFrame, !readiness.hasPacket { self.removeStream(index) }
  }

  /// Whether the stream has something to say or to give, and when it will have.
  mutating func refreshStream(_ index: Int) {
    let readiness = self.streams[index].receiver.readiness()
    // Nobody is left to answer for a stream that said BYE.
    self.feedbackReady.set(index, readiness.owesFeedback && !self.streams[index].isLeaving)
    self.frameReady.set(index, readiness.hasFrame)
    self.packetReady.set(index, readiness.hasPacket)
    self.expect(readiness.deadline)
  }
}
