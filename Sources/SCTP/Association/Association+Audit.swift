extension Association {
  /// What does not add up of the counts that are kept step by step, or exceeds its bound; nil: everything is right. For simulations
  /// and fuzzers: O(what is outstanding).
  package var inconsistency: StaticString? {
    guard self.outbox.outstanding.isConsistent else { return "SCTP: chunks that are outstanding" }
    guard self.outbox.queue.isConsistent(outstanding: self.outbox.outstanding.blocksInUse) else {
      return "SCTP: bytes that wait or are outstanding"
    }
    guard self.inbox.isWithinBounds else { return "SCTP: received bytes" }
    return nil
  }
}
