import STUN
import Time

extension Agent {
  /// Puts a pair into the triggered-check queue (RFC 8445 section 6.1.4.1). An unanswered check of it stays answerable.
  mutating func trigger(_ i: Int) {
    if self.pairs[i].ticket == 0 {
      self.lastTicket &+= 1
      self.pairs[i].ticket = self.lastTicket
    }
    self.pairs[i].attempts = 0
    self.pairs[i].isRefused = false
    self.pairs[i].nextAttempt = .distantFuture
    if self.pairs[i].state != .succeeded { self.pairs[i].state = .waiting }
  }

  /// Whether the pair may be checked without being triggered. Once a pair is nominated, only better ones are worth
  /// more checks (RFC 8445 section 8.1.2); the others are kept, unchecked, for when the nominated one dies.
  func isWorthChecking(_ pair: Pair) -> Bool {
    guard let selection = self.selection, selection.isNominated, !selection.isPrevious, self.recoveringSince == nil
    else { return true }
    return pair.priority > selection.priority
  }

  /// How long to wait for an answer before the next check of the pair: three times the same, for single losses are
  /// common, then doubled, for a path may be down.
  func patience(_ pair: Pair) -> Interval {
    let base =
      pair.roundTrip == .zero
      ? self.configuration.initialRTO : max(self.configuration.pacingInterval, pair.roundTrip * 3 / 2)
    let doublings = UInt64(min(max(pair.attempts, 2), 20) &- 2)
    return max(min(base * (1 &<< doublings), self.configuration.maximumRTO), pair.roundTrip * 3 / 2)
  }

  /// Fails pairs whose last check stayed unanswered. The selected pair is judged by consent alone, and while the agent
  /// is disconnected checks go on: the path may come back until consent expires.
  mutating func giveUpUnanswered(_ now: Instant) {
    for i in self.pairs.indices
    where self.pairs[i].nextAttempt <= now && self.pairs[i].attempts >= self.configuration.maximumCheckAttempts {
      if self.recoveringSince != nil {
        self.pairs[i].attempts = self.configuration.maximumCheckAttempts &- 1
      } else if self.pairs[i].id == self.selection?.pairID {
        self.pairs[i].nextAttempt = .distantFuture
        self.pairs[i].isNominating = false
      } else {
        self.pairs[i].isExhausted = true
        self.fail(i)
      }
    }
    // Until the time-out another round costs little, and ends an outage that outlasted the first.
    guard self.state == .checking, self.needsSelection,
      !self.pairs.contains(where: { $0.state != .failed }), !self.pairs.isEmpty
    else { return }
    for i in self.pairs.indices where !self.pairs[i].isRefused {
      self.pairs[i].state = .waiting
      self.pairs[i].attempts = 0
    }
  }

  /// Fails a pair for good, unless the peer checks it again.
  mutating func refuse(_ i: Int) {
    self.fail(i)
    self.pairs[i].isRefused = true
  }

  mutating func fail(_ i: Int) {
    self.pairs[i].state = .failed
    self.pairs[i].isValid = false
    self.pairs[i].isNominating = false
    self.pairs[i].isNominationPending = false
    self.pairs[i].isNominated = false
    self.pairs[i].ticket = 0
    self.pairs[i].nextAttempt = .distantFuture
  }

  /// Begins the check whose turn it is, if the pace allows one.
  mutating func beginDueCheck(_ now: Instant) {
    guard self.remoteCredentials != nil else { return }
    if let last = self.lastCheck, last + Self.checkFloor > now { return }
    if let i = self.nextTriggered() {
      self.beginCheck(i, now: now)
      return
    }
    if let last = self.lastCheck, last + self.configuration.pacingInterval > now { return }
    var fresh = self.pairs.firstIndex { $0.state == .waiting && self.isWorthChecking($0) }
    if fresh == nil {
      // RFC 8445 section 6.1.4.2 keeps a pair frozen while one of its foundation is under way. Some peers give all
      // candidates one foundation: where a turn would go unused, the best frozen pair takes it.
      fresh = self.pairs.firstIndex { $0.state == .frozen && self.isWorthChecking($0) }
    }
    let repeated = self.pairs.firstIndex { $0.nextAttempt <= now }
    if let i = repeated, fresh == nil || !self.didRepeatLast {
      self.didRepeatLast = true
      self.beginCheck(i, now: now)
    } else if let i = fresh {
      self.didRepeatLast = false
      self.beginCheck(i, now: now)
    }
  }

  func nextTriggered() -> Int? {
    var first: Int?
    for i in self.pairs.indices where self.pairs[i].ticket != 0 {
      if let known = first, self.pairs[known].ticket < self.pairs[i].ticket { continue }
      first = i
    }
    return first
  }

  mutating func beginCheck(_ i: Int, now: Instant) {
    self.lastCheck = now
    self.pairs[i].ticket = 0
    self.pairs[i].nextAttempt = now + self.patience(self.pairs[i])
    self.pairs[i].attempts &+= 1
    if self.pairs[i].state != .succeeded { self.pairs[i].state = .inProgress }
    var transaction = Transaction(
      id: TransactionID(random: &self.random), purpose: .check, local: self.pairs[i].local,
      remote: self.pairs[i].remote, sentAt: now)
    transaction.pairID = self.pairs[i].id
    transaction.role = self.role
    transaction.usesCandidate = self.role == .controlling && self.pairs[i].isNominating
    transaction.priority = Self.peerReflexivePriority(self.pairs[i].localPriority)
    self.add(transaction)
  }

  /// What the local candidate would be worth as a peer-reflexive one (RFC 8445 section 7.1.1).
  static func peerReflexivePriority(_ priority: UInt32) -> UInt32 {
    Candidate.Kind.peerReflexive.preference &<< 24 | priority & 0x00ff_ffff
  }

  mutating func setCheckTimer(_ now: Instant) {
    guard self.remoteCredentials != nil else { return }
    var next = Instant.distantFuture
    let paced = (self.lastCheck ?? now) + self.configuration.pacingInterval
    for pair in self.pairs {
      if pair.ticket != 0 {
        next = min(next, (self.lastCheck ?? now) + Self.checkFloor)
      } else if (pair.state == .waiting || pair.state == .frozen) && self.isWorthChecking(pair) {
        next = min(next, paced)
      } else if pair.nextAttempt != .distantFuture {
        // Giving up is not paced; repeating is.
        next = min(next, pair.attempts >= self.configuration.maximumCheckAttempts
            ? pair.nextAttempt : max(pair.nextAttempt, paced))
      }
    }
    if next == .distantFuture { self.timers.cancel(.checks) } else { self.timers.set(.checks, at: next) }
  }

  // MARK: Transactions

  @inline(never)
  mutating func add(_ transaction: Transaction) {
    if self.transactions.count == Self.maximumTransactions {
      var oldest = 0
      for i in self.transactions.indices where self.transactions[i].sentAt < self.transactions[oldest].sentAt {
        oldest = i
      }
      self.removeTransaction(oldest)
    }
    self.transactions.append(transaction)
    self.dueTransactions &+= 1
  }

  mutating func removeTransaction(_ i: Int) {
    if self.transactions[i].isDue { self.dueTransactions &-= 1 }
    self.transactions.swapAt(i, self.transactions.count &- 1)
    self.transactions.removeLast()
  }

  mutating func countDueTransactions() {
    self.dueTransactions = 0
    for transaction in self.transactions where transaction.isDue { self.dueTransactions &+= 1 }
  }
}
