extension Agent {
  /// What exceeds its bound; nil: nothing. For simulations and fuzzers.
  package var inconsistency: StaticString? {
    guard self.pairs.count <= self.configuration.maximumPairs else { return "ICE: pairs" }
    guard self.remotes.count <= self.configuration.maximumCandidates, self.locals.count <= self.configuration.maximumCandidates
    else { return "ICE: candidates" }
    guard self.transactions.count <= Self.maximumTransactions, self.responses.count <= Self.maximumResponses,
      self.earlyChecks.count <= Self.maximumEarlyChecks, self.notices.count <= Self.maximumNotices
    else { return "ICE: queues" }
    var due = 0
    for transaction in self.transactions where transaction.isDue { due &+= 1 }
    return due == self.dueTransactions ? nil : "ICE: checks that are due"
  }
}
