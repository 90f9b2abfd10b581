import Bytes
import Time

/// SACK (RFC 9260 section 6.2.1) and the detection of loss (RFC 8985).
extension Outbox {
  enum Acknowledgement {
    /// Older than what is known: dropped.
    case stale
    /// Acknowledges what was never sent, or contradicts itself.
    case forged
    case processed(progress: Bool)
  }

  mutating func acknowledge(_ sack: borrowing SackChunk, timers: inout Timers, now: Instant) -> Acknowledgement {
    let sent = self.outstanding.next &- self.outstanding.first
    let covered = sack.cumulativeTSN &- self.cumulative
    if covered > sent { return covered >= 1 &<< 31 ? .stale : .forged }
    guard Self.isPlausible(sack, reach: sent &- covered) else { return .forged }

    let flightBefore = self.outstanding.bytesInFlight
    var newest = Newest()
    var acknowledged = 0
    while self.cumulative != sack.cumulativeTSN { acknowledged &+= self.removeFirst(&newest, now: now) }
    var i = 0
    while i < sack.gapCount {
      let gap = sack.gap(i)
      acknowledged &+= self.markGap(
        from: sack.cumulativeTSN &+ UInt32(gap.start), through: sack.cumulativeTSN &+ UInt32(gap.end), &newest, now: now)
      i &+= 1
    }
    // What the peer lacks cannot be what it acknowledged before: it took that back.
    if !self.outstanding.isEmpty, self.outstanding[self.outstanding.first].state == .acknowledged {
      self.outstanding.revokeGaps()
    }
    let wasClosed = self.isWindowClosed
    self.advertisedWindow = Int(min(sack.receiveWindow, 1 &<< 30))
    if wasClosed, !self.isWindowClosed, self.outstanding.flight.count == 1 {
      // The window opens: what probed it was refused, and need not wait for a timeout that had backed off.
      self.outstanding.markAllLost()
      self.roundTrip.endBackOff()
      timers.cancel(.retransmission)
    }
    // A duplicate tells of a retransmission that was not needed: allow more reordering (RFC 8985 section 6.2).
    if sack.duplicateCount > 0, self.hasSeenReordering, self.reorderingAllowance < 16 { self.reorderingAllowance &+= 1 }
    self.finishAcknowledgement(
      acknowledged: acknowledged, advanced: covered > 0, inFlight: flightBefore, newest: newest, timers: &timers, now: now)
    return .processed(progress: acknowledged > 0 || covered > 0)
  }

  /// SHUTDOWN's Cumulative TSN Ack counts as a SACK without gaps (section 9.2).
  mutating func acknowledge(cumulative: UInt32, timers: inout Timers, now: Instant) -> Acknowledgement {
    let sent = self.outstanding.next &- self.outstanding.first
    let covered = cumulative &- self.cumulative
    if covered > sent { return covered >= 1 &<< 31 ? .stale : .forged }
    let flightBefore = self.outstanding.bytesInFlight
    var newest = Newest()
    var acknowledged = 0
    while self.cumulative != cumulative { acknowledged &+= self.removeFirst(&newest, now: now) }
    self.finishAcknowledgement(
      acknowledged: acknowledged, advanced: covered > 0, inFlight: flightBefore, newest: newest, timers: &timers, now: now)
    return .processed(progress: covered > 0)
  }

  /// The most recently sent of the chunks that one SACK newly acknowledged.
  struct Newest {
    var isKnown = false
    var sentAt = Instant.zero
    var tsn: UInt32 = 0
    var isFirstTransmission = false
  }

  private mutating func finishAcknowledgement(
    acknowledged: Int, advanced: Bool, inFlight: Int, newest: Newest, timers: inout Timers, now: Instant
  ) {
    if newest.isKnown {
      self.isProbing = false
      let measured = now - newest.sentAt
      if newest.isFirstTransmission {
        self.roundTrip.sample(measured)
      } else {
        self.roundTrip.endBackOff()
      }
      self.noteArrival(newest, roundTrip: measured)
    }
    if self.congestion.isRecovering,
      SequenceNumber(self.congestion.recoveryExit).precedesOrEquals(SequenceNumber(self.cumulative))
    {
      self.congestion.endRecovery()
    }
    self.congestion.grow(acknowledged: acknowledged, inFlight: inFlight, isQueueing: self.roundTrip.isQueueing)
    self.detectLoss(&timers, now: now)
    self.burstLimit =
      self.outstanding.bytesInFlight == 0
      ? .max : self.outstanding.bytesInFlight &+ acknowledged &+ self.maximumBurst &* self.congestion.packet
    self.advanceForwardPoint()
    if self.isForwardPending,
      self.advancedPoint != self.forwardedPoint || now - self.forwardedAt >= self.roundTrip.smoothed
    {
      self.isForwardDue = true
    }
    // Rule R3: the timer runs anew for what is the earliest now.
    if advanced { timers.cancel(.retransmission) }
    self.arm(&timers, now: now)
    self.armProbe(&timers, now: now)
  }

  /// Gap blocks lie behind the cumulative TSN, begin no later than they end, and reach only what was sent.
  private static func isPlausible(_ sack: borrowing SackChunk, reach: UInt32) -> Bool {
    var i = 0
    while i < sack.gapCount {
      let gap = sack.gap(i)
      guard gap.start >= 1, gap.start <= gap.end, UInt32(gap.end) <= reach else { return false }
      i &+= 1
    }
    return true
  }

  private mutating func removeFirst(_ newest: inout Newest, now: Instant) -> Int {
    let tsn = self.outstanding.first
    let chunk = self.outstanding.removeFirst()
    self.queue.finish(message: chunk.message, block: chunk.block, size: Int(chunk.size))
    guard chunk.state == .inFlight || chunk.state == .lost else { return 0 }
    self.note(tsn, chunk, &newest, now: now)
    return chunk.weight
  }

  private mutating func markGap(from start: UInt32, through end: UInt32, _ newest: inout Newest, now: Instant) -> Int {
    var acknowledged = 0
    let stop = end &+ 1
    var tsn = self.outstanding.skipAcknowledged(from: start, end: stop)
    while tsn != stop {
      let chunk = self.outstanding[tsn]
      if chunk.state == .inFlight || chunk.state == .lost {
        self.note(tsn, chunk, &newest, now: now)
        self.outstanding.markAcknowledged(tsn)
        acknowledged &+= chunk.weight
      }
      tsn = self.outstanding.skipAcknowledged(from: tsn &+ 1, end: stop)
    }
    return acknowledged
  }

  private mutating func note(_ tsn: UInt32, _ chunk: Outstanding.Chunk, _ newest: inout Newest, now: Instant) {
    let isFirst = chunk.transmissions == 1
    if SequenceNumber(self.highestAcknowledged).precedes(SequenceNumber(tsn)) {
      self.highestAcknowledged = tsn
    } else if isFirst, chunk.state == .inFlight {
      // Sent once, never thought lost, and yet later than its successors.
      self.hasSeenReordering = true
    }
    // Sooner than any round trip after its last transmission: it is an earlier one that arrived.
    if !isFirst, now - chunk.sentAt < self.roundTrip.shortest { return }
    let isNewer =
      !newest.isKnown || newest.sentAt < chunk.sentAt
      || newest.sentAt == chunk.sentAt && SequenceNumber(newest.tsn).precedes(SequenceNumber(tsn))
    if isNewer {
      newest = Newest(isKnown: true, sentAt: chunk.sentAt, tsn: tsn, isFirstTransmission: isFirst)
    }
  }

  private mutating func noteArrival(_ newest: Newest, roundTrip: Interval) {
    self.latestRoundTrip = roundTrip
    guard
      self.latestSentAt < newest.sentAt
        || self.latestSentAt == newest.sentAt && SequenceNumber(self.latestTSN).precedes(SequenceNumber(newest.tsn))
    else { return }
    self.latestSentAt = newest.sentAt
    self.latestTSN = newest.tsn
  }

  /// RFC 8985 section 6.2 steps 4 and 5. Also called when the reordering window has passed.
  mutating func detectLoss(_ timers: inout Timers, now: Instant) {
    timers.cancel(.reordering)
    let window = self.reorderingWindow
    var lost = 0
    while self.outstanding.flight.count > 0 {
      let tsn = self.outstanding.flight.first
      let chunk = self.outstanding[tsn]
      guard
        chunk.sentAt < self.latestSentAt
          || chunk.sentAt == self.latestSentAt && SequenceNumber(tsn).precedes(SequenceNumber(self.latestTSN))
      else { break }
      let deadline = chunk.sentAt + self.latestRoundTrip + window
      guard deadline <= now else {
        timers.set(.reordering, at: deadline)
        break
      }
      lost &+= chunk.weight
      if self.isExhausted(chunk, now: now) {
        self.abandon(chunk.message, at: tsn)
      } else {
        self.outstanding.markLost(tsn)
      }
    }
    guard lost > 0 else { return }
    if self.congestion.beginRecovery(exit: self.lastTSN, isQueueing: self.roundTrip.isQueueing) {
      self.recoveries &+= 1
      self.hasCredit = true
    }
    self.congestion.noteLoss(lost)
    self.advanceForwardPoint()
    if self.isForwardPending { self.isForwardDue = true }
  }

  private var reorderingWindow: Interval {
    if !self.hasSeenReordering, self.congestion.isRecovering || self.outstanding.gapAcknowledged >= 3 { return .zero }
    guard self.roundTrip.isKnown else { return .zero }
    return min(self.roundTrip.shortest * self.reorderingAllowance / 4, self.roundTrip.smoothed)
  }
}
