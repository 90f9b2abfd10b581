import Time

/// How much may be in flight (RFC 9260 section 7.2), in bytes that include chunk headers.
///
/// With `toleratesLoss` the round trip is heeded too, as TCP Westwood and Compound TCP do: a loss while no queue
/// stands on the path is a fault of the medium rather than a sign of congestion, and costs little; and where no queue
/// stands, growth need not be a packet a round trip. As soon as a queue forms, or much is lost at once, all is as
/// the RFC has it.
struct CongestionWindow: Sendable {
  /// PMDCS: a full packet's worth.
  let packet: Int
  private let initial: Int
  private(set) var window: Int
  private(set) var threshold: Int
  private var acknowledged = 0
  /// In fast recovery until the cumulative TSN reaches this.
  private(set) var recoveryExit: UInt32 = 0
  private(set) var isRecovering = false
  private var lastSentAt = Instant.zero
  private let toleratesLoss: Bool
  /// The window that a tolerated loss found, and what was lost since.
  private var isTolerating = false
  private var windowBefore = 0
  private var lost = 0

  init(configuration: Association.Configuration) {
    self.packet = configuration.maximumPacketSize &- PacketHeader.size
    self.initial = self.packet &* configuration.initialWindow
    self.window = self.initial
    self.threshold = .max / 2
    self.toleratesLoss = configuration.toleratesLoss
  }

  /// A SACK acknowledged `bytes` for the first time. `inFlight` is what was in flight before it.
  mutating func grow(acknowledged bytes: Int, inFlight: Int, isQueueing: Bool) {
    // Only a window in full use has proved itself.
    guard !self.isRecovering, bytes > 0, inFlight &+ self.packet > self.window else { return }
    if self.window <= self.threshold {
      // Slow start. A SACK may stand for many packets where the peer takes them in batches; what one may add is
      // bounded by what it acknowledges (RFC 3465 argues for a limit to bursts, which Max.Burst is).
      self.window &+= bytes
      // A queue forms: the path is full before it has to drop (the idea of HyStart, RFC 9406).
      if self.toleratesLoss, isQueueing, self.window > 2 &* self.initial { self.threshold = self.window }
    } else {
      self.acknowledged &+= bytes
      if self.acknowledged >= self.window {
        self.acknowledged &-= self.window
        self.window &+= self.packet
      }
      if self.toleratesLoss, !isQueueing { self.window &+= bytes / 16 }
    }
    self.window = min(self.window, 1 &<< 29)
  }

  /// Loss seen in SACKs, once per window (section 7.2.4). Returns whether recovery begins now.
  mutating func beginRecovery(exit: UInt32, isQueueing: Bool) -> Bool {
    guard !self.isRecovering else { return false }
    self.isRecovering = true
    self.recoveryExit = exit
    self.windowBefore = self.window
    self.lost = 0
    self.isTolerating = self.toleratesLoss && !isQueueing
    self.reduce(to: self.isTolerating ? self.window &- self.window / 16 : self.window / 2)
    return true
  }

  /// Counts what a recovery has lost: beyond an eighth of the window it is congestion after all.
  mutating func noteLoss(_ bytes: Int) {
    guard self.isTolerating else { return }
    self.lost &+= bytes
    guard self.lost > self.windowBefore / 8 &+ 2 &* self.packet else { return }
    self.isTolerating = false
    self.reduce(to: self.windowBefore / 2)
  }

  private mutating func reduce(to size: Int) {
    self.threshold = max(size, 4 &* self.packet)
    self.window = self.threshold
    self.acknowledged = 0
  }

  mutating func endRecovery() {
    self.isRecovering = false
    self.isTolerating = false
  }

  /// T3-rtx expired (section 7.2.3).
  mutating func collapse() {
    self.threshold = max(self.window / 2, 4 &* self.packet)
    self.window = self.packet
    self.acknowledged = 0
    self.endRecovery()
  }

  /// A window not used says little about the path: it halves with every timeout of silence, to no less than the
  /// initial one (section 7.2.1; RFC 6928 for the floor).
  mutating func noteSending(inFlight: Int, timeout: Interval, now: Instant) {
    if inFlight == 0, self.lastSentAt != .zero, self.window > self.initial {
      self.threshold = max(self.threshold == .max / 2 ? self.window : self.threshold, self.window * 3 / 4)
      var idle = now - self.lastSentAt
      while idle > timeout, self.window > self.initial {
        self.window = max(self.window / 2, self.initial)
        idle = idle - timeout
      }
    }
    self.lastSentAt = now
  }
}
