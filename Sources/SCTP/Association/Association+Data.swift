import Bytes
import Time

/// When to acknowledge (RFC 9260 section 6.2).
struct AcknowledgementState: Sendable {
  /// Packets with DATA that no SACK has answered.
  var packets = 0
  /// This packet carried DATA, or a FORWARD TSN.
  var hasData = false
  /// This packet calls for a SACK at once.
  var isImmediate = false
}

/// DATA, SACK and FORWARD TSN.
extension Association {
  mutating func receiveData(_ chunk: borrowing Chunk) {
    switch self.phase {
    case .established, .shutdownPending, .shutdownSent: break
    case .cookieEchoed:
      // The peer sends data with our tag, so that it has our cookie: its COOKIE ACK was lost or comes late.
      self.receiveCookieAck()
    default:
      self.counters.ignored &+= 1
      return
    }
    guard let data = try? DataChunk(parsing: chunk) else {
      self.counters.malformed &+= 1
      return
    }
    guard data.payload.count > 0 else {
      // Section 6.2: no user data, no association.
      self.abort(.protocolViolation, cause: ErrorCause.noUserData)
      return
    }
    let hadGaps = self.inbox.tsns.hasGaps
    self.acknowledgement.hasData = true
    if data.flags & DataChunk.immediate != 0 { self.acknowledgement.isImmediate = true }
    switch self.inbox.receive(data) {
    case .accepted:
      if hadGaps || self.inbox.tsns.hasGaps { self.acknowledgement.isImmediate = true }
    case .duplicate:
      self.counters.duplicates &+= 1
      self.acknowledgement.isImmediate = true
    case .dropped:
      self.counters.droppedForWindow &+= 1
      self.acknowledgement.isImmediate = true
    case .violation: self.abort(.protocolViolation, cause: ErrorCause.protocolViolation)
    case .tooLarge: self.abort(.messageTooLarge, cause: ErrorCause.outOfResource)
    case .tooManyStreams: self.abort(.tooManyStreams, cause: ErrorCause.outOfResource)
    }
  }

  mutating func receiveForwardTSN(_ chunk: borrowing Chunk) {
    switch self.phase {
    case .established, .shutdownPending, .shutdownSent: break
    default:
      self.counters.ignored &+= 1
      return
    }
    guard let forward = try? ForwardTSNChunk(parsing: chunk) else {
      self.counters.malformed &+= 1
      return
    }
    self.acknowledgement.hasData = true
    guard SequenceNumber(self.inbox.tsns.cumulative).precedes(SequenceNumber(forward.newCumulativeTSN)) else {
      // Out of date: perhaps our last SACK was lost (RFC 3758 section 3.6).
      self.acknowledgement.isImmediate = true
      self.counters.ignored &+= 1
      return
    }
    if self.inbox.tsns.hasGaps { self.acknowledgement.isImmediate = true }
    if !self.inbox.forward(forward) { self.abort(.tooManyStreams, cause: ErrorCause.outOfResource) }
  }

  mutating func receiveSack(_ chunk: borrowing Chunk) {
    switch self.phase {
    case .established, .shutdownPending, .shutdownReceived: break
    case .cookieEchoed: self.receiveCookieAck()
    default:
      self.counters.ignored &+= 1
      return
    }
    guard let sack = try? SackChunk(parsing: chunk) else {
      self.counters.malformed &+= 1
      return
    }
    switch self.outbox.acknowledge(sack, timers: &self.timers, now: self.now) {
    case .stale, .forged: self.counters.ignored &+= 1
    case .processed(let progress):
      // Section 6.1: a peer whose window is closed, but who answers, is alive.
      if progress || sack.receiveWindow == 0 { self.errors = 0 }
    }
  }

  /// One packet more, or one at once: every second packet and every oddity is acknowledged now, the rest soon.
  mutating func finishAcknowledgement() {
    guard self.acknowledgement.hasData else { return }
    self.acknowledgement.hasData = false
    self.acknowledgement.packets &+= 1
    let isImmediate = self.acknowledgement.isImmediate
    self.acknowledgement.isImmediate = false
    if self.phase == .shutdownSent {
      // Section 9.2: SHUTDOWN and SACK at once, and the timer anew.
      self.due.shutdown = true
      self.due.acknowledgement = true
      self.timers.set(.shutdown, at: self.now + self.outbox.roundTrip.timeout)
    } else if isImmediate || self.acknowledgement.packets >= 2 {
      self.due.acknowledgement = true
    } else if self.timers.deadline(of: .acknowledgement) == nil {
      self.timers.set(.acknowledgement, at: self.now + self.configuration.delayedAcknowledgement)
    }
  }
}
