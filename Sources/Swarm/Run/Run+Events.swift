import Bytes
import ICE
import Simulator
import Time
import WebRTC

/// What peers tell and what they hand over.
extension Run {
  static let pollLimit = 20_000

  func settleAll() {
    for peer in self.state.peers.indices { self.settle(peer) }
  }

  /// Takes everything that a peer has for its owner.
  func settle(_ peer: Int) {
    guard self.violation == nil, !self.isSuspended(peer) else { return }
    self.pullEvents(peer)
    self.pullMessages(peer)
    self.pullFrames(peer)
    self.noteStreams(of: peer)
    self.noteEnd(of: peer)
  }

  func pullEvents(_ peer: Int) {
    let id = self.state.peers[peer].id
    var count = 0
    while let event = self.world[id].pollEvent() {
      self.heed(event, of: peer)
      count += 1
      if count > Self.pollLimit {
        self.fail(.endlessPoll, peer: peer, "events, the last one: \(event)")
        return
      }
    }
  }

  private func heed(_ event: PeerConnection.Event, of peer: Int) {
    switch event {
    case .localCandidate(let candidate): self.noteCandidate(candidate, of: peer)
    case .gatheringComplete: self.noteGathered(peer)
    case .negotiationNeeded:
      if let pair = self.state.peers[peer].pair, self.state.pairs[pair].isStarted { self.negotiate(peer) }
    case .channelOpened(let channel, let isRemote): self.noteOpened(channel, isRemote: isRemote, peer)
    case .channelClosed(let channel): self.noteClosed(channel, peer)
    case .bufferedAmountLow(let channel): self.checkLow(channel, peer)
    case .writable:
      self.state.peers[peer].isBlocked = false
      self.workOffBacklog(peer)
    case .dataChannelsConnected: self.workOffBacklog(peer)
    case .connectionStateChanged(let state): self.noteState(state, peer)
    case .iceStateChanged(let state):
      if state == .disconnected { self.noteDisconnect(peer) }
    case .failed(let reason): self.noteFailure(reason, peer)
    case .keyFrameRequested: break
    default: break
    }
  }

  // MARK: States

  private func noteState(_ state: ConnectionState, _ peer: Int) {
    // Events tell what was before, so the state itself is asked.
    let present = self.world[self.state.peers[peer].id].connection.connectionState
    if self.state.peers[peer].closedByOwner, present != .closed {
      self.fail(.stateImpossible, peer: peer, "\(present) after close")
    }
    if state == .connected { self.state.peers[peer].wasConnected = true }
  }

  /// From the instant on at which the end shows nothing may be sent.
  private func noteEnd(of peer: Int) {
    guard self.state.peers[peer].endedAt == nil else { return }
    let id = self.state.peers[peer].id
    let state = self.world[id].connection.connectionState
    let reason = self.world[id].connection.failureReason
    if state == .closed || state == .failed && reason != nil && reason != .ice { self.state.peers[peer].endedAt = self.now }
  }

  func noteTransmit(_ peer: Int, _ path: Transmit, _ bytes: Span<UInt8>) {
    guard self.violation == nil, self.state.peers.indices.contains(peer) else { return }
    self.checkConsent(peer, path, bytes)
    if let end = self.state.peers[peer].endedAt, end < self.now {
      self.fail(.transmitAfterEnd, peer: peer, "\(bytes.count) bytes, \(self.now - end) after the end")
    }
    let violation = self.state.peers[peer].watch.transmit(bytes, controlTag: self.controlTag(of: peer))
    self.fail(violation, peer: peer)
  }

  private func checkConsent(_ peer: Int, _ path: Transmit, _ bytes: Span<UInt8>) {
    guard bytes.count > 1 else { return }
    if bytes[0] > 3 {
      let patience = self.state.peers[peer].plan.knobs.first { $0.name == .consentTimeout }?.value ?? 30_000
      let limit = (self.state.peers[peer].heardAt ?? self.start) + .milliseconds(UInt32(clamping: patience + 1))
      if self.now > limit { self.fail(.transmitWithoutConsent, peer: peer, "\(bytes.count) bytes, nothing heard for \(patience) ms") }
    } else if bytes[0] == 0, bytes[1] == 1, Self.isElsewhere(path.destination), !self.state.peers[peer].wasReplayedElsewhere {
      self.fail(.forgeryBelieved, peer: peer, "a check to port \(path.destination.port) of the attacker")
    }
  }

  /// What stands behind the SRTCP index: AEAD has its tag before it (RFC 7714 section 9.2).
  private func controlTag(of peer: Int) -> Int {
    let other = self.state.peers[peer].other ?? peer
    let isOld = [peer, other].contains { self.state.peers[$0].plan.knobs.contains { $0.name == .srtpProfile } }
    return isOld ? 10 : 0
  }

  func noteDelivery(_ peer: Int, _ path: Transmit, _ bytes: Span<UInt8>) {
    guard self.state.peers.indices.contains(peer) else { return }
    self.state.peers[peer].heardAt = self.now
    guard self.capturesDatagrams else { return }
    var copy: [UInt8] = []
    copy.reserveCapacity(bytes.count)
    for index in 0..<bytes.count { copy.append(bytes[index]) }
    let captured = Captured(bytes: copy, path: path)
    if self.state.peers[peer].captured.count < 48 {
      self.state.peers[peer].captured.append(captured)
    } else {
      self.state.peers[peer].captured[self.state.peers[peer].captureCount % 48] = captured
    }
    self.state.peers[peer].captureCount += 1
  }

  /// A path that only loses what any path may lose must not count as lost.
  private func noteDisconnect(_ peer: Int) {
    self.state.peers[peer].disconnects += 1
    guard let pair = self.state.peers[peer].pair, let other = self.state.peers[peer].other else { return }
    let (faults, last) = (self.state.pairs[pair].faults, self.state.pairs[pair].lastFault)
    guard faults == 0, !self.state.peers[other].isOver, self.now > last + .seconds(6) else { return }
    self.fail(.falseDisconnect, peer: peer, "the path has been without fault for \(self.seconds(since: last)) s")
  }

  func seconds(since instant: Instant) -> Double { Double((self.now - max(instant, self.start)).nanoseconds) / 1e9 }

  private func noteFailure(_ reason: FailureReason, _ peer: Int) {
    self.state.peers[peer].failures.append(reason)
    guard let pair = self.state.peers[peer].pair, let other = self.state.peers[peer].other else { return }
    let entry = self.state.pairs[pair]
    let isClean = entry.faults == 0
    let quiet = isClean ? self.seconds(since: entry.lastFault) : 0
    switch reason {
    case .ice:
      // Addresses that were asked of a server in an outage are asked again by a restart.
      if entry.restarts == 0, [peer, other].allSatisfy({ self.state.hosts[self.state.peers[$0].plan.host].plan.nat != nil }) { return }
      guard entry.isReachable, isClean, quiet > 36, !self.state.peers[other].isOver, self.isAnswered(pair) else { return }
    case .dtls(.timedOut):
      guard isClean, quiet > 40, !self.state.peers[other].isOver else { return }
    case .sctp(.connectTimeout), .sctp(.retransmissionsExceeded):
      // SCTP is more patient than ICE, which watches the path.
      if self.state.peers[other].isOver { return }
    case .dtls:
      guard !entry.isCorrupting, !self.state.peers[other].isOver else { return }
    default:
      break
    }
    self.fail(.failedWithoutCause, peer: peer, "\(reason); without fault for \(quiet) s")
  }

  /// Both sides have had the time to know each other's descriptions.
  private func isAnswered(_ pair: Int) -> Bool {
    let plan = self.state.pairs[pair].plan
    return self.state.peers[plan.offerer].isDescribed && self.state.peers[plan.answerer].isDescribed
      && !self.state.agenda.hasSignals(to: [plan.offerer, plan.answerer])
  }
}
