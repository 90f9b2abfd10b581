import Time

extension Agent {
  /// Begins an ICE restart (RFC 8445 section 9): new credentials, a new check list, candidates reported again. The
  /// selected pair stays in use, with consent under the old credentials, until a pair of the new session is valid.
  /// Signal the new credentials, then pass on the peer's.
  ///
  /// - Parameter keepsCredentials: ours stay, where the peer alone has begun anew and knows ours already.
  public mutating func restart(keepsCredentials: Bool = false, now: Instant) {
    guard self.state != .closed else { return }
    // A second restart before the first led to a pair: the selected pair still lives under the credentials before both.
    if self.selection?.isPrevious != true {
      self.previousLocalCredentials = self.localCredentials
      self.previousRemoteCredentials = self.remoteCredentials
    }
    if self.selection == nil {
      // Nothing lives under the old credentials; after consent is lost they must not be used again (RFC 7675 section 5.1).
      self.previousLocalCredentials = nil
      self.previousRemoteCredentials = nil
    }
    if !keepsCredentials { self.localCredentials = Credentials(random: &self.random) }
    self.remoteCredentials = nil
    self.areRemoteCandidatesComplete = false
    self.pairs.removeAll()
    self.remotes.removeAll()
    // The peer's checks under its new credentials may have come already.
    if !keepsCredentials { self.earlyChecks.removeAll() }
    self.recoveringSince = nil
    self.reportedLocals = 0
    self.didReportGatheringComplete = false
    remove(from: &self.transactions) { $0.purpose == .check }
    for i in self.transactions.indices { self.transactions[i].isPrevious = true }
    self.countDueTransactions()
    self.selection?.isPrevious = true
    self.selection?.pairID = 0
    if self.selection == nil {
      self.timers.cancel(.consent)
      self.timers.cancel(.consentExpiry)
    }
    self.timers.cancel(.liveness)
    self.timers.cancel(.nomination)
    self.timers.cancel(.checks)
    self.timers.cancel(.checksTimeout)
    // Servers are asked anew (section 9): one may have been out of reach, and a mapping may be another by now.
    for i in self.gatherings.indices {
      self.gatherings[i].attempts = 0
      self.gatherings[i].isDone = false
      self.gatherings[i].next = now
    }
    self.setState(.checking)
    self.settle(now)
  }
}
