import Bytes
import Time

/// The sending half: messages, what is outstanding of them, and how fast more may follow.
///
/// Loss is found by time (RACK, RFC 8985) instead of by counting miss indications: a chunk is lost once one sent
/// sufficiently later was acknowledged. That needs no further data behind a loss but one probe, so that sparse
/// traffic recovers in round trips, not in retransmission timeouts.
@usableFromInline struct Outbox: Sendable {
  @usableFromInline var queue: SendQueue
  var outstanding: Outstanding
  var congestion: CongestionWindow
  var roundTrip: RoundTrip
  /// The peer's window in its latest SACK (RFC 9260 section 6.2.1).
  var advertisedWindow = 0
  var supportsForwardTSN = false
  /// What a fragment holds that is not the last of its message: whole blocks.
  let fullFragment: Int
  let maximumBurst: Int

  // RACK: the most recently sent chunk known to have arrived (RFC 8985 section 6.2).
  var latestSentAt = Instant.zero
  var latestTSN: UInt32 = 0
  var latestRoundTrip = Interval.zero
  var highestAcknowledged: UInt32
  var hasSeenReordering = false
  /// Quarters of the shortest round trip that reordering is allowed.
  var reorderingAllowance: UInt64 = 1

  /// A packet may go out beyond the window: a probe, or the first retransmission of a recovery.
  var hasCredit = false
  var isProbing = false
  /// What may be in flight until the next SACK (Max.Burst).
  var burstLimit = Int.max

  /// Everything up to here is acknowledged or abandoned (RFC 3758 section 3.5 A1).
  var advancedPoint: UInt32
  var isForwardDue = false
  var forwardedPoint: UInt32
  var forwardedAt = Instant.zero

  var retransmissions: UInt64 = 0
  var abandonedMessages: UInt64 = 0
  var recoveries: UInt64 = 0
  var timeouts: UInt64 = 0
  var probes: UInt64 = 0

  init(configuration: Association.Configuration, initialTSN: UInt32) {
    self.queue = SendQueue(configuration: configuration)
    self.roundTrip = RoundTrip(configuration: configuration)
    self.outstanding = Outstanding(initialTSN: initialTSN)
    self.congestion = CongestionWindow(configuration: configuration)
    let payload = configuration.maximumPacketSize &- PacketHeader.size &- DataChunk.headerSize
    self.fullFragment = payload / BlockPool.blockSize &* BlockPool.blockSize
    self.maximumBurst = configuration.maximumBurst
    self.highestAcknowledged = initialTSN &- 1
    self.advancedPoint = initialTSN &- 1
    self.forwardedPoint = initialTSN &- 1
  }

  /// Takes what the peer said of itself.
  mutating func begin(_ peer: EndpointParameters) {
    self.advertisedWindow = Int(min(peer.receiveWindow, 1 &<< 30))
    self.supportsForwardTSN = peer.supportsForwardTSN
  }

  var cumulative: UInt32 { self.outstanding.first &- 1 }
  /// The last TSN given.
  var lastTSN: UInt32 { self.outstanding.next &- 1 }
  /// Nothing is left that the peer has to hear of.
  var isDrained: Bool { self.queue.isEmpty && self.outstanding.isEmpty }
  var peerWindow: Int { max(0, self.advertisedWindow &- self.outstanding.payloadInFlight) }
  /// The peer has no room for a fragment: what is sent now is a probe (section 6.1 A).
  var isWindowClosed: Bool { self.advertisedWindow < self.fullFragment }
  var isForwardPending: Bool { self.advancedPoint != self.cumulative }

  // MARK: Timers

  /// Starts what has to run while something is outstanding, and stops what need not (RFC 9260 section 6.3.2).
  mutating func arm(_ timers: inout Timers, now: Instant) {
    guard self.outstanding.isAwaiting || self.isForwardPending else {
      timers.cancel(.retransmission)
      timers.cancel(.probe)
      timers.cancel(.reordering)
      return
    }
    if timers.deadline(of: .retransmission) == nil {
      timers.set(.retransmission, at: now + self.roundTrip.timeout)
    }
  }

  /// RFC 8985 section 7.2. The chunk that ends a flight asks for an acknowledgement at once, so that the peer's
  /// delay counts for little.
  mutating func armProbe(_ timers: inout Timers, now: Instant) {
    guard self.roundTrip.isKnown, self.outstanding.flight.count > 0, self.outstanding.lost.count == 0,
      !self.congestion.isRecovering, !self.isProbing, !self.roundTrip.isBackedOff
    else {
      timers.cancel(.probe)
      return
    }
    let deadline = now + self.roundTrip.smoothed * 2 + .milliseconds(10)
    if let timeout = timers.deadline(of: .retransmission), timeout <= deadline {
      timers.cancel(.probe)
    } else {
      timers.set(.probe, at: deadline)
    }
  }

  /// T3-rtx expired (RFC 9260 section 6.3.3).
  mutating func retransmissionExpired(_ timers: inout Timers, now: Instant) {
    self.timeouts &+= 1
    self.roundTrip.backOff()
    // What a closed window refused says nothing about the path.
    if self.outstanding.isAwaiting, !self.isWindowClosed { self.congestion.collapse() }
    self.isProbing = false
    self.burstLimit = .max
    self.outstanding.markAllLost()
    self.abandonExhausted(now: now)
    if self.isForwardPending { self.isForwardDue = true }
    timers.cancel(.probe)
    timers.cancel(.reordering)
    timers.cancel(.retransmission)
    self.arm(&timers, now: now)
  }

  /// Nothing was heard for two round trips: one packet more, so that what was lost before it shows
  /// (RFC 8985 section 7.3).
  mutating func probeExpired(_ timers: inout Timers, now: Instant) {
    timers.cancel(.probe)
    guard self.outstanding.flight.count > 0 else { return }
    if let size = self.queue.nextFragmentSize(room: .max, full: self.fullFragment), size <= self.peerWindow {
      self.hasCredit = true
    } else {
      let last = self.outstanding.flight.last
      let chunk = self.outstanding[last]
      guard !self.isExhausted(chunk, now: now) else { return }
      self.outstanding.markLost(last)
      self.hasCredit = true
    }
    self.isProbing = true
    self.probes &+= 1
    timers.set(.retransmission, at: now + self.roundTrip.timeout)
  }
}
