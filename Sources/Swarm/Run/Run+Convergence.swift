import ICE
import Simulator
import Time
import WebRTC

/// When everything is well.
extension Run {
  /// What still ails a pair; nil: nothing.
  func ailment(of index: Int) -> String? {
    let pair = self.state.pairs[index]
    let (a, b) = (pair.plan.offerer, pair.plan.answerer)
    if self.state.peers[a].isOver || self.state.peers[b].isOver { return self.isOver(a) && self.isOver(b) ? nil : self.states(a, b) }
    guard pair.isReachable else { return nil }
    if let text = self.connectionAilment(a, b) { return text }
    if let text = self.signalingAilment(a) ?? self.signalingAilment(b) { return text }
    if let text = self.pathAilment(a, b) { return text }
    if let text = self.channelAilment(a, b) ?? self.channelAilment(b, a) { return text }
    return self.messageAilment(a, b) ?? self.messageAilment(b, a) ?? self.frameAilment(a, b) ?? self.frameAilment(b, a)
  }

  /// Once one side has ended the other has to end, or has to have known of nothing.
  private func isOver(_ peer: Int) -> Bool {
    if self.state.peers[peer].isOver { return true }
    let id = self.state.peers[peer].id
    let state = self.world[id].connection.connectionState
    // One that began anew waits for an answer that nobody gives.
    let isWaiting = self.world[id].connection.signalingState == .haveLocalOffer
    return state == .failed || state == .closed || !self.state.peers[peer].hasRemote || isWaiting
  }

  private func states(_ a: Int, _ b: Int) -> String {
    let (first, second) = (self.state.peers[a].id, self.state.peers[b].id)
    return "connections \(self.world[first].connection.connectionState) and \(self.world[second].connection.connectionState), ICE "
      + "\(self.world[first].connection.iceState) and \(self.world[second].connection.iceState)"
  }

  private func connectionAilment(_ a: Int, _ b: Int) -> String? {
    for peer in [a, b] {
      let id = self.state.peers[peer].id
      let ice = self.world[id].connection.iceState
      guard self.world[id].connection.connectionState == .connected, ice == .connected || ice == .completed else {
        return self.states(a, b)
      }
    }
    return nil
  }

  private func signalingAilment(_ peer: Int) -> String? {
    let id = self.state.peers[peer].id
    if self.world[id].connection.signalingState != .stable { return "signalling of peer \(peer) is \(self.world[id].connection.signalingState)" }
    return self.world[id].connection.isNegotiationNeeded ? "peer \(peer) needs negotiation" : nil
  }

  /// Both ends use one pair, seen from either side.
  private func pathAilment(_ a: Int, _ b: Int) -> String? {
    guard let first = self.world[self.state.peers[a].id].connection.statistics.selectedPair,
      let second = self.world[self.state.peers[b].id].connection.statistics.selectedPair
    else { return "no selected pair" }
    // A NAT between them gives one address two names.
    let hosts = [a, b].map { self.state.hosts[self.state.peers[$0].plan.host] }
    guard first.local.ip.isV6 || hosts.allSatisfy({ $0.plan.nat == nil }) else { return nil }
    return first.local == second.remote && first.remote == second.local
      ? nil : "peers \(a) and \(b) use different pairs: \(first), \(second)"
  }

  private func channelAilment(_ peer: Int, _ other: Int) -> String? {
    for channel in self.state.peers[peer].channels where self.slot(of: channel.number, peer).map({ self.state.peers[peer].channels[$0].handle }) == channel.handle {
      let theirs = self.slot(of: channel.number, other).map { self.state.peers[other].channels[$0] }
      if channel.isClosed {
        if let theirs, !theirs.isClosed, theirs.plan.negotiatedID == nil { return "channel \(channel.number) is closed at \(peer) and not at \(other)" }
        continue
      }
      // What was opened by agreement and never by the other side has nobody who would close it.
      if channel.plan.negotiatedID != nil, theirs == nil || theirs?.isClosed == true || theirs?.closedByOwner == true { continue }
      // A reset that came before the other side had opened the channel found nobody to answer it.
      if channel.plan.negotiatedID != nil, channel.closedByOwner { continue }
      if channel.closedByOwner { return "channel \(channel.number) is still closing at \(peer)" }
      guard channel.openedAt != nil else { return "channel \(channel.number) has not opened at \(peer)" }
      guard let theirs else { return "channel \(channel.number) of \(peer) is unknown at \(other)" }
      if theirs.streamID != channel.streamID { return "channel \(channel.number) has streams \(String(describing: channel.streamID)) and \(String(describing: theirs.streamID))" }
      let amount = self.world[self.state.peers[peer].id].connection.bufferedAmount(of: channel.handle)
      if amount > 0 { return "\(amount) bytes wait on channel \(channel.number) at \(peer)" }
    }
    return nil
  }

  private func messageAilment(_ sender: Int, _ receiver: Int) -> String? {
    // What waits for a channel that never opened does not count.
    for entry in self.state.peers[sender].backlog {
      if let slot = self.slot(of: entry.channel, sender), self.state.peers[sender].channels[slot].isOpen,
        self.state.peers[sender].channels[slot].plan.negotiatedID == nil
      {
        return "\(entry.count) messages of \(entry.size) wait on channel \(entry.channel) at \(sender)"
      }
    }
    for ledger in self.state.messages where ledger.sender == sender && !(ledger.isComplete && ledger.areProbesComplete) {
      guard let slot = self.slot(of: ledger.channel, receiver), let own = self.slot(of: ledger.channel, sender) else { continue }
      let theirs = self.state.peers[receiver].channels[slot]
      // The end of a channel by its receiver's wish is the end of what was on its way.
      if theirs.closedByOwner || self.state.peers[sender].channels[own].isClosed && !self.state.peers[sender].channels[own].closedByOwner { continue }
      return "\(ledger.delivered) of \(ledger.sent.count) messages on channel \(ledger.channel) came from \(sender) to \(receiver)"
    }
    return nil
  }

  /// Once one has come all that follow it come.
  private func isFlowing(_ ledger: FrameLedger, upTo last: Int) -> Bool {
    guard let first = ledger.sent.firstIndex(where: { $0.isProbe && $0.isDelivered }) else { return false }
    // The latest run of probes decides.
    let start = max(first, last - 5)
    return ledger.sent[start...last].allSatisfy(\.isDelivered)
  }

  /// Of the frames sent after healing some arrive, where the other side listens.
  func frameAilment(_ sender: Int, _ receiver: Int) -> String? {
    guard self.state.phase == .probing else { return nil }
    for ledger in self.state.frames where ledger.sender == sender && ledger.track >= 12_000 {
      guard let last = ledger.sent.lastIndex(where: \.isProbe), !self.isFlowing(ledger, upTo: last) else { continue }
      let info = self.world[self.state.peers[sender].id].connection.transceiverInfo(Transceiver(index: ledger.track - 12_000))
      guard let info, info.sendCodec != nil, !info.isStopped else { continue }
      return "none of \(ledger.sent.count) frames on section \(String(decoding: info.mid, as: UTF8.self)) came from \(sender) to \(receiver)"
    }
    return nil
  }
}
