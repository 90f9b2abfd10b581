import Bytes
import Time

/// An alert that is due (RFC 5246 section 7.2).
struct PendingAlert: Sendable {
  var alert: Alert
  var isFatal: Bool
}

extension Connection {
  mutating func queueAlert(_ alert: Alert, isFatal: Bool) {
    self.pendingAlert = PendingAlert(alert: alert, isFatal: isFatal)
  }

  mutating func receiveAlert(_ content: Span<UInt8>, isAuthentic: Bool) {
    guard content.count == 2 else {
      self.statistics.malformedRecords &+= 1
      return
    }
    let isFatal = content[0] == 2
    let alert = Alert(rawValue: content[1])
    if alert == .closeNotify && isAuthentic && self.phase == .connected {
      self.queueAlert(.closeNotify, isFatal: false)  // RFC 5246 section 7.2.1
      self.pendingEnd = .closed
      self.end(.closed)
    } else if self.phase == .idle || !(isFatal || alert == .closeNotify) {
      // Nobody is being talked to, or it is a warning.
      self.statistics.unexpectedRecords &+= 1
    } else {
      // In the clear, a forger could have written it; but such a one could as well spoil the handshake by its messages,
      // and to ignore an honest alert means half a minute of silence for the user.
      self.pendingEnd = .failed(.peerAlert(alert))
      self.end(.failed)
    }
  }

  mutating func fail(_ fault: Fault) {
    guard self.phase != .failed, self.phase != .closed else { return }
    switch fault {
    case .alert(let alert):
      self.queueAlert(alert, isFatal: true)
      self.pendingEnd = .failed(.peerFault(alert))
    case .fingerprintMismatch:
      self.queueAlert(.badCertificate, isFatal: true)
      self.pendingEnd = .failed(.fingerprintMismatch)
    case .outOfMemory:
      self.queueAlert(.internalError, isFatal: true)
      self.pendingEnd = .failed(.outOfMemory)
    }
    self.end(.failed)
  }

  /// Lets go of all that only a living connection needs. The writing key stays, for the alert.
  mutating func end(_ phase: Phase) {
    self.phase = phase
    self.releaseHandshake()
    self.flight = Flight()
    self.peerFlightEnd = nil
    self.early = EarlyRecords(limit: 0)
    self.timers = TimerTable()
  }

  mutating func releaseHandshake() {
    self.handshake = Handshake()
    self.reassembly = Reassembly(maximumMessageSize: 0)
  }
}
