import STUN
import Time

extension Agent {
  mutating func receiveResponse(
    _ message: borrowing Message, _ fields: MessageFields, from remote: TransportAddress, to local: TransportAddress,
    now: Instant
  ) {
    let id = message.transactionID
    guard let t = self.transactions.firstIndex(where: { $0.id == id && !$0.isDue }) else {
      self.statistics.unmatchedResponses &+= 1
      return
    }
    let transaction = self.transactions[t]
    if transaction.purpose == .gathering {
      // A server without credentials proves itself by the identifier and by answering from its own address.
      guard transaction.remote == remote, transaction.local == local, message.type.messageClass == .success,
        let mapped = fields.mappedAddress
      else {
        self.statistics.unauthenticatedResponses &+= 1
        return
      }
      self.statistics.responsesReceived &+= 1
      self.removeTransaction(t)
      self.gathered(mapped, by: transaction, now: now)
      return
    }
    // RFC 8489 section 9.1.4: a response without valid integrity is as if it had never come. That goes for 400 and 401
    // too, which nobody can sign; a forger could otherwise end checks with them.
    let credentials = transaction.isPrevious ? self.previousRemoteCredentials : self.remoteCredentials
    guard let integrity = fields.integrity, let password = credentials?.password,
      message.isIntegrityValid(at: integrity, key: password.span)
    else {
      self.statistics.unauthenticatedResponses &+= 1
      return
    }
    self.statistics.responsesReceived &+= 1
    self.removeTransaction(t)
    // RFC 7675 section 5.1: what expired with consent may not renew it.
    guard transaction.sentAt + self.configuration.consentTimeout > now else { return }
    let i = transaction.isPrevious ? nil : self.pairs.index(id: transaction.pairID)
    guard transaction.remote == remote, transaction.local == local else {
      self.statistics.asymmetricResponses &+= 1
      if let i, transaction.purpose == .check, !self.pairs[i].isValid { self.refuse(i) }
      return
    }
    guard message.type.messageClass == .success else {
      self.receiveError(fields.errorCode ?? 0, transaction, i, now: now)
      return
    }
    guard fields.unknown.isEmpty, let mapped = fields.mappedAddress else {
      // RFC 8489 section 6.3.3: a success that cannot be understood fails the transaction.
      if let i, transaction.purpose == .check, !self.pairs[i].isValid { self.refuse(i) }
      return
    }
    self.answered(transaction, now: now)
    if let i { self.checkSucceeded(i, transaction, mapped: mapped, now: now) }
  }

  mutating func receiveError(_ code: UInt16, _ transaction: Transaction, _ i: Int?, now: Instant) {
    switch code {
    case 487:
      // RFC 8445 section 7.2.5.1. Only where the role is still the one that the request claimed.
      guard !transaction.isPrevious else { return }
      self.statistics.roleConflicts &+= 1
      if transaction.role == self.role {
        self.switchRole()
        self.tieBreaker = self.random.next()
      }
      if let i { self.trigger(i) }
    case 403:
      // RFC 7675 section 5.2: consent is revoked.
      if self.selection?.remote == transaction.remote, self.selection?.local == transaction.local {
        self.failAgent()
      } else if let i {
        self.refuse(i)
      }
    case 500...599:
      return  // RFC 8489 section 6.3.4: try again, which the pair's schedule does
    default:
      if let i, self.pairs[i].id != self.selection?.pairID { self.refuse(i) }
    }
  }

  /// The path of a valid answer has consent anew.
  mutating func answered(_ transaction: Transaction, now: Instant) {
    guard let selection = self.selection, selection.remote == transaction.remote,
      selection.local == transaction.local, selection.isPrevious == transaction.isPrevious
    else { return }
    self.selection?.lastResponse = now
    self.selection?.lastReceived = now
    self.challenger = 0
    if self.recoveringSince != nil { self.reconnect(now) }
  }

  /// RFC 8445 section 7.2.5.3.
  mutating func checkSucceeded(_ i: Int, _ transaction: Transaction, mapped: TransportAddress, now: Instant) {
    self.pairs[i].measured(now - transaction.sentAt)
    self.pairs[i].state = .succeeded
    self.pairs[i].isValid = true
    self.pairs[i].isExhausted = false
    self.pairs[i].attempts = 0
    self.pairs[i].lastResponse = now
    self.pairs[i].lastReceived = now
    let isNominatingStill = self.pairs[i].isNominating && !transaction.usesCandidate
    if !isNominatingStill {
      self.pairs[i].ticket = 0
      self.pairs[i].nextAttempt = now + self.configuration.keepaliveInterval
    }
    self.learnLocal(mapped, i)
    let (foundation, id) = (self.pairs[i].foundation, self.pairs[i].id)
    for j in self.pairs.indices where self.pairs[j].foundation == foundation && self.pairs[j].state == .frozen {
      if self.isWorthChecking(self.pairs[j]) { self.pairs[j].state = .waiting }
    }
    if self.selection?.pairID == id {
      self.selection?.roundTrip = self.pairs[i].roundTrip
      if !isNominatingStill { self.pairs[i].nextAttempt = .distantFuture }
    }
    if self.role == .controlling, transaction.role == .controlling, transaction.usesCandidate {
      self.pairs[i].isNominating = false
      if transaction.purpose == .check { self.select(i, nominated: true, now: now) }
    } else if self.role == .controlled, self.pairs[i].isNominationPending {
      self.peerNominated(i, now: now)
    }
  }

  /// The address that the peer saw tells the pair's real local candidate. A new one is peer-reflexive; as it is never
  /// paired (RFC 8445 section 7.2.5.3.1), there is nothing to keep of it but its kind.
  mutating func learnLocal(_ mapped: TransportAddress, _ i: Int) {
    let base = self.pairs[i].local
    let known = self.locals.first { $0.address == mapped && $0.base == base }
    self.pairs[i].localKind = known?.kind ?? .peerReflexive
    if self.selection?.pairID == self.pairs[i].id { self.selection?.localKind = self.pairs[i].localKind }
  }
}
