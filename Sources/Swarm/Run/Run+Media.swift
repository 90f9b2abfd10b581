import Bytes
import RTP
import SDP
import Simulator
import Time
import WebRTC

/// Audio and video: frames whose bytes tell which they are.
extension Run {
  // MARK: Transceivers

  func addTrack(_ track: Int, _ plan: TrackPlan, _ peer: Int) {
    guard !self.state.peers[peer].isOver, !self.state.peers[peer].tracks.contains(where: { $0.number == track }) else { return }
    let format = plan.format.codec
    do throws(PeerConnection.UsageError) {
      let transceiver = try self.world[self.state.peers[peer].id].addTransceiver(
        format.kind, .init(direction: plan.direction.value, formats: [format]), now: self.now)
      self.state.peers[peer].tracks.append(TrackState(number: track, transceiver: transceiver, plan: plan))
    } catch {
      self.fail(.wrongRefusal, peer: peer, "addTransceiver: \(error)")
    }
  }

  /// The transceiver of a track on either side: that of the section which the side that added it has.
  func transceiver(of track: Int, _ peer: Int) -> Transceiver? {
    if let own = self.state.peers[peer].tracks.first(where: { $0.number == track }) { return own.transceiver }
    guard let other = self.state.peers[peer].other,
      let theirs = self.state.peers[other].tracks.first(where: { $0.number == track }),
      let mid = self.world[self.state.peers[other].id].connection.transceiverInfo(theirs.transceiver)?.mid, !mid.isEmpty
    else { return nil }
    return self.transceiver(withMid: mid, peer)
  }

  func transceiver(withMid mid: [UInt8], _ peer: Int) -> Transceiver? {
    let id = self.state.peers[peer].id
    for index in 0..<self.world[id].connection.transceiverCount {
      let info = self.world[id].connection.transceiverInfo(Transceiver(index: index))
      if let info, info.mid == mid, !info.isStopped { return Transceiver(index: index) }
    }
    return nil
  }

  func setDirection(_ direction: TrackPlan.Direction, of track: Int, _ peer: Int) {
    guard !self.state.peers[peer].isOver, let transceiver = self.transceiver(of: track, peer) else { return }
    do throws(PeerConnection.UsageError) {
      try self.world[self.state.peers[peer].id].setDirection(direction.value, of: transceiver)
    } catch {
      if error != .wrongState { self.fail(.wrongRefusal, peer: peer, "setDirection: \(error)") }
    }
  }

  func stopTrack(_ track: Int, _ peer: Int) {
    guard !self.state.peers[peer].isOver, let transceiver = self.transceiver(of: track, peer) else { return }
    do throws(PeerConnection.UsageError) {
      try self.world[self.state.peers[peer].id].stopTransceiver(transceiver, now: self.now)
    } catch {
      if error != .wrongState { self.fail(.wrongRefusal, peer: peer, "stopTransceiver: \(error)") }
    }
  }

  func requestKeyFrame(of track: Int, _ peer: Int) {
    guard !self.state.peers[peer].isOver, let transceiver = self.transceiver(of: track, peer) else { return }
    self.world[self.state.peers[peer].id].requestKeyFrame(of: transceiver, now: self.now)
  }

  // MARK: Sending

  func play(_ track: Int, count: Int, size: Int, interval: Int, _ peer: Int) {
    guard !self.state.peers[peer].isOver, let transceiver = self.transceiver(of: track, peer) else { return }
    self.play(
      Playing(
        track: track, transceiver: transceiver, left: count, size: size,
        interval: .milliseconds(UInt32(clamping: max(interval, 1))), next: self.now,
        timestamp: self.state.random.nextWord()), peer)
  }

  func play(_ playing: Playing, _ peer: Int) {
    // Two sources on one track would be two clocks.
    self.state.peers[peer].playing.removeAll { $0.transceiver == playing.transceiver }
    self.state.peers[peer].playing.append(playing)
    self.playDue(peer)
  }

  /// Sends the frames that are due, and comes back for the next.
  func playDue(_ peer: Int) {
    guard !self.state.peers[peer].isOver else {
      self.state.peers[peer].playing = []
      return
    }
    let isAsleep = self.isSuspended(peer)
    var next = Instant.distantFuture
    for place in self.state.peers[peer].playing.indices {
      if self.state.peers[peer].playing[place].next <= self.now {
        if !isAsleep { self.sendFrame(place, peer) }
        self.state.peers[peer].playing[place].left -= 1
        self.state.peers[peer].playing[place].next = self.now + self.state.peers[peer].playing[place].interval
      }
      if self.state.peers[peer].playing[place].left > 0 { next = min(next, self.state.peers[peer].playing[place].next) }
    }
    self.state.peers[peer].playing.removeAll { $0.left <= 0 }
    if let known = self.state.peers[peer].playsAt, known > self.now, known <= next { return }
    self.state.peers[peer].playsAt = next
    if next < .distantFuture { self.state.agenda.add(.play(peer), at: next) }
  }

  private func frameLedger(of track: Int, from sender: Int) -> Int {
    if let known = self.state.frames.firstIndex(where: { $0.track == track && $0.sender == sender }) { return known }
    self.state.frames.append(FrameLedger(track: track, sender: sender))
    return self.state.frames.count - 1
  }

  private func sendFrame(_ place: Int, _ peer: Int) {
    let playing = self.state.peers[peer].playing[place]
    let id = self.state.peers[peer].id
    guard let format = self.world[id].connection.transceiverInfo(playing.transceiver)?.sendCodec?.format,
      format != .jpeg
    else { return }
    let ledger = self.frameLedger(of: playing.track, from: peer)
    let index = self.state.frames[ledger].sent.count
    let isKeyFrame = format.kind == .audio || playing.isProbe || index % 8 == 0
    let frame = Frame.bytes(
      Payload(source: playing.track, sender: peer, index: index), size: playing.size, format: format, isKeyFrame: isKeyFrame)
    let ticks = playing.interval.nanoseconds * UInt64(format.clockRate) / 1_000_000_000
    let timestamp = playing.timestamp &+ UInt32(truncatingIfNeeded: ticks)
    self.state.peers[peer].playing[place].timestamp = timestamp
    do throws(FrameSendError) {
      try self.world[id].sendFrame(frame.span, FrameTiming(timestamp: timestamp), on: playing.transceiver, now: self.now)
    } catch {
      switch error {
      case .notConnected, .notNegotiated, .wouldBlock: return
      // Audio frames go into one packet each.
      case .tooLarge where playing.size > 8000 || format.kind == .audio && self.hasKnob([.rtpPacket], peer): return
      default: self.fail(.wrongRefusal, peer: peer, "a frame of \(format), \(frame.count) bytes: \(error)")
      }
      return
    }
    self.state.frames[ledger].sent.append(
      .init(size: playing.size, format: format, isKeyFrame: isKeyFrame, isProbe: playing.isProbe))
  }

  // MARK: Receiving

  func pullFrames(_ peer: Int) {
    let id = self.state.peers[peer].id
    var count = 0
    while self.violation == nil, let size = self.world[id].connection.nextFrameSize {
      var bytes = [UInt8](repeating: 0, count: size)
      var writer = SpanWriter(bytes.mutableSpan)
      guard let (transceiver, frame) = self.world[id].receiveFrame(into: &writer) else {
        self.fail(.frameCorrupt, peer: peer, "a frame of \(size) bytes was announced and did not come")
        return
      }
      self.state.framesDelivered += 1
      self.check(Array(bytes[..<frame.size]), frame, on: transceiver, peer)
      count += 1
      if count > Self.pollLimit { self.fail(.endlessPoll, peer: peer, "frames") }
    }
  }

  private func check(_ bytes: [UInt8], _ frame: ReceivedFrame, on transceiver: Transceiver, _ peer: Int) {
    guard let other = self.state.peers[peer].other, let name = Frame.name(in: bytes, format: frame.format),
      let place = self.state.frames.firstIndex(where: { $0.track == name.source && $0.sender == name.sender }),
      name.sender == other, self.state.frames[place].sent.indices.contains(name.index)
    else {
      self.fail(.frameCorrupt, peer: peer, "\(bytes.count) bytes of \(frame.format) that nobody sent")
      return
    }
    let sent = self.state.frames[place].sent[name.index]
    let expected = Frame.bytes(name, size: sent.size, format: sent.format, isKeyFrame: sent.isKeyFrame)
    guard expected == bytes, sent.format == frame.format, sent.isKeyFrame == frame.isKeyFrame else {
      self.fail(.frameCorrupt, peer: peer, "frame \(name.index) of track \(name.source), \(frame.format): \(bytes.count) bytes of \(expected.count)")
      return
    }
    guard !sent.isDelivered else {
      self.fail(.frameTwice, peer: peer, "frame \(name.index) of track \(name.source)")
      return
    }
    self.state.frames[place].sent[name.index].isDelivered = true
    self.state.frames[place].delivered += 1
    self.checkOrder(name, ssrc: frame.ssrc, peer)
  }

  private func checkOrder(_ name: Payload, ssrc: UInt32, _ peer: Int) {
    if let place = self.state.peers[peer].arrivals.firstIndex(where: { $0.ssrc == ssrc && $0.source == name.source }) {
      let last = self.state.peers[peer].arrivals[place].index
      if last >= name.index { self.fail(.frameOutOfOrder, peer: peer, "frame \(name.index) of track \(name.source) after \(last)") }
      self.state.peers[peer].arrivals[place].index = name.index
    } else {
      self.state.peers[peer].arrivals.append(ArrivalOrder(ssrc: ssrc, source: name.source, index: name.index))
    }
  }
}

extension TrackPlan.Format {
  var codec: CodecFormat {
    switch self {
    case .opus: .opus
    case .pcmu: .pcmu
    case .vp8: .vp8
    case .h264: .h264
    }
  }
}

extension TrackPlan.Direction {
  var value: MediaDirection {
    switch self {
    case .sendrecv: .sendrecv
    case .sendonly: .sendonly
    case .recvonly: .recvonly
    case .inactive: .inactive
    }
  }
}
