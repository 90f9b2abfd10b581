import STUN
import Time

/// Consent freshness (RFC 7675) and the liveness of the selected path.
extension Agent {
  mutating func beginConsent(_ now: Instant) {
    guard let selection = self.selection else { return }
    // A path that was in reserve may have been answered long ago.
    let isFresh = selection.lastResponse + self.configuration.consentInterval > now
    self.timers.set(.consent, at: isFresh ? now + self.jitteredConsentInterval() : now + .milliseconds(1))
    self.timers.set(.consentExpiry, at: max(selection.lastResponse + self.configuration.consentTimeout, now + .milliseconds(1)))
    self.timers.set(.liveness, at: max(self.doubtBegins, now + .milliseconds(1)))
  }

  /// Randomised by 0.8...1.2, against synchronisation (RFC 7675 section 5.1).
  mutating func jitteredConsentInterval() -> Interval {
    self.configuration.consentInterval * UInt64(800 &+ self.random.next(below: 401)) / 1000
  }

  /// Begins a consent check: a transaction of its own, sent once. The controlling side repeats its nomination with it,
  /// so that the two sides cannot settle on different pairs for long.
  mutating func beginConsentCheck(_ now: Instant) {
    self.timers.cancel(.consent)
    guard let selection = self.selection else { return }
    self.timers.set(.consent, at: now + self.jitteredConsentInterval())
    for transaction in self.transactions where transaction.purpose == .consent && transaction.isDue { return }
    var transaction = Transaction(
      id: TransactionID(random: &self.random), purpose: .consent, local: selection.local, remote: selection.remote,
      sentAt: now)
    transaction.pairID = selection.pairID
    transaction.role = self.role
    transaction.isPrevious = selection.isPrevious
    transaction.usesCandidate = self.role == .controlling && selection.isNominated && !selection.isPrevious
    for candidate in self.locals where candidate.kind == .host && candidate.base == selection.local {
      transaction.priority = Self.peerReflexivePriority(candidate.priority)
    }
    self.add(transaction)
  }

  mutating func consentExpiryDue(_ now: Instant) {
    self.timers.cancel(.consentExpiry)
    guard let selection = self.selection else {
      self.failAgent()  // the interface went away and nothing took over
      return
    }
    let expiry = selection.lastResponse + self.configuration.consentTimeout
    guard expiry <= now else {
      self.timers.set(.consentExpiry, at: expiry)
      return
    }
    if selection.isPrevious {
      // The new session's checks go on; nothing may be sent until one succeeds.
      self.selection = nil
      self.previousLocalCredentials = nil
      self.previousRemoteCredentials = nil
      self.timers.cancel(.consent)
      self.timers.cancel(.liveness)
      self.timers.set(.checksTimeout, at: now + self.configuration.checksTimeout)
    } else {
      self.failAgent()
    }
  }

  /// When the selected path counts as silent: nothing heard, or no check of ours answered in three rounds, which is what
  /// a path that works in one direction only looks like.
  @inline(__always) var silenceBegins: Instant {
    guard let selection = self.selection else { return .distantFuture }
    return min(
      selection.lastReceived + self.configuration.disconnectedTimeout,
      selection.lastResponse + self.configuration.consentInterval * 3 + self.configuration.disconnectedTimeout)
  }

  /// When a silent path is asked by ordinary checks, before it counts as disconnected: consent checks are too rare to
  /// tell a path that died from one that lost a packet or two.
  @inline(__always) var doubtBegins: Instant {
    let lead = min(self.configuration.disconnectedTimeout / 2, .seconds(2))
    return Instant(nanoseconds: (self.silenceBegins - .zero - lead).nanoseconds)
  }

  mutating func livenessDue(_ now: Instant) {
    self.timers.cancel(.liveness)
    guard let selection = self.selection, !selection.isPrevious, self.recoveringSince == nil else { return }
    let (doubt, silence) = (self.doubtBegins, self.silenceBegins)
    if doubt > now {
      self.timers.set(.liveness, at: doubt)
    } else if silence > now {
      if let i = self.pairs.index(id: selection.pairID), self.pairs[i].attempts == 0 { self.trigger(i) }
      self.timers.set(.liveness, at: silence)
    } else {
      self.setState(.disconnected)
      self.beginRecovery(now)
    }
  }

  /// Has every pair checked again, the best first.
  mutating func beginRecovery(_ now: Instant) {
    self.recoveringSince = now
    self.freshSince = now
    self.timers.cancel(.nomination)
    for i in self.pairs.indices {
      self.pairs[i].attempts = 0
      self.pairs[i].isNominating = false
      if self.pairs[i].isValid {
        self.pairs[i].nextAttempt = now
      } else if !self.pairs[i].isRefused {
        self.pairs[i].state = .waiting
        self.pairs[i].nextAttempt = .distantFuture
      }
    }
  }

  /// The selected path is heard again.
  mutating func reconnect(_ now: Instant) {
    guard self.recoveringSince != nil, let selection = self.selection else { return }
    self.recoveringSince = nil
    self.timers.set(.liveness, at: max(self.doubtBegins, now + .milliseconds(1)))
    if let i = self.pairs.index(id: selection.pairID) {
      self.pairs[i].attempts = 0
      self.pairs[i].nextAttempt = .distantFuture
    }
    self.setState(selection.isNominated ? .completed : .connected)
    if selection.isNominated { self.rest(now) }
  }

  /// The interface of the selected pair went away.
  mutating func loseSelection(_ now: Instant) {
    self.selection = nil
    self.timers.cancel(.consent)
    self.timers.cancel(.liveness)
    if let i = self.bestUsable(now) {
      self.select(i, nominated: false, now: now)
      return
    }
    self.timers.set(.consentExpiry, at: now + self.configuration.consentTimeout)
    if self.state == .connected || self.state == .completed { self.setState(.disconnected) }
    self.beginRecovery(now)
  }

  mutating func checksTimedOut() {
    self.timers.cancel(.checksTimeout)
    if self.selection == nil { self.failAgent() }
  }

  /// RFC 7675 section 5.1: outstanding transactions are dropped, and the credentials are not used again.
  mutating func failAgent() {
    self.stop()
    self.setState(.failed)
  }

  /// Tells of data on a path that its own protocol authenticated: the path is alive, though consent needs more
  /// (RFC 7675 section 4). O(1) on the selected path.
  public mutating func didReceiveData(from remote: TransportAddress, to local: TransportAddress, now: Instant) {
    guard self.selection?.remote == remote, self.selection?.local == local else {
      self.didReceiveDataElsewhere(from: remote, to: local, now: now)
      return
    }
    self.selection?.lastReceived = now
    guard self.recoveringSince != nil, self.silenceBegins > now else { return }
    self.now = max(self.now, now)
    self.reconnect(now)
    self.settle(now)
  }

  /// A controlling peer that sends on another pair that it nominated, while the current one is silent, moved there.
  mutating func didReceiveDataElsewhere(from remote: TransportAddress, to local: TransportAddress, now: Instant) {
    guard self.role == .controlled, let selection = self.selection,
      let i = self.pairs.index(local: local, remote: remote)
    else { return }
    self.pairs[i].lastReceived = now
    guard self.pairs[i].isValid, self.pairs[i].isNominated,
      selection.lastReceived + Self.silenceOfAMovedPeer <= now,
      self.pairs[i].lastResponse + self.configuration.consentTimeout > now
    else { return }
    self.select(i, nominated: true, now: now)
    self.settle(now)
  }

  static let silenceOfAMovedPeer = Interval.seconds(1)
}
