import Bytes
import Time

/// Ending in peace, or at once (RFC 9260 section 9).
extension Association {
  /// Ends once everything accepted by `send` was acknowledged; nothing more is accepted.
  public mutating func shutdown(now: Instant) {
    self.note(now)
    switch self.phase {
    case .closed: self.end(.shutdown)
    case .cookieWait, .cookieEchoed: self.abort(.abortedLocally, cause: ErrorCause.userInitiatedAbort)
    case .established:
      self.phase = .shutdownPending
      self.continueShutdown()
    default: break
    }
  }

  /// Ends now; the peer is told by one ABORT.
  public mutating func abort(now: Instant) {
    self.note(now)
    guard self.phase != .ended else { return }
    self.abort(.abortedLocally, cause: ErrorCause.userInitiatedAbort)
  }

  /// Takes the next step once nothing is outstanding.
  mutating func continueShutdown() {
    guard self.outbox.isDrained else { return }
    switch self.phase {
    case .shutdownPending:
      self.phase = .shutdownSent
      self.due.shutdown = true
    case .shutdownReceived:
      self.phase = .shutdownAckSent
      self.due.shutdownAck = true
    default: return
    }
    self.shutdownTransmissions = 0
    self.timers.cancel(.heartbeat)
    self.timers.cancel(.reset)
    self.timers.set(.shutdown, at: self.now + self.outbox.roundTrip.timeout)
    // T5: five times RTO.Max, whatever the peer keeps asking (section 9.2).
    self.timers.set(.shutdownGuard, at: self.now + self.configuration.maximumRTO * 5)
  }

  /// T2-shutdown expired.
  mutating func shutdownExpired() {
    self.timers.cancel(.shutdown)
    self.shutdownTransmissions &+= 1
    self.outbox.roundTrip.backOff()
    guard self.shutdownTransmissions <= self.configuration.maximumRetransmissions else {
      self.abort(.retransmissionsExceeded, cause: 0)
      return
    }
    if self.phase == .shutdownSent { self.due.shutdown = true } else { self.due.shutdownAck = true }
    self.timers.set(.shutdown, at: self.now + self.outbox.roundTrip.timeout)
  }

  mutating func receiveShutdown(_ chunk: borrowing Chunk) {
    var cursor = SpanCursor(chunk.value)
    guard let cumulative = try? cursor.read(UInt32.self) else {
      self.counters.malformed &+= 1
      return
    }
    switch self.phase {
    case .established, .shutdownPending, .shutdownReceived:
      switch self.outbox.acknowledge(cumulative: cumulative, timers: &self.timers, now: self.now) {
      case .forged:
        // Section 9.2 lets SHUTDOWN acknowledge; it cannot acknowledge what was not sent.
        self.counters.ignored &+= 1
        return
      case .stale: self.counters.ignored &+= 1
      case .processed: self.errors = 0
      }
      self.phase = .shutdownReceived
    case .shutdownSent:
      // Both at once.
      self.phase = .shutdownAckSent
      self.due.shutdown = false
      self.due.shutdownAck = true
      self.timers.set(.shutdown, at: self.now + self.outbox.roundTrip.timeout)
    case .shutdownAckSent: self.due.shutdownAck = true
    default: self.counters.ignored &+= 1
    }
  }

  mutating func receiveShutdownAck() {
    guard self.phase == .shutdownSent || self.phase == .shutdownAckSent else {
      self.counters.ignored &+= 1
      return
    }
    self.reply = StatelessReply(kind: .shutdownComplete(reflected: false), tag: self.peer.tag)
    self.end(.shutdown)
  }

  mutating func receiveShutdownComplete() {
    guard self.phase == .shutdownAckSent else {
      self.counters.ignored &+= 1
      return
    }
    self.end(.shutdown)
  }
}
