import ICE
import Simulator
import Time
import WebRTC

/// The time line.
extension Run {
  func perform(_ item: Agenda.Item) {
    switch item {
    case .step(let index): self.perform(self.scenario.steps[index].action, retry: item)
    case .signal(let peer, let signal): self.take(signal, by: peer)
    case .pull(let peer): self.pullDue(peer)
    case .play(let peer): self.playDue(peer)
    case .endOutage(let host, let way): self.endOutage(host, way)
    case .endPartition(let number): self.endPartition(number)
    case .resume(let host): self.resume(host)
    case .report(let host): self.report(host)
    case .heal: self.heal()
    case .tick: self.tick()
    case .fork: self.isForkDue = true
    }
  }

  private func perform(_ action: Action, retry: Agenda.Item) {
    guard let peer = action.peer else { return self.inflict(action) }
    guard self.state.peers.indices.contains(peer), !self.isAsleep(peer, retry: retry) else { return }
    switch action {
    case .negotiate: self.negotiate(peer)
    case .open(_, let channel, let plan): self.open(channel, plan, peer)
    case .closeChannel(_, let channel): self.closeChannel(channel, peer)
    case .send(_, let channel, let count, let size, let isText):
      self.queue(Backlog(channel: channel, count: count, size: size, isText: isText), peer)
    case .threshold(_, let channel, let bytes): self.setThreshold(bytes, of: channel, peer)
    case .pull(_, let interval):
      // Readers that slept through the faults are not to be slow after them.
      if self.state.phase == .active { self.setPull(interval, peer) }
    case .addTrack(_, let track, let plan): self.addTrack(track, plan, peer)
    case .play(_, let track, let count, let size, let interval): self.play(track, count: count, size: size, interval: interval, peer)
    case .setDirection(_, let track, let direction): self.setDirection(direction, of: track, peer)
    case .stopTrack(_, let track): self.stopTrack(track, peer)
    case .requestKeyFrame(_, let track): self.requestKeyFrame(of: track, peer)
    case .restartICE:
      // Only what was begun can be begun anew.
      if self.state.peers[peer].isDescribed { self.restartICE(peer) }
    case .close: self.close(peer)
    case .misuse(_, let kind): self.misuse(kind, peer)
    case .candidate(_, let kind): self.addCandidate(kind, peer)
    case .inject(_, let kind, let count): self.inject(kind, count: count, peer)
    default: break
    }
  }

  func isSuspended(_ peer: Int) -> Bool { self.state.hosts[self.state.peers[peer].plan.host].resumesAt != nil }

  /// The owner sleeps with the host: what it was about to do waits.
  func isAsleep(_ peer: Int, retry: Agenda.Item) -> Bool {
    let host = self.state.peers[peer].plan.host
    guard self.state.hosts[host].resumesAt != nil else { return false }
    self.state.hosts[host].held.append(retry)
    return true
  }

  private func close(_ peer: Int) {
    guard !self.state.peers[peer].closedByOwner else { return }
    self.world[self.state.peers[peer].id].close(now: self.now)
    self.state.peers[peer].closedByOwner = true
    self.state.peers[peer].endedAt = self.state.peers[peer].endedAt ?? self.now
    self.state.peers[peer].backlog = []
    self.state.peers[peer].playing = []
    let state = self.world[self.state.peers[peer].id].connection.connectionState
    if state != .closed { self.fail(.stateImpossible, peer: peer, "\(state) after close") }
    if self.world[self.state.peers[peer].id].connection.nextDeadline != nil {
      self.fail(.stateImpossible, peer: peer, "a deadline after close")
    }
  }

  private func addCandidate(_ kind: Action.CandidateKind, _ peer: Int) {
    switch kind {
    case .unreachable: self.take(Signal(kind: .candidate, bytes: Array(Self.bogusCandidates[0].utf8)), by: peer)
    case .tcp: self.take(Signal(kind: .candidate, bytes: Array(Self.bogusCandidates[2].utf8)), by: peer)
    case .mdns: self.take(Signal(kind: .candidate, bytes: Array(Self.bogusCandidates[3].utf8)), by: peer)
    case .malformed: self.take(Signal(kind: .candidate, bytes: Array(Self.bogusCandidates[4].utf8)), by: peer)
    case .end: self.take(Signal(kind: .endOfCandidates), by: peer)
    case .duplicate:
      guard let other = self.state.peers[peer].other, let ip = self.state.hosts[self.state.peers[other].plan.host].v4 else { return }
      let port = self.world.port(of: self.state.peers[other].id)
      let text = "candidate:9 1 udp 2130706431 \(ip.v4 >> 24).\(ip.v4 >> 16 & 255).\(ip.v4 >> 8 & 255).\(ip.v4 & 255) \(port) typ host"
      for _ in 0..<3 { self.take(Signal(kind: .candidate, bytes: Array(text.utf8)), by: peer) }
    }
  }
}

extension Action {
  /// The peer that is called; nil for a fault.
  var peer: Int? {
    switch self {
    case .negotiate(let peer), .open(let peer, _, _), .closeChannel(let peer, _), .send(let peer, _, _, _, _),
      .threshold(let peer, _, _), .pull(let peer, _), .addTrack(let peer, _, _), .play(let peer, _, _, _, _),
      .setDirection(let peer, _, _), .stopTrack(let peer, _), .requestKeyFrame(let peer, _), .restartICE(let peer),
      .close(let peer), .misuse(let peer, _), .candidate(let peer, _), .inject(let peer, _, _):
      peer
    case .condition, .outage, .partition, .roam, .suspend, .rebootNAT: nil
    }
  }
}
