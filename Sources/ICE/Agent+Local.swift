import STUN
import Time

extension Agent {
  /// Adds a host candidate, and asks the STUN servers of its family for reflexive ones.
  ///
  /// `base` is what the socket is bound to, and what `receive` will be told as `local`: never a wildcard.
  /// `localPreference` orders interfaces, greater first (RFC 8445 section 5.1.2.1). A base that is known already changes nothing.
  /// Throws `invalidCandidate`, `tooManyCandidates` or `closed`.
  public mutating func addLocalAddress(
    _ base: TransportAddress, localPreference: UInt16, now: Instant
  ) throws(UsageError) {
    guard self.state != .closed else { throw .closed }
    guard base.port != 0, !base.ip.isAny, !base.ip.isMulticast else { throw .invalidCandidate }
    guard !self.isLocalBase(base) else { return }
    guard self.locals.count < self.configuration.maximumCandidates else { throw .tooManyCandidates }
    let host = Candidate(
      kind: .host, foundation: Self.foundation(.host, base.ip, server: .anyV6),
      priority: Candidate.priority(kind: .host, localPreference: localPreference), address: base, base: base)
    self.locals.append(host)
    // Neither a loopback nor a link-local address has a mapping that a server could tell.
    if !base.ip.isLoopback, !base.ip.isLinkLocal {
      for server in self.configuration.stunServers where server.ip.isV4 == base.ip.isV4 {
        self.gatherings.append(
          Gathering(base: base, localPreference: localPreference, server: server, next: now))
      }
    }
    for remote in self.remotes { self.addPair(local: host, remote: remote) }
    self.settle(now)
  }

  /// The driver has no more addresses for now: gathering is complete once the servers answered or were given up.
  public mutating func localAddressesComplete(now: Instant) {
    self.areLocalAddressesComplete = true
    self.settle(now)
  }

  /// An interface went away. Its candidates and pairs die; if the selected pair was one of them, a valid pair of another
  /// interface takes over, or the agent is `disconnected` until a check succeeds.
  public mutating func removeLocalAddress(_ base: TransportAddress, now: Instant) {
    guard self.state != .closed, self.isLocalBase(base) else { return }
    var i = 0
    while i < self.locals.count {
      if self.locals[i].base == base {
        self.locals.remove(at: i)
        if i < self.reportedLocals { self.reportedLocals &-= 1 }
      } else {
        i &+= 1
      }
    }
    remove(from: &self.gatherings) { $0.base == base }
    remove(from: &self.pairs) { $0.local == base }
    remove(from: &self.transactions) { $0.local == base }
    remove(from: &self.responses) { $0.local == base }
    remove(from: &self.earlyChecks) { $0.local == base }
    self.countDueTransactions()
    if let selection = self.selection, selection.local == base { self.loseSelection(now) }
    self.settle(now)
  }

  /// Whether every server was heard or given up and the driver has no more addresses.
  var isGatheringComplete: Bool {
    guard self.areLocalAddressesComplete, self.state != .closed else { return false }
    for gathering in self.gatherings where !gathering.isDone { return false }
    return true
  }

  func isLocalBase(_ address: TransportAddress) -> Bool {
    for candidate in self.locals where candidate.address == address && candidate.kind == .host { return true }
    return false
  }

  /// RFC 8445 section 5.1.1.3: equal for the same kind, base address and server.
  @inline(never)
  static func foundation(_ kind: Candidate.Kind, _ base: IPAddress, server: IPAddress) -> Foundation {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    let words: InlineArray<5, UInt64> = [UInt64(kind.rawValue), base.high, base.low, server.high, server.low]
    for i in words.indices {
      hash = (hash ^ words[i]) &* 0x9e37_79b9_7f4a_7c15
      hash ^= hash &>> 29
    }
    return Foundation(UInt32(truncatingIfNeeded: hash &>> 32))
  }

  // MARK: Gathering (RFC 8445 section 5.1.1.2)

  /// Whether mappings are worth keeping alive: until a pair is in use, the peer may come by them (section 5.1.1.4).
  var needsMappings: Bool { self.state == .new || self.state == .checking }

  mutating func beginDueGathering(_ now: Instant) {
    for i in self.gatherings.indices where self.gatherings[i].next <= now {
      guard !self.gatherings[i].isDone || self.needsMappings else {
        self.gatherings[i].next = .distantFuture
        continue
      }
      if !self.gatherings[i].isDone, self.gatherings[i].attempts == self.configuration.maximumGatheringAttempts {
        self.gatherings[i].isDone = true
        self.gatherings[i].next = .distantFuture
        continue
      }
      guard self.lastGathering == .zero || self.lastGathering + self.configuration.pacingInterval <= now else { continue }
      self.lastGathering = max(now, Instant(nanoseconds: 1))
      if self.gatherings[i].isDone {
        self.gatherings[i].next = now + self.configuration.keepaliveInterval
      } else {
        self.gatherings[i].next = now + self.configuration.gatheringTimeout * (1 &<< UInt64(self.gatherings[i].attempts))
        self.gatherings[i].attempts &+= 1
      }
      self.add(
        Transaction(
          id: TransactionID(random: &self.random), purpose: .gathering, local: self.gatherings[i].base,
          remote: self.gatherings[i].server, sentAt: now))
    }
  }

  mutating func setGatheringTimer(_ now: Instant) {
    var next = Instant.distantFuture
    for gathering in self.gatherings where gathering.next < next { next = gathering.next }
    // What is due already waits for its turn.
    if next <= now { next = max(self.lastGathering + self.configuration.pacingInterval, now + .milliseconds(1)) }
    if next == .distantFuture { self.timers.cancel(.gathering) } else { self.timers.set(.gathering, at: next) }
  }

  /// A server's answer: a server-reflexive candidate unless it is redundant (section 5.1.3).
  mutating func gathered(_ mapped: TransportAddress, by transaction: Transaction, now: Instant) {
    for i in self.gatherings.indices
    where self.gatherings[i].base == transaction.local && self.gatherings[i].server == transaction.remote {
      self.gatherings[i].isDone = true
      self.gatherings[i].next = now + self.configuration.keepaliveInterval
      for candidate in self.locals where candidate.address == mapped && candidate.base == transaction.local { return }
      guard self.locals.count < self.configuration.maximumCandidates else { return }
      self.locals.append(
        Candidate(
          kind: .serverReflexive,
          foundation: Self.foundation(.serverReflexive, transaction.local.ip, server: transaction.remote.ip),
          priority: Candidate.priority(
            kind: .serverReflexive, localPreference: self.gatherings[i].localPreference),
          address: mapped, base: transaction.local, relatedAddress: transaction.local))
    }
  }
}
