import Bytes
import ICE
import SDP
import Simulator
import Time
import WebRTC

/// The owners' signalling: descriptions and candidates, in order, late as the scenario says. Offers that cross are settled as in
/// W3C's "perfect negotiation".
extension Run {
  /// Candidates to nowhere (RFC 5737 addresses), and lines that are none.
  static let bogusCandidates = [
    "candidate:1 1 udp 2130706431 192.0.2.77 9 typ host",
    "candidate:2 1 udp 1694498815 198.51.100.7 40000 typ srflx raddr 0.0.0.0 rport 0",
    "candidate:3 1 tcp 2105458943 192.0.2.77 9 typ host tcptype active",
    "candidate:4 1 udp 2130706431 6a1f0c1e-6c44-4f2b-8c1a-0d7b8d1a2b3c.local 50000 typ host",
    "candidate:5 1 udp 99999999999999999999 nowhere 70000 typ",
    "",
  ]

  func send(_ kind: Signal.Kind, _ bytes: [UInt8] = [], from peer: Int) {
    guard let other = self.state.peers[peer].other, let pair = self.state.peers[peer].pair else { return }
    let plan = self.state.pairs[pair].plan
    var delay = plan.signalingDelay
    if kind == .candidate || kind == .endOfCandidates { delay += plan.candidateDelay }
    self.state.agenda.add(
      .signal(to: other, Signal(kind: kind, bytes: bytes)), at: self.now + .milliseconds(UInt32(clamping: delay)))
  }

  func sendCandidate(_ bytes: [UInt8], from peer: Int) {
    self.send(.candidate, bytes, from: peer)
    if let pair = self.state.peers[peer].pair, self.state.pairs[pair].plan.repeatsCandidates {
      self.send(.candidate, bytes, from: peer)
    }
  }

  // MARK: Offers and answers

  /// Makes an offer where the signalling state allows one.
  func negotiate(_ peer: Int) {
    guard !self.state.peers[peer].isOver, let pair = self.state.peers[peer].pair else { return }
    self.state.pairs[pair].isStarted = true
    let signaling = self.world[self.state.peers[peer].id].connection.signalingState
    guard signaling == .stable || signaling == .haveLocalOffer && self.state.peers[peer].wasRefused else { return }
    if self.state.peers[peer].trickle != .full, !self.state.peers[peer].isGathered {
      self.state.peers[peer].wantsOffer = true
      return
    }
    self.state.peers[peer].wantsOffer = false
    self.state.peers[peer].wasRefused = false
    var text = [UInt8](repeating: 0, count: 65_536)
    var writer = SpanWriter(text.mutableSpan)
    do throws(PeerConnection.UsageError) {
      try self.world[self.state.peers[peer].id].makeOffer(into: &writer, now: self.now)
    } catch {
      // Nothing to offer, for one.
      if error != .configuration { self.fail(.signalingStuck, peer: peer, "makeOffer: \(error)") }
      return
    }
    let count = writer.count
    self.noteDescribed(peer)
    self.send(.offer, Array(text[..<count]), from: peer)
  }

  func answer(_ peer: Int) {
    if self.state.peers[peer].trickle == .none, !self.state.peers[peer].isGathered {
      self.state.peers[peer].owesAnswer = true
      return
    }
    self.state.peers[peer].owesAnswer = false
    guard self.world[self.state.peers[peer].id].connection.signalingState == .haveRemoteOffer else { return }
    var text = [UInt8](repeating: 0, count: 65_536)
    var writer = SpanWriter(text.mutableSpan)
    do throws(PeerConnection.UsageError) {
      try self.world[self.state.peers[peer].id].makeAnswer(into: &writer, now: self.now)
    } catch {
      if error != .closed { self.fail(.signalingStuck, peer: peer, "makeAnswer: \(error)") }
      return
    }
    let count = writer.count
    self.noteDescribed(peer)
    self.send(.answer, Array(text[..<count]), from: peer)
  }

  private func noteDescribed(_ peer: Int) {
    guard !self.state.peers[peer].isDescribed else { return }
    self.state.peers[peer].isDescribed = true
    guard let pair = self.state.peers[peer].pair, self.state.pairs[pair].plan.addsBogusCandidates else { return }
    for text in Self.bogusCandidates { self.sendCandidate(Array(text.utf8), from: peer) }
  }

  // MARK: Arrivals

  func take(_ signal: Signal, by peer: Int) {
    if self.isAsleep(peer, retry: .signal(to: peer, signal)) { return }
    guard !self.state.peers[peer].isOver else { return }
    switch signal.kind {
    case .offer: self.takeOffer(signal.bytes, by: peer)
    case .answer: self.takeAnswer(signal.bytes, by: peer)
    case .refusal: self.state.peers[peer].wasRefused = true
    case .candidate, .endOfCandidates: self.takeCandidate(signal, by: peer)
    }
  }

  private func takeOffer(_ text: [UInt8], by peer: Int) {
    let id = self.state.peers[peer].id
    let signaling = self.world[id].connection.signalingState
    if signaling == .haveLocalOffer, !self.state.peers[peer].isPolite, !self.state.peers[peer].wasRefused { return }
    do throws(PeerConnection.DescriptionError) {
      try self.world[id].setRemoteDescription(.offer, text.span, now: self.now)
    } catch {
      self.refuse(error, peer)
      return
    }
    self.state.peers[peer].wantsOffer = false
    self.state.peers[peer].wasRefused = false
    if let pair = self.state.peers[peer].pair { self.state.pairs[pair].isStarted = true }
    self.state.peers[peer].hasRemote = true
    self.releaseCandidates(of: peer)
    self.answer(peer)
  }

  /// There may be nothing that both sides want; everything else that a peer of ours offers has to be taken.
  private func refuse(_ error: PeerConnection.DescriptionError, _ peer: Int) {
    if case .malformed(let reason) = error, reason.reason == .nothingInCommon || reason.reason == .sectionRejected {
      self.send(.refusal, from: peer)
      return
    }
    if case .usage(.closed) = error { return }
    self.fail(.signalingStuck, peer: peer, "an offer was refused: \(error)")
  }

  private func takeAnswer(_ text: [UInt8], by peer: Int) {
    do throws(PeerConnection.DescriptionError) {
      try self.world[self.state.peers[peer].id].setRemoteDescription(.answer, text.span, now: self.now)
    } catch {
      if case .usage(.closed) = error { return }
      self.fail(.signalingStuck, peer: peer, "an answer was refused: \(error)")
      return
    }
    self.state.peers[peer].hasRemote = true
    self.releaseCandidates(of: peer)
  }

  /// Candidates may overtake the description that they belong to; owners keep them.
  private func takeCandidate(_ signal: Signal, by peer: Int) {
    let id = self.state.peers[peer].id
    do throws(PeerConnection.UsageError) {
      if signal.kind == .candidate {
        try self.world[id].addRemoteCandidate(signal.bytes.span, now: self.now)
      } else {
        try self.world[id].remoteCandidatesComplete(now: self.now)
      }
    } catch {
      switch error {
      case .wrongState: self.state.peers[peer].heldCandidates.append(signal)
      case .closed: break
      default: self.fail(.wrongRefusal, peer: peer, "a candidate: \(error)")
      }
    }
  }

  private func releaseCandidates(of peer: Int) {
    let held = self.state.peers[peer].heldCandidates
    self.state.peers[peer].heldCandidates = []
    for signal in held { self.takeCandidate(signal, by: peer) }
  }

  // MARK: Events

  func noteCandidate(_ candidate: ICE.Candidate, of peer: Int) {
    guard self.state.peers[peer].isDescribed else { return }
    var text = [UInt8](repeating: 0, count: 256)
    var writer = SpanWriter(text.mutableSpan)
    candidate.write(into: &writer)
    let count = writer.count
    self.sendCandidate(Array(text[..<count]), from: peer)
  }

  func noteGathered(_ peer: Int) {
    self.state.peers[peer].isGathered = true
    if self.state.peers[peer].isDescribed { self.send(.endOfCandidates, from: peer) }
    if self.state.peers[peer].wantsOffer { self.negotiate(peer) }
    if self.state.peers[peer].owesAnswer { self.answer(peer) }
  }

  func restartICE(_ peer: Int) {
    guard !self.state.peers[peer].isOver else { return }
    let id = self.state.peers[peer].id
    guard self.world[id].connection.signalingState == .stable else { return }
    do throws(PeerConnection.UsageError) { try self.world[id].restartICE(now: self.now) } catch {
      self.fail(.wrongRefusal, peer: peer, "restartICE: \(error)")
      return
    }
    self.state.peers[peer].isGathered = false
    self.negotiate(peer)
  }
}
