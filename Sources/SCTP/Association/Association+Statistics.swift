extension Association {
  /// Counters and the state of the path; O(1).
  public var statistics: Statistics {
    var result = self.counters
    result.retransmissions = self.outbox.retransmissions
    result.fastRecoveries = self.outbox.recoveries
    result.timeouts = self.outbox.timeouts
    result.tailLossProbes = self.outbox.probes
    result.abandoned = self.outbox.abandonedMessages
    result.ignored &+= UInt64(self.inbox.orphans)
    result.congestionWindow = self.outbox.congestion.window
    result.slowStartThreshold = self.outbox.congestion.threshold
    result.bytesInFlight = self.outbox.outstanding.bytesInFlight
    result.peerReceiveWindow = self.outbox.peerWindow
    result.smoothedRoundTrip = self.outbox.roundTrip.smoothed
    result.retransmissionTimeout = self.outbox.roundTrip.timeout
    result.localReceiveWindow = self.inbox.receiveWindow
    return result
  }
}
