import STUN
import Time

/// Which pair is used (RFC 8445 section 8.1.1).
///
/// The first valid pair is used at once by either side (section 12.1 allows data on any valid pair), so that DTLS need
/// not wait for the nomination. The controlling side nominates the best valid pair as soon as no better one may still
/// succeed, or `nominationDelay` after the first. Later it nominates again only for a better pair or when the path
/// died. To the letter, section 8.1.1 asks for a restart then; but browsers do the same, and all follow it, and a
/// restart needs a signalling channel that may be gone. The controlled side follows any nomination of a better pair at once; a worse one it follows when
/// nothing has nominated its current pair for a while, which tells a change of mind from the aggressive nomination
/// of RFC 5245, where everything is nominated and the best pair must win.
extension Agent {
  /// After so long without a new nomination of the current pair, one of a worse pair is a change of mind.
  static let changeOfMind = Interval.seconds(3)

  mutating func choosePair(_ now: Instant) {
    let isWaitOver = self.timers.isDue(.nomination, at: now)
    if isWaitOver { self.timers.cancel(.nomination) }
    if self.needsSelection, let i = self.bestUsable(now) { self.select(i, nominated: false, now: now) }
    guard self.role == .controlling, let selection = self.selection, !selection.isPrevious,
      self.recoveringSince == nil, !self.pairs.contains(where: { $0.isNominating })
    else { return }
    guard let best = self.bestUsable(now) else { return }
    if selection.isNominated {
      if self.pairs[best].priority > selection.priority { self.nominate(best) }
      return
    }
    let priority = self.pairs[best].priority
    // Better than a relay may yet trickle in, until the peer says that nothing will (RFC 8838 section 14).
    let isRelayed = self.pairs[best].localKind == .relayed || self.pairs[best].remoteKind == .relayed
    let mayImprove =
      (isRelayed && !self.areRemoteCandidatesComplete)
      || self.pairs.contains {
        $0.priority > priority && ($0.state == .waiting || $0.state == .inProgress || $0.state == .frozen)
      }
    if !mayImprove || isWaitOver {
      self.timers.cancel(.nomination)
      self.nominate(best)
    } else if self.timers.deadline(of: .nomination) == nil {
      self.timers.set(.nomination, at: now + max(self.configuration.nominationDelay, .milliseconds(1)))
    }
  }

  /// Whether the first pair that proves usable is to be taken.
  var needsSelection: Bool {
    guard let selection = self.selection else { return true }
    return selection.isPrevious || self.recoveringSince != nil
  }

  /// The best valid pair that was answered lately, and since the last disconnection.
  func bestUsable(_ now: Instant) -> Int? {
    self.pairs.firstIndex {
      $0.isValid && $0.lastResponse >= self.freshSince
        && $0.lastResponse + self.configuration.consentTimeout > now
    }
  }

  /// Has the pair checked again, now with USE-CANDIDATE.
  mutating func nominate(_ i: Int) {
    self.pairs[i].isNominating = true
    self.trigger(i)
  }

  /// The peer, which controls, nominated a pair.
  mutating func peerNominated(_ i: Int, now: Instant) {
    self.pairs[i].nominatedAt = now
    guard self.pairs[i].isValid else {
      self.pairs[i].isNominationPending = true
      return
    }
    self.pairs[i].isNominationPending = false
    self.pairs[i].isNominated = true
    if let selection = self.selection, selection.isNominated, selection.pairID == self.pairs[i].id { return }
    guard let selection = self.selection, selection.isNominated, !selection.isPrevious,
      let current = self.pairs.index(id: selection.pairID)
    else {
      self.select(i, nominated: true, now: now)
      return
    }
    if self.pairs[i].priority > selection.priority || self.recoveringSince != nil
      || self.pairs[current].nominatedAt + Self.changeOfMind <= now
    {
      self.select(i, nominated: true, now: now)
    } else {
      // Aggressive, or the current pair is dead for the peer: asking it tells.
      self.challenger = self.pairs[i].id
      self.trigger(current)
    }
  }

  /// Gives way to a pair that the peer nominated while checks of the current one stay unanswered.
  mutating func yieldToChallenger(_ now: Instant) {
    guard let i = self.pairs.index(id: self.challenger), let j = self.pairs.index(id: self.selection?.pairID ?? 0),
      self.role == .controlled, self.pairs[i].isValid
    else {
      self.challenger = 0
      return
    }
    if self.pairs[j].attempts >= Self.attemptsBeforeYielding, self.pairs[j].nextAttempt <= now {
      self.select(i, nominated: true, now: now)
    }
  }

  static let attemptsBeforeYielding: UInt8 = 2

  mutating func select(_ i: Int, nominated: Bool, now: Instant) {
    let pair = self.pairs[i]
    let isSame = self.selection?.local == pair.local && self.selection?.remote == pair.remote
    if let old = self.selection, !isSame, let j = self.pairs.index(id: old.pairID) {
      // The pair that is left is asked once more, and kept only if it answers.
      self.pairs[j].isNominated = false
      self.pairs[j].attempts = 0
      self.pairs[j].nextAttempt = now + self.configuration.pacingInterval
    }
    self.challenger = 0
    self.pairs[i].isNominated = nominated
    if pair.ticket == 0, !pair.isNominating {
      self.pairs[i].attempts = 0
      self.pairs[i].nextAttempt = .distantFuture
    }
    self.selection = Selection(
      local: pair.local, remote: pair.remote, localKind: pair.localKind, remoteKind: pair.remoteKind, pairID: pair.id,
      priority: pair.priority, isNominated: nominated, lastResponse: pair.lastResponse,
      lastReceived: max(pair.lastReceived, pair.lastResponse), roundTrip: pair.roundTrip)
    self.timers.cancel(.checksTimeout)
    if !isSame || self.recoveringSince != nil || self.timers.deadline(of: .consent) == nil {
      self.beginConsent(now)
    } else if self.timers.deadline(of: .liveness) == nil {
      // The same path in a new session: nobody watched it during the restart.
      self.timers.set(.liveness, at: max(self.doubtBegins, now + .milliseconds(1)))
    }
    self.recoveringSince = nil
    if !isSame { self.notify(.selected(local: pair.local, remote: pair.remote)) }
    self.setState(nominated ? .completed : .connected)
    if nominated { self.rest(now) }
  }

  /// Ends what is not worth doing once a pair is nominated (RFC 8445 section 8.1.2).
  mutating func rest(_ now: Instant) {
    guard let selection = self.selection else { return }
    for i in self.pairs.indices
    where self.pairs[i].id != selection.pairID && self.pairs[i].priority <= selection.priority {
      self.pairs[i].ticket = 0
      if self.pairs[i].isValid {
        if self.pairs[i].nextAttempt == .distantFuture {
          self.pairs[i].nextAttempt = now + self.configuration.keepaliveInterval
        }
      } else if self.pairs[i].state == .inProgress || self.pairs[i].state == .waiting {
        self.pairs[i].state = .frozen
        self.pairs[i].nextAttempt = .distantFuture
        self.pairs[i].attempts = 0
      }
    }
  }
}
