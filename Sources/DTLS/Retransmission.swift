import Bytes
import Time

extension Connection {
  /// When `advance` is due. Later than `now` after `advance(to: now)`.
  public var nextDeadline: Instant? { self.timers.next }

  public mutating func advance(to now: Instant) {
    if self.timers.isDue(.handshake, at: now) {
      self.pendingEnd = .failed(.timedOut)
      self.end(.failed)
    } else if self.timers.isDue(.retransmission, at: now) {
      // RFC 6347 section 4.2.4.1
      self.timeout = min(self.timeout * 2, self.configuration.maximumTimeout)
      self.flightTimeouts &+= 1
      self.sendFlightAgain(now: now)
      self.timers.set(.retransmission, at: now + self.timeout)
    }
  }

  /// Begins to send a flight, whose answer is waited for unless it is the last.
  mutating func begin(_ flight: Flight, expectingAnswer: Bool, now: Instant) {
    self.flight = flight
    self.flightStartedAt = now
    // "SHOULD retain the current timer value until a transmission without loss occurs" (RFC 6347 section 4.2.4.1).
    if self.flightTimeouts == 0 { self.timeout = self.initialTimeout }
    self.flightTimeouts = 0
    if expectingAnswer {
      self.timers.set(.retransmission, at: now + self.timeout)
    } else {
      self.timers.cancel(.retransmission)
    }
  }

  /// Sends the flight again if this fragment is the end of the peer's own latest flight, coming once more: the sign that ours
  /// got lost (RFC 6347 section 4.2.4).
  mutating func answerRepetition(_ header: HandshakeHeader, now: Instant) {
    guard header.sequence == self.peerFlightEnd, header.endsMessage, !self.flight.isEmpty, self.flight.isWritten else {
      return
    }
    // A duplicate made by the network follows at its heels; a peer's timer does not. Thus one repetition is answered once.
    guard now - self.flightStartedAt >= .milliseconds(10) else { return }
    self.sendFlightAgain(now: now)
    // A last flight and a HelloVerifyRequest are sent when asked for, never by a timer.
    if self.timers.deadline(of: .retransmission) != nil { self.timers.set(.retransmission, at: now + self.timeout) }
  }

  private mutating func sendFlightAgain(now: Instant) {
    self.statistics.retransmittedFlights &+= 1
    self.flightStartedAt = now
    self.flight.restart()
  }
}
