import Time

/// Asking for key frames (RFC 4585 section 6.3.1, RFC 5104 section 4.3.1).
extension Receiver {
  /// Whether a key frame is to be asked for.
  public var owesKeyFrameRequest: Bool { self.owesKeyFrame }

  /// True once for each time that a key frame is to be asked for, by PLI or FIR.
  public mutating func takeKeyFrameRequest() -> Bool {
    guard self.owesKeyFrame else { return false }
    self.owesKeyFrame = false
    self.keyFrameRequestedAt = self.now
    self.counters.keyFrameRequests &+= 1
    self.timers.set(.keyFrame, at: self.now + self.keyFrameInterval)
    return true
  }

  /// An answer takes a round trip, and the encoder's time.
  private var keyFrameInterval: Interval {
    let roundTrip = self.roundTrip ?? .zero
    return max(self.configuration.keyFrameRequestInterval, roundTrip + roundTrip / 2)
  }

  /// It is time to ask again.
  mutating func repeatKeyFrameRequest() {
    if self.frameStart >= 0, self.frameIsKey, self.keyFrameRequestedAt != nil {
      // Part of one is there; what is missing of it is asked for by itself.
      self.timers.set(.keyFrame, at: self.now + self.keyFrameInterval)
    } else {
      self.timers.cancel(.keyFrame)
      self.owesKeyFrame = self.needsKeyFrame
    }
  }

  /// Asks for a key frame, again and again until one has come; not sooner than `keyFrameRequestInterval` after the last time.
  /// Formats without dependent frames need none.
  public mutating func requestKeyFrame(now: Instant) {
    self.now = max(self.now, now)
    self.needKeyFrame()
  }

  mutating func needKeyFrame(notBefore time: Instant = .zero) {
    guard carriesVideo else { return }
    if self.isStarting, time == .zero {
      self.isStarting = false
      self.needsKeyFrame = false
    }
    guard !self.needsKeyFrame, self.mapping < self.mappings.count else { return }
    let mapping = self.mappings[self.mapping]
    guard mapping.codec.format.hasDependentFrames, mapping.pli || mapping.fir else { return }
    self.needsKeyFrame = true
    let earliest = max(time, self.keyFrameRequestedAt.map { $0 + self.keyFrameInterval } ?? .zero)
    if earliest <= self.now {
      self.owesKeyFrame = true
    } else {
      self.timers.set(.keyFrame, at: earliest)
    }
  }

  /// The first frame is a key frame after all.
  mutating func startedWithKeyFrame() {
    self.isStarting = false
    self.needsKeyFrame = false
    self.owesKeyFrame = false
    self.timers.cancel(.keyFrame)
  }

  mutating func keyFrameCame() {
    self.awaitsKeyFrame = false
    self.isStarting = false
    self.needsKeyFrame = false
    self.owesKeyFrame = false
    self.timers.cancel(.keyFrame)
  }
}
