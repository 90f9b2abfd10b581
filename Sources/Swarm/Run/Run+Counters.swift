import Simulator
import Time
import WebRTC

/// Statistics, as numbers that may only grow.
struct CounterList {
  static let names = [
    "datagramsReceived", "bytesReceived", "datagramsSent", "bytesSent", "ice.checksSent", "ice.consentChecksSent",
    "ice.responsesSent", "ice.requestsReceived", "ice.responsesReceived", "sctp.packetsSent", "sctp.packetsReceived",
    "sctp.messagesSent", "sctp.messagesReceived", "sctp.bytesSent", "sctp.bytesReceived", "sctp.retransmissions",
    "sctp.timeouts", "sctp.abandoned", "sctp.duplicates", "srtp.packetsProtected", "srtp.packetsUnprotected",
    "srtp.authenticationFailures", "rtp.packetsReceived", "rtp.controlPacketsSent", "rtp.controlPacketsReceived",
  ]
  var values: [UInt64]

  init(_ statistics: PeerConnection.Statistics) {
    let (counters, ice, sctp) = (statistics.counters, statistics.ice, statistics.sctp)
    self.values = [
      counters.datagramsReceived, counters.bytesReceived, counters.datagramsSent, counters.bytesSent, ice.checksSent,
      ice.consentChecksSent, ice.responsesSent, ice.requestsReceived, ice.responsesReceived, sctp.packetsSent,
      sctp.packetsReceived, sctp.messagesSent, sctp.messagesReceived, sctp.bytesSent, sctp.bytesReceived,
      sctp.retransmissions, sctp.timeouts, sctp.abandoned, sctp.duplicates, statistics.srtp?.packetsProtected ?? 0,
      statistics.srtp?.packetsUnprotected ?? 0, statistics.srtp?.authenticationFailures ?? 0,
      statistics.rtp?.packetsReceived ?? 0, statistics.rtp?.controlPacketsSent ?? 0,
      statistics.rtp?.controlPacketsReceived ?? 0,
    ]
  }
}

extension Run {
  /// Counts only grow, and say what was seen from outside.
  func checkCounters() {
    for peer in self.state.peers.indices where self.violation == nil { self.checkCounters(of: peer) }
    for peer in self.state.peers.indices where self.violation == nil { self.checkReplays(of: peer) }
  }

  /// Each packet gets through decryption once at most.
  private func checkReplays(of peer: Int) {
    guard let other = self.state.peers[peer].other, let own = self.state.peers[peer].previous,
      let theirs = self.state.peers[other].previous
    else { return }
    for (received, sent) in [("sctp.packetsReceived", "sctp.packetsSent"), ("srtp.packetsUnprotected", "srtp.packetsProtected")] {
      guard let i = CounterList.names.firstIndex(of: received), let j = CounterList.names.firstIndex(of: sent),
        own.values[i] > theirs.values[j]
      else { continue }
      self.fail(.replayAccepted, peer: peer, "\(received) is \(own.values[i]), and \(theirs.values[j]) were sent")
    }
  }

  private func checkCounters(of peer: Int) {
    let id = self.state.peers[peer].id
    let statistics = self.world[id].connection.statistics
    let list = CounterList(statistics)
    if let previous = self.state.peers[peer].previous {
      for index in list.values.indices where list.values[index] < previous.values[index] {
        self.fail(.statisticsWentBack, peer: peer, "\(CounterList.names[index]): \(previous.values[index]) to \(list.values[index])")
      }
    }
    self.state.peers[peer].previous = list
    let watch = self.state.peers[peer].watch
    if statistics.counters.datagramsSent != UInt64(watch.datagrams) || statistics.counters.bytesSent != UInt64(watch.bytes) {
      self.fail(
        .accountingWrong, peer: peer,
        "\(statistics.counters.datagramsSent) datagrams counted, \(watch.datagrams) sent")
    }
    // At the end there may be nobody any more to say it to.
    if statistics.counters.sealFailures > 0, !self.state.peers[peer].isOver { self.fail(.stateImpossible, peer: peer, "a packet could not be sealed") }
    if let problem = self.world[id].connection.inconsistency { self.fail(.accountingWrong, peer: peer, "\(problem)") }
    self.checkBuffered(peer)
    self.checkSilence(peer)
  }

  /// A path on which nothing comes any more does not count as connected for long.
  private func checkSilence(_ peer: Int) {
    guard var heardAt = self.state.peers[peer].heardAt, !self.isSuspended(peer) else { return }
    heardAt = max(heardAt, self.state.peers[peer].touchedAt)
    let patience = self.state.peers[peer].plan.knobs.first { $0.name == .disconnectedTimeout }?.value ?? 7000
    let state = self.world[self.state.peers[peer].id].connection.iceState
    guard state == .connected || state == .completed, self.now > heardAt + .milliseconds(UInt32(clamping: patience + 1000)) else { return }
    self.fail(.silenceUnnoticed, peer: peer, "nothing heard for \(self.seconds(since: heardAt)) s, and ICE is \(state)")
  }

  /// What waits unsent is part of what was accepted, and of what has not arrived.
  private func checkBuffered(_ peer: Int) {
    let id = self.state.peers[peer].id
    for slot in self.state.peers[peer].channels.indices where !self.state.peers[peer].channels[slot].isClosed {
      let channel = self.state.peers[peer].channels[slot]
      let amount = self.world[id].connection.bufferedAmount(of: channel.handle)
      guard amount > 0 else { continue }
      guard let ledger = self.state.messages.first(where: { $0.channel == channel.number && $0.sender == peer }) else { continue }
      // The OPEN or its acknowledgement may be waiting as well.
      let names = channel.plan.labelLength + channel.plan.protocolLength + 12
      if amount < 0 || amount > ledger.bytesSent - ledger.bytesDelivered + names {
        self.fail(
          .bufferedAmountWrong, peer: peer,
          "channel \(channel.number): \(amount) wait, \(ledger.bytesSent) were accepted, \(ledger.bytesDelivered) arrived")
      }
    }
  }
}
