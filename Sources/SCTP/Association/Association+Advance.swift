import Time

extension Association {
  /// Does what is due. Afterwards `nextDeadline` lies in the future.
  public mutating func advance(to now: Instant) {
    self.note(now)
    let now = self.now
    guard let next = self.timers.next, next <= now else { return }
    if self.timers.isDue(.handshake, at: now) { self.handshakeExpired() }
    if self.timers.isDue(.shutdownGuard, at: now) { self.abort(.retransmissionsExceeded, cause: 0) }
    if self.timers.isDue(.shutdown, at: now) { self.shutdownExpired() }
    if self.timers.isDue(.acknowledgement, at: now) {
      self.timers.cancel(.acknowledgement)
      self.due.acknowledgement = true
    }
    if self.timers.isDue(.lifetime, at: now) { self.outbox.expire(&self.timers, now: now) }
    if self.timers.isDue(.reordering, at: now) {
      self.outbox.detectLoss(&self.timers, now: now)
      self.outbox.armProbe(&self.timers, now: now)
    }
    if self.timers.isDue(.probe, at: now) { self.outbox.probeExpired(&self.timers, now: now) }
    if self.timers.isDue(.retransmission, at: now) { self.retransmissionExpired() }
    if self.timers.isDue(.reset, at: now) { self.resetExpired() }
    if self.timers.isDue(.heartbeat, at: now) { self.heartbeatExpired() }
    if self.phase != .ended { self.continueShutdown() }
  }

  private mutating func retransmissionExpired() {
    guard self.phase != .cookieEchoed else {
      // T1-cookie carries the data again.
      self.timers.cancel(.retransmission)
      return
    }
    guard self.countError() else { return }
    self.outbox.retransmissionExpired(&self.timers, now: self.now)
  }
}
