import ICE
import Simulator
import Time
import WebRTC

/// The faults end; everything has to come right by itself, and by what any owner would do: an ICE restart where consent was lost, an
/// offer where one is needed.
extension Run {
  func heal() {
    guard self.state.phase == .active else { return }
    for host in self.state.hosts.indices {
      let id = self.state.hosts[host].id
      self.state.hosts[host].access = self.state.hosts[host].access.healed
      self.world.setCondition(of: id, up: self.state.hosts[host].access.up, down: self.state.hosts[host].access.down)
    }
    self.world.heal()
    self.state.phase = .healing
    for host in self.state.hosts.indices {
      self.resume(host)
      self.report(host)
    }
    for pair in self.state.pairs.indices {
      if self.state.pairs[pair].faults > 0 { self.state.pairs[pair].lastFault = max(self.state.pairs[pair].lastFault, self.now) }
      self.state.pairs[pair].faults = 0
    }
    for peer in self.state.peers.indices where !self.state.peers[peer].isOver { self.setPull(0, peer) }
    self.state.healedAt = self.now
    self.state.agenda.add(.tick, at: self.now)
  }

  /// Ten times a second of virtual time: helps where an owner would, and looks whether everything is well.
  func tick() {
    if self.state.phase == .quiet {
      if self.now >= self.state.quietUntil { self.finish() }
    } else {
      self.settleAll()
      for pair in self.state.pairs.indices where self.violation == nil { self.nurse(pair) }
      if self.state.phase == .probing { self.probeAgain() }
      self.proceed()
    }
    guard self.state.phase != .done, self.violation == nil else { return }
    self.state.agenda.add(.tick, at: self.now + .milliseconds(100))
  }

  private func proceed() {
    var ailment: (pair: Int, what: String)?
    for pair in self.state.pairs.indices where ailment == nil { self.ailment(of: pair).map { ailment = (pair, $0) } }
    if let ailment {
      guard self.now > self.state.healedAt + Self.healingLimit else { return }
      self.fail(self.state.phase == .probing ? .mediaNotFlowing : .notConverged, peer: self.state.pairs[ailment.pair].plan.offerer, ailment.what)
    } else if self.state.phase == .healing {
      self.state.phase = .probing
      self.state.probesAfter = self.now + .seconds(2)
      for pair in self.state.pairs.indices { self.probe(pair) }
    } else {
      self.state.phase = .quiet
      let isLong = self.state.random.next(below: 10) == 0
      self.state.quietUntil = self.now + .milliseconds(isLong ? 40_000 : 1500)
    }
  }

  // MARK: Helping

  private func nurse(_ index: Int) {
    let pair = self.state.pairs[index]
    let (a, b) = (pair.plan.offerer, pair.plan.answerer)
    guard pair.isReachable, !self.state.peers[a].isOver, !self.state.peers[b].isOver else { return }
    if !pair.isStarted { return self.negotiate(a) }
    for peer in [a, b] where self.state.peers[peer].wasRefused { self.offerAnew(index, peer) }
    guard self.isStable(a), self.isStable(b), !self.state.agenda.hasSignals(to: [a, b]) else { return }
    if !self.state.peers[a].hasRemote { return self.negotiate(a) }
    let isFailed = [a, b].contains { self.world[self.state.peers[$0].id].connection.iceState == .failed }
    if isFailed, self.now > pair.restartsAfter {
      self.state.pairs[index].restarts += 1
      self.state.pairs[index].restartsAfter = self.now + .seconds(5)
      if self.state.pairs[index].restarts > 3 {
        self.fail(.notConverged, peer: a, "ICE failed again after \(pair.restarts) restarts")
      }
      return self.restartICE(a)
    }
    for peer in [a, b] where self.world[self.state.peers[peer].id].connection.isNegotiationNeeded { return self.negotiate(peer) }
  }

  /// An offer that had nothing for the other side: a data channel gives both something in common.
  private func offerAnew(_ index: Int, _ peer: Int) {
    if self.state.pairs[index].probeChannel == nil {
      self.state.pairs[index].probeChannel = self.state.nextChannel
      self.open(self.state.nextChannel, ChannelPlan(), peer)
      self.state.nextChannel += 1
    }
    self.negotiate(peer)
  }

  private func isStable(_ peer: Int) -> Bool { self.world[self.state.peers[peer].id].connection.signalingState == .stable }

  // MARK: Probing

  /// New traffic on everything that is there.
  private func probe(_ index: Int) {
    let pair = self.state.pairs[index]
    let (a, b) = (pair.plan.offerer, pair.plan.answerer)
    guard pair.isReachable, !self.state.peers[a].isOver, !self.state.peers[b].isOver else { return }
    self.state.pairs[index].isProbed = true
    if pair.probeChannel == nil {
      self.state.pairs[index].probeChannel = self.state.nextChannel
      self.open(self.state.nextChannel, ChannelPlan(), a)
      self.state.nextChannel += 1
    }
    for peer in [a, b] {
      for channel in self.state.peers[peer].channels where channel.isOpen {
        self.probe(channel, of: peer)
      }
      self.probeTracks(of: peer)
    }
  }

  /// Frames that were lost are not sent again: a side that has not yet found out that its path died sends into the void.
  private func probeAgain() {
    guard self.now > self.state.probesAfter else { return }
    self.state.probesAfter = self.now + .seconds(2)
    for pair in self.state.pairs.indices where self.state.pairs[pair].isProbed {
      let (a, b) = (self.state.pairs[pair].plan.offerer, self.state.pairs[pair].plan.answerer)
      for (peer, other) in [(a, b), (b, a)] {
        if self.frameAilment(peer, other) != nil { self.probeTracks(of: peer) }
        for ledger in self.state.messages where ledger.sender == peer && !ledger.isReliable && !ledger.areProbesComplete {
          if let slot = self.slot(of: ledger.channel, peer) { self.probe(self.state.peers[peer].channels[slot], of: peer) }
        }
      }
    }
  }

  private func probe(_ channel: ChannelState, of peer: Int) {
    // Lifetimes may end before the congestion window opens.
    if (channel.plan.maximumLifetime ?? .max) >= 1000, channel.plan.negotiatedID == nil {
      let ledger = self.ledger(of: channel.number, from: peer, channel.plan)
      self.state.messages[ledger].expectProbes()
    }
    self.queue(Backlog(channel: channel.number, count: 2, size: 300, isText: false), peer)
  }

  private func probeTracks(of peer: Int) {
    let id = self.state.peers[peer].id
    for index in 0..<self.world[id].connection.transceiverCount {
      let transceiver = Transceiver(index: index)
      guard let info = self.world[id].connection.transceiverInfo(transceiver), info.sendCodec != nil, !info.isStopped,
        info.sendCodec?.format != .jpeg
      else { continue }
      self.play(
        Playing(
          track: 12_000 + index, transceiver: transceiver, left: 12, size: 100, interval: .milliseconds(50), next: self.now,
          timestamp: self.state.random.nextWord(), isProbe: true), peer)
    }
  }

  // MARK: The end

  private func finish() {
    for pair in self.state.pairs.indices where self.violation == nil {
      guard let ailment = self.ailment(of: pair) else { continue }
      // A better pair may just be taking over, or a stream being reset.
      self.state.extensions += 1
      if self.state.extensions > 10 {
        self.fail(.notConverged, peer: self.state.pairs[pair].plan.offerer, "fell ill again: \(ailment)")
      }
      // Where one side has just ended the other finds out by its silence.
      let plan = self.state.pairs[pair].plan
      let isEnding = self.state.peers[plan.offerer].isOver || self.state.peers[plan.answerer].isOver
      self.state.quietUntil = self.now + .seconds(isEnding ? 10 : 1)
      return
    }
    self.checkCounters()
    for pair in self.state.pairs.indices where self.state.pairs[pair].isProbed {
      let plan = self.state.pairs[pair].plan
      self.checkRollOver(plan.offerer, plan.answerer)
      self.checkRollOver(plan.answerer, plan.offerer)
    }
    self.state.phase = .done
  }

  /// The receiver counts the roll-overs of a stream's sequence numbers as the sender does (RFC 3711 section 3.3.1).
  private func checkRollOver(_ sender: Int, _ receiver: Int) {
    guard !self.state.peers[sender].isOver, !self.state.peers[receiver].isOver else { return }
    let sent = self.world[self.state.peers[sender].id].connection.sentMediaIndices
    for theirs in self.world[self.state.peers[receiver].id].connection.receivedMediaIndices {
      guard let own = sent.first(where: { $0.ssrc == theirs.ssrc }) else {
        self.fail(.rollOverDisagreement, peer: receiver, "SSRC \(theirs.ssrc) is received and was never sent")
        continue
      }
      guard theirs.highest <= own.highest, own.highest - theirs.highest < 0x8000 else {
        self.fail(.rollOverDisagreement, peer: receiver, "SSRC \(theirs.ssrc): \(theirs.highest), and \(own.highest) was sent")
        continue
      }
    }
  }
}
