import Time

/// What an association can wait for.
@usableFromInline enum Timer: Int, Sendable {
  /// T1-init and T1-cookie (RFC 9260 section 4).
  case handshake
  /// T2-shutdown, and T5-shutdown-guard over all of it.
  case shutdown
  case shutdownGuard
  /// T3-rtx (section 6.3.2).
  case retransmission
  /// The probe timeout and the reordering window (RFC 8985 sections 7.2 and 6.2).
  case probe
  case reordering
  /// The end of a queued message's lifetime.
  case lifetime
  case acknowledgement
  /// When the next HEARTBEAT is due, or the answer to the last one overdue.
  case heartbeat
  /// RFC 6525 section 5.1.1.
  case reset
}

@usableFromInline typealias Timers = TimerTable<Timer, 10>
