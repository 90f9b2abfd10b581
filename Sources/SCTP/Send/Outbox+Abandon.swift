import Bytes
import Time

/// Partial reliability (RFC 3758, with the policies of RFC 7496).
extension Outbox {
  /// Whether the message's policy forbids to send this chunk again.
  @inline(__always) func isExhausted(_ chunk: Outstanding.Chunk, now: Instant) -> Bool {
    guard self.supportsForwardTSN else { return false }
    let message = self.queue.message(chunk.message)
    return message.isLimited
      && (UInt32(chunk.transmissions) >= message.maximumTransmissions || message.deadline <= now)
  }

  /// Gives up a message of which `tsn` is a fragment: all its TSNs (rule A3), and what of it is unsent.
  mutating func abandon(_ message: Int32, at tsn: UInt32) {
    self.abandonedMessages &+= 1
    var at = tsn
    while self.outstanding.contains(at &- 1), self.outstanding[at &- 1].message == message { at = at &- 1 }
    while self.outstanding.contains(at), self.outstanding[at].message == message {
      let chunk = self.outstanding[at]
      if chunk.block != BlockPool.Chain.none { self.queue.discard(block: chunk.block, size: Int(chunk.size)) }
      self.outstanding.markAbandoned(at)
      at = at &+ 1
    }
    if self.queue.abandon(message) {
      // The end of the message has to be seen to be skipped: were the next TSN to begin another message, the
      // receiver would find one without an end.
      var rest = Outstanding.Chunk()
      rest.message = message
      rest.flags = DataChunk.ending
      self.queue.addPlaceholder(message)
      self.outstanding.appendAbandoned(rest)
    }
  }

  /// Gives up whatever of the lost chunks may not be sent again.
  mutating func abandonExhausted(now: Instant) {
    guard self.supportsForwardTSN else { return }
    var left = self.outstanding.lost.count
    var tsn = self.outstanding.lost.first
    while left > 0 {
      let chunk = self.outstanding[tsn]
      left &-= 1
      // Abandoning removes neighbours from the list too: start over, each time with fewer.
      if self.isExhausted(chunk, now: now) {
        self.abandon(chunk.message, at: tsn)
        left = self.outstanding.lost.count
        tsn = self.outstanding.lost.first
      } else {
        tsn = chunk.next
      }
    }
    self.advanceForwardPoint()
  }

  /// Messages whose lifetime ended while they waited, and the one whose sending it interrupts.
  mutating func expire(_ timers: inout Timers, now: Instant) {
    timers.cancel(.lifetime)
    let current = self.queue.current
    var next = Instant.distantFuture
    if self.supportsForwardTSN, current != SendQueue.none, self.queue.message(current).sent > 0 {
      next = self.queue.message(current).deadline
      if next <= now {
        next = .distantFuture
        self.abandon(current, at: self.lastTSN)
        self.advanceForwardPoint()
        self.isForwardDue = self.isForwardPending
        self.arm(&timers, now: now)
      }
    }
    let expired = self.queue.expire(now: now)
    self.abandonedMessages &+= UInt64(expired.count)
    next = min(next, expired.next)
    if next != .distantFuture { timers.set(.lifetime, at: next) }
  }

  /// Rule C2.
  mutating func advanceForwardPoint() {
    if SequenceNumber(self.advancedPoint).precedes(SequenceNumber(self.cumulative)) { self.advancedPoint = self.cumulative }
    guard self.outstanding.abandoned > 0 else { return }
    while self.outstanding.contains(self.advancedPoint &+ 1),
      self.outstanding[self.advancedPoint &+ 1].state == .abandoned
    {
      self.advancedPoint = self.advancedPoint &+ 1
    }
  }

  /// Writes a FORWARD TSN up to the advanced point, or as far as its streams fit (rules C3 to C5).
  mutating func writeForwardTSN(end: Int, into writer: inout SpanWriter, timers: inout Timers, now: Instant) {
    let start = Chunk.begin(ChunkType.forwardTSN, in: &writer)
    writer.write(UInt32(0))
    let list = writer.count
    var point = self.cumulative
    while point != self.advancedPoint {
      let chunk = self.outstanding[point &+ 1]
      let message = self.queue.message(chunk.message)
      if message.isOrdered {
        let stream = self.queue.identifier(of: chunk.message)
        guard Self.report(stream, message.sequence, from: list, end: end, in: &writer) else { break }
      }
      point = point &+ 1
    }
    self.isForwardDue = false
    self.forwardedPoint = point
    self.forwardedAt = now
    writer.patch(point, at: list &- 4)
    Chunk.end(start, in: &writer)
    self.arm(&timers, now: now)
  }

  /// Adds a stream, or raises its number; numbers come in ascending order. False if there is no room.
  private static func report(
    _ stream: UInt16, _ sequence: UInt16, from list: Int, end: Int, in writer: inout SpanWriter
  ) -> Bool {
    let found = Self.find(stream, in: writer.bytes(in: list..<writer.count))
    if found >= 0 {
      writer.patch(sequence, at: list &+ found &+ 2)
      return true
    }
    guard writer.count &+ 4 <= end else { return false }
    writer.write(stream)
    writer.write(sequence)
    return true
  }

  private static func find(_ stream: UInt16, in list: Span<UInt8>) -> Int {
    var at = 0
    while at < list.count {
      if UInt16(list[at]) &<< 8 | UInt16(list[at &+ 1]) == stream { return at }
      at &+= 4
    }
    return -1
  }
}
