import Time

extension Agent {
  /// Does what is due at `now`. Costs nothing while nothing is.
  public mutating func advance(to now: Instant) {
    guard let next = self.timers.next, next <= now else {
      self.now = max(self.now, now)
      return
    }
    self.settle(now)
  }

  /// Fires due timers, begins a check where the pace allows one, and sets the timers anew: every change ends here.
  mutating func settle(_ now: Instant) {
    self.now = max(self.now, now)
    let now = self.now
    guard !self.isOver else { return }
    if self.timers.isDue(.checksTimeout, at: now) { self.checksTimedOut() }
    if self.timers.isDue(.consentExpiry, at: now) { self.consentExpiryDue(now) }
    if self.timers.isDue(.liveness, at: now) { self.livenessDue(now) }
    guard !self.isOver else { return }
    if self.timers.isDue(.consent, at: now) { self.beginConsentCheck(now) }
    if self.challenger != 0 { self.yieldToChallenger(now) }
    self.giveUpUnanswered(now)
    self.choosePair(now)
    self.beginDueCheck(now)
    self.beginDueGathering(now)
    self.setCheckTimer(now)
    self.setGatheringTimer(now)
  }
}
