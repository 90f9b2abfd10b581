import Bytes
import Time

/// DATA into packets (RFC 9260 section 6.1).
extension Outbox {
  /// Whether `writeData` would write something into an empty packet.
  @inline(__always) var isDataReady: Bool {
    if self.outstanding.lost.count > 0 { return self.mayFly && self.mayLandAgain(self.outstanding.lost.first) }
    guard let size = self.queue.nextFragmentSize(room: .max, full: self.fullFragment) else { return false }
    return self.mayFly && self.mayLand(size)
  }

  private var mayFly: Bool {
    self.hasCredit || self.outstanding.bytesInFlight < min(self.congestion.window, self.burstLimit)
  }

  /// Rule A: within the peer's window; with nothing in flight, one chunk to learn when the window opens.
  private func mayLand(_ size: Int) -> Bool { size <= self.peerWindow || self.outstanding.flight.count == 0 }

  /// A peer has room for what it lacks first; the rest counts anew (section 6.2.1 C).
  @inline(__always) private func mayLandAgain(_ tsn: UInt32) -> Bool {
    tsn == self.outstanding.first || self.mayLand(Int(self.outstanding[tsn].size))
  }

  /// Writes what is lost, then what is new, up to offset `end` of the writer. Returns whether anything was written.
  mutating func writeData(end: Int, into writer: inout SpanWriter, timers: inout Timers, now: Instant) -> Bool {
    let start = writer.count
    let hadCredit = self.hasCredit
    self.congestion.noteSending(
      inFlight: self.outstanding.bytesInFlight, timeout: self.roundTrip.timeout, now: now)
    while self.outstanding.lost.count > 0, self.mayFly {
      let tsn = self.outstanding.lost.first
      let chunk = self.outstanding[tsn]
      if self.isExhausted(chunk, now: now) {
        self.abandon(chunk.message, at: tsn)
        self.advanceForwardPoint()
        self.isForwardDue = self.isForwardPending
        continue
      }
      guard writer.count &+ chunk.weight <= end, self.mayLandAgain(tsn) else { break }
      self.outstanding.resend(tsn, now: now)
      self.write(tsn, chunk, flags: chunk.flags | DataChunk.immediate, into: &writer)
      self.retransmissions &+= 1
    }
    if self.outstanding.lost.count == 0 { self.writeNew(end: end, into: &writer, now: now) }
    guard writer.count > start else { return false }
    if hadCredit { self.hasCredit = false }
    self.arm(&timers, now: now)
    self.armProbe(&timers, now: now)
    return true
  }

  private mutating func writeNew(end: Int, into writer: inout SpanWriter, now: Instant) {
    while self.mayFly,
      let size = self.queue.nextFragmentSize(
        room: (end &- writer.count &- DataChunk.headerSize) & ~3, full: self.fullFragment),
      self.mayLand(size)
    {
      let fragment = self.queue.takeFragment(size: size)
      var chunk = Outstanding.Chunk()
      chunk.message = fragment.message
      chunk.block = fragment.block
      chunk.size = UInt16(truncatingIfNeeded: size)
      chunk.flags = fragment.flags
      chunk.sentAt = now
      chunk.transmissions = 1
      let tsn = self.outstanding.append(chunk)
      // Where nothing follows soon, do not let the peer wait for it (RFC 7053 section 4).
      let isLast = !self.queue.hasUnsent || !self.mayFly
      self.write(tsn, chunk, flags: fragment.flags | (isLast ? DataChunk.immediate : 0), into: &writer)
    }
  }

  @inline(__always) private func write(_ tsn: UInt32, _ chunk: Outstanding.Chunk, flags: UInt8, into writer: inout SpanWriter) {
    let message = self.queue.message(chunk.message)
    DataChunk.writeHeader(
      flags: flags, tsn: tsn, stream: self.queue.identifier(of: chunk.message),
      sequence: message.isOrdered ? message.sequence : 0, protocolIdentifier: message.protocolIdentifier,
      payloadSize: Int(chunk.size), into: &writer)
    self.queue.pool.write(Int(chunk.size), from: chunk.block, into: &writer)
    writer.writeZeros(padding(of: Int(chunk.size)))
  }
}
