import Bytes
import Time

struct HeartbeatState: Sendable {
  var nonce: UInt64 = 0
  var isAwaiting = false
  /// The peer's Heartbeat Information, to be returned as it came.
  var answer: [UInt8] = []
}

/// Whether an idle path is alive (RFC 9260 section 8.3).
extension Association {
  mutating func startHeartbeats() {
    self.heartbeat.isAwaiting = false
    guard self.configuration.heartbeatInterval > .zero else { return }
    // The interval, the timeout, and half of that at random (section 8.3), lest all associations beat at once.
    let timeout = self.outbox.roundTrip.timeout
    let jitter = UInt32(truncatingIfNeeded: min(timeout.nanoseconds / 1_000, UInt64(UInt32.max)))
    self.timers.set(
      .heartbeat,
      at: self.now + self.configuration.heartbeatInterval + timeout / 2
        + .microseconds(self.random.next(below: max(jitter, 1))))
  }

  mutating func heartbeatExpired() {
    self.timers.cancel(.heartbeat)
    if self.heartbeat.isAwaiting {
      self.outbox.roundTrip.backOff()
      guard self.countError() else { return }
    } else if self.outbox.outstanding.isAwaiting {
      // Data probes the path well enough.
      self.startHeartbeats()
      return
    } else {
      // Idle for a while: memory that bursts took may go.
      self.outbox.queue.trim()
      self.inbox.trim()
    }
    self.heartbeat.nonce = self.random.next()
    self.heartbeat.isAwaiting = true
    self.due.heartbeat = true
    self.timers.set(.heartbeat, at: self.now + self.outbox.roundTrip.timeout)
  }

  mutating func receiveHeartbeat(_ chunk: borrowing Chunk) {
    guard self.isOpen, chunk.value.count <= self.configuration.maximumPacketSize / 2 else {
      self.counters.ignored &+= 1
      return
    }
    self.heartbeat.answer.removeAll(keepingCapacity: true)
    var i = 0
    while i < chunk.value.count {
      self.heartbeat.answer.append(chunk.value[i])
      i &+= 1
    }
    self.due.heartbeatAck = true
  }

  mutating func receiveHeartbeatAck(_ chunk: borrowing Chunk) {
    var cursor = SpanCursor(chunk.value)
    guard self.isOpen, self.heartbeat.isAwaiting, let information = try? Parameter(parsing: &cursor) else {
      self.counters.ignored &+= 1
      return
    }
    var fields = SpanCursor(information.value)
    guard let nonce = try? fields.read(UInt64.self), nonce == self.heartbeat.nonce,
      let sentAt = try? fields.read(UInt64.self)
    else {
      self.counters.ignored &+= 1
      return
    }
    self.errors = 0
    self.outbox.roundTrip.sample(self.now - Instant(nanoseconds: sentAt))
    self.startHeartbeats()
  }

  /// One timeout more without an answer (sections 8.1 and 8.2: with one path, both counters are one). Returns
  /// whether the association lives on.
  mutating func countError() -> Bool {
    self.errors &+= 1
    guard self.errors > self.configuration.maximumRetransmissions else { return true }
    self.abort(.retransmissionsExceeded, cause: 0)
    return false
  }
}
