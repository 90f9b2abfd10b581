import Bytes
import STUN
import Time

extension Agent {
  /// The peer's credentials, from its description; checks begin. Checks of the peer that came before are now taken up
  /// (RFC 8445 section 7.3). The same credentials again change nothing.
  /// Throws `credentialsAlreadySet` for different ones without a restart, or `closed`.
  public mutating func setRemoteCredentials(_ credentials: Credentials, now: Instant) throws(UsageError) {
    guard self.state != .closed else { throw .closed }
    if let known = self.remoteCredentials {
      guard known == credentials else { throw .credentialsAlreadySet }
      return
    }
    self.remoteCredentials = credentials
    guard self.state != .failed else { return }
    if self.state == .new, !self.pairs.isEmpty { self.setState(.checking) }
    self.timers.set(.checksTimeout, at: now + self.configuration.checksTimeout)
    let digest = CRC32.checksum(credentials.ufrag.span)
    let early = self.earlyChecks
    self.earlyChecks.removeAll()
    for check in early where check.ufragDigest == digest && self.isLocalBase(check.local) {
      self.accept(check, now: now)
    }
    self.settle(now)
  }

  /// A candidate that the peer signalled. Where a check told it before, its real kind and priority are taken over
  /// (RFC 8838 section 11.4). Ignored after `remoteCandidatesComplete(now:)`. Throws `invalidCandidate`, `tooManyCandidates` or `closed`.
  public mutating func addRemoteCandidate(_ candidate: Candidate, now: Instant) throws(UsageError) {
    guard self.state != .closed else { throw .closed }
    guard candidate.component == 1, candidate.address.port != 0, !candidate.address.ip.isAny,
      !candidate.address.ip.isMulticast, candidate.priority > 0
    else { throw .invalidCandidate }
    guard !self.areRemoteCandidatesComplete else {
      self.statistics.lateCandidates &+= 1
      return
    }
    if let i = self.remotes.firstIndex(where: { $0.address == candidate.address }) {
      guard self.remotes[i].kind == .peerReflexive, candidate.kind != .peerReflexive else { return }
      self.remotes[i] = candidate
      self.adoptSignalled(candidate)
    } else {
      guard self.remotes.count < self.configuration.maximumCandidates else { throw .tooManyCandidates }
      self.remotes.append(candidate)
      for local in self.locals where local.kind == .host { self.addPair(local: local, remote: candidate) }
    }
    self.settle(now)
  }

  /// The peer signalled end-of-candidates (RFC 8838 section 14): what it signals later in this session is ignored, as it
  /// must be, so call this when names are resolved too. A relayed pair is then nominated without a wait. Nothing fails
  /// early for it: peer-reflexive candidates may still come (RFC 8863 section 4).
  public mutating func remoteCandidatesComplete(now: Instant) {
    self.areRemoteCandidatesComplete = true
    self.settle(now)
  }

  /// A pair that was known as peer-reflexive gets the signalled priority.
  mutating func adoptSignalled(_ candidate: Candidate) {
    for i in self.pairs.indices where self.pairs[i].remote == candidate.address {
      self.pairs[i].remoteKind = candidate.kind
      self.pairs[i].remotePriority = candidate.priority
      self.pairs[i].foundation =
        self.pairs[i].foundation & 0xffff_ffff_0000_0000 | UInt64(candidate.foundation.digest)
      self.pairs[i].computePriority(role: self.role)
    }
    for local in self.locals where local.kind == .host { self.addPair(local: local, remote: candidate) }
    self.sortPairs()
    self.renewSelectionPriority()
    if self.selection?.remote == candidate.address { self.selection?.remoteKind = candidate.kind }
  }

  /// The index of the remote candidate at `address`, learned from a check if need be (RFC 8445 section 7.3.1.3). Nil
  /// where no room is left: a peer that knows the password could otherwise fill memory with addresses.
  mutating func remoteCandidate(at address: TransportAddress, priority: UInt32) -> Int? {
    if let i = self.remotes.firstIndex(where: { $0.address == address }) { return i }
    if self.remotes.count == self.configuration.maximumCandidates {
      // A learned candidate without a working pair makes room, so that a peer that moves often is followed.
      var victim = 0
      while victim < self.remotes.count, !self.isDispensable(victim) { victim &+= 1 }
      guard victim < self.remotes.count else { return nil }
      let address = self.remotes[victim].address
      self.remotes.remove(at: victim)
      remove(from: &self.pairs) { $0.remote == address }
    }
    self.lastPairID &+= 1
    self.remotes.append(
      Candidate(
        kind: .peerReflexive, foundation: Foundation(self.lastPairID), priority: priority, address: address,
        base: address))
    return self.remotes.count &- 1
  }

  @inline(__always) private func isDispensable(_ index: Int) -> Bool {
    let address = self.remotes[index].address
    guard self.remotes[index].kind == .peerReflexive, self.selection?.remote != address else { return false }
    return !self.pairs.contains { $0.remote == address && !$0.isExhausted }
  }

  // MARK: The check list

  /// Adds the pair in its place unless it exists, cannot work, or is worse than a full list's worst.
  /// Returns its index.
  @discardableResult
  mutating func addPair(local: Candidate, remote: Candidate) -> Int? {
    guard local.base.ip.isV4 == remote.address.ip.isV4 else { return nil }
    // RFC 8445 section 6.1.2.2: IPv6 link-local addresses only with one another.
    guard local.base.ip.isV4 || local.base.ip.isLinkLocal == remote.address.ip.isLinkLocal else { return nil }
    if let i = self.pairs.index(local: local.base, remote: remote.address) { return i }
    self.lastPairID &+= 1
    var pair = Pair(id: self.lastPairID, local: local, remote: remote)
    pair.computePriority(role: self.role)
    if self.pairs.count >= self.configuration.maximumPairs {
      let selected = self.selection?.pairID
      guard let worst = self.pairs.lastIndex(where: { $0.isReplaceable && $0.id != selected }),
        self.pairs[worst].priority < pair.priority
      else { return nil }
      self.pairs.remove(at: worst)
    }
    // RFC 8838 section 12: waiting, unless a pair of the same foundation is already on its way.
    pair.state = .waiting
    for other in self.pairs
    where other.foundation == pair.foundation && (other.state == .waiting || other.state == .inProgress) {
      pair.state = .frozen
    }
    let index = self.pairs.firstIndex { $0.priority < pair.priority } ?? self.pairs.count
    self.pairs.insert(pair, at: index)
    if self.state == .new, self.remoteCredentials != nil { self.setState(.checking) }
    return index
  }

  mutating func sortPairs() {
    // Insertion sort: stable, in place, and the list is nearly sorted already.
    var i = 1
    while i < self.pairs.count {
      var j = i
      while j > 0, self.pairs[j &- 1].priority < self.pairs[j].priority {
        self.pairs.swapAt(j &- 1, j)
        j &-= 1
      }
      i &+= 1
    }
  }

  mutating func changeRole(to role: Role) {
    self.role = role
    for i in self.pairs.indices {
      self.pairs[i].isNominating = false
      self.pairs[i].isNominationPending = false
      self.pairs[i].computePriority(role: role)
    }
    self.sortPairs()
    self.renewSelectionPriority()
    self.timers.cancel(.nomination)
  }

  mutating func renewSelectionPriority() {
    if let i = self.pairs.index(id: self.selection?.pairID ?? 0) { self.selection?.priority = self.pairs[i].priority }
  }
}

extension [Pair] {
  func index(local: TransportAddress, remote: TransportAddress) -> Int? {
    self.firstIndex { $0.remote == remote && $0.local == local }
  }

  func index(id: UInt32) -> Int? { id == 0 ? nil : self.firstIndex { $0.id == id } }
}
