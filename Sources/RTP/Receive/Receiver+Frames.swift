import Bytes
import Time

extension CodecFormat {
  /// Whether frames depend on others, so that a loss lasts until a key frame.
  var hasDependentFrames: Bool { carriesVideo && (self == .h264 || self == .vp8) }
}

/// Cutting packets into frames.
extension Receiver {
  /// Moves `scan` over all packets that are there, and over missing ones that were held for long enough.
  mutating func scanPackets() {
    while self.scan < self.window.end, self.scanNext(givingUpAt: self.now) {}
    if self.scan < self.window.end {
      self.timers.set(.hold, at: self.window[self.scan].time + self.configuration.holdTime)
    } else {
      self.timers.cancel(.hold)
    }
    self.settle()
  }

  /// False: the packet at `scan` is missing and still waited for.
  private mutating func scanNext(givingUpAt now: Instant) -> Bool {
    switch self.window[self.scan].kind {
    case .missing:
      guard self.window[self.scan].time + self.configuration.holdTime <= now else { return false }
      self.giveUpMissing(until: now)
    case .payload: self.takePayload()
    case .broken: self.takeBroken()
    case .none, .lost, .done: self.scan &+= 1
    }
    return true
  }

  private mutating func takePayload() {
    let slot = self.window[self.scan]
    if self.frameStart >= 0, slot.timestamp != self.frameTimestamp || slot.payloadType != self.framePayloadType {
      // RFC 3550 section 5.1: one timestamp, one frame. Its marker bit was not set.
      self.completeFrame()
    }
    if self.frameStart < 0 {
      if let discarded = self.discardedTimestamp, discarded != slot.timestamp { self.isAtBoundary = true }
      guard self.isAtBoundary || slot.start == .yes else {
        self.discardedTimestamp = slot.timestamp
        self.counters.packetsDropped &+= 1
        self.discardPacket(at: self.scan)
        self.scan &+= 1
        if slot.endsFrame { self.endDiscarding() }
        return
      }
      self.discardedTimestamp = nil
      self.frameStart = self.scan
      self.frameTimestamp = slot.timestamp
      self.framePayloadType = slot.payloadType
      self.frameSize = 0
      self.frameIsKey = false
    }
    self.frameSize = Int(clamping: Int64(self.frameSize) &+ Int64(slot.assembledSize))
    if slot.isKeyFrame {
      self.frameIsKey = true
      if self.isStarting { self.startedWithKeyFrame() }
    }
    self.scan &+= 1
    if slot.endsFrame { self.completeFrame() }
  }

  private mutating func takeBroken() {
    let slot = self.window[self.scan]
    if self.frameStart >= 0, slot.timestamp != self.frameTimestamp { self.completeFrame() }
    if self.frameStart < 0 { self.counters.framesDropped &+= 1 }
    self.abandonFrame()
    self.noteLoss()
    self.discardedTimestamp = slot.timestamp
    self.window[self.scan].kind = .done
    self.scan &+= 1
    if slot.endsFrame { self.endDiscarding() }
  }

  private mutating func endDiscarding() {
    self.isAtBoundary = true
    self.discardedTimestamp = nil
  }

  /// The packets `frameStart..<scan` are a frame.
  private mutating func completeFrame() {
    let start = self.frameStart
    self.frameStart = -1
    self.isAtBoundary = true
    self.counters.framesReceived &+= 1
    let isDependent = self.window[start].format.hasDependentFrames
    if self.frameIsKey {
      self.counters.keyFramesReceived &+= 1
      self.keyFrameCame()
    } else if isDependent, self.awaitsKeyFrame {
      self.needKeyFrame()
      if self.configuration.waitsForKeyFrame {
        self.loss.isLoss = self.loss.isLoss || self.hasFrames
        self.counters.framesDropped &+= 1
        self.discard(from: start, to: self.scan)
        return
      }
    }
    self.hasFrames = true
    self.window[start].frameLength = Int32(truncatingIfNeeded: self.scan &- start)
    self.window[start].frameSize = Int32(clamping: self.frameSize)
    self.window[start].frameIsKey = self.frameIsKey
    self.window[start].frameFollowsLoss = self.loss.isLoss
    self.window[start].frameBeginsAnew = self.loss.beginsAnew
    self.window[start].frameMissing = self.loss.missing
    self.window[start].frameCompletedAt = self.now
    self.loss = LossBefore()
  }

  /// Gives up the run of missing packets at `scan`, those that were noticed `holdTime` before `now` or earlier.
  private mutating func giveUpMissing(until now: Instant) {
    if self.frameStart < 0, self.isAtBoundary { self.counters.framesDropped &+= 1 }
    self.abandonFrame()
    self.discardedTimestamp = nil
    var isLoss = false
    while self.scan < self.window.end, self.window[self.scan].kind == .missing,
      self.window[self.scan].time + self.configuration.holdTime <= now
    {
      self.window[self.scan].kind = .lost
      self.noteNoLongerMissing()
      if self.scan >= self.firstIndex {
        isLoss = true
        self.counters.packetsGivenUp &+= 1
        self.loss.missing &+= 1
      }
      self.scan &+= 1
    }
    // What was only looked for before the first packet is no loss.
    if isLoss { self.noteLoss() } else { self.isAtBoundary = false }
  }

  /// What came before `scan` is not whole: where the next frame begins, only its own packets can tell.
  private mutating func noteLoss() {
    self.isAtBoundary = false
    self.loss.isLoss = true
    guard self.mapping < self.mappings.count, self.mappings[self.mapping].codec.format.hasDependentFrames else { return }
    self.awaitsKeyFrame = true
    self.needKeyFrame()
  }

  /// Throws away the packets of the frame that `scan` is in.
  private mutating func abandonFrame() {
    guard self.frameStart >= 0 else { return }
    self.discardedTimestamp = self.frameTimestamp
    self.counters.framesDropped &+= 1
    self.counters.packetsDropped &+= UInt64(clamping: self.scan &- self.frameStart)
    self.discard(from: self.frameStart, to: self.scan)
    self.frameStart = -1
    self.isAtBoundary = false
  }

  /// The sequence goes on elsewhere: nothing is waited for any more. Whole frames stay.
  mutating func breakSequence(missing: Int) {
    while self.scan < self.window.end { _ = self.scanNext(givingUpAt: .distantFuture) }
    self.abandonFrame()
    self.discardedTimestamp = nil
    self.counters.packetsGivenUp &+= UInt64(clamping: missing)
    self.loss.missing &+= UInt32(clamping: missing)
    self.noteLoss()
    self.settle()
  }

  /// A key frame begins at `index`: where frames wait for one, what is missing before it is no longer worth the wait.
  mutating func jumpToKeyFrame(_ index: Int64) {
    guard self.awaitsKeyFrame, self.configuration.waitsForKeyFrame, self.scan < index,
      self.window[index].kind == .payload, self.window[index].format.hasDependentFrames,
      self.frameStart < 0 || !self.frameIsKey
    else { return }
    while self.scan < index { _ = self.scanNext(givingUpAt: .distantFuture) }
  }

  /// Gives up what is oldest: a ready frame with all that depends on it, or what is missing, or a frame that grows without end.
  /// False: there is nothing left.
  mutating func evictOldest() -> Bool {
    self.settle()
    if self.window.base < self.readyEnd {
      self.dropReadyFrame()
      self.dropUndecodable()
    } else if self.scan < self.window.end {
      self.giveUpMissing(until: .distantFuture)
      self.scanPackets()
    } else if self.frameStart >= 0 {
      self.abandonFrame()
      self.noteLoss()
      self.settle()
    } else {
      return false
    }
    return true
  }

  /// Whole frames end here.
  var readyEnd: Int64 { self.frameStart >= 0 ? self.frameStart : self.scan }

  /// Moves `base` to the first ready frame.
  mutating func settle() {
    let limit = self.readyEnd
    while self.window.base < limit, self.window[self.window.base].frameLength == 0 { self.window.base &+= 1 }
  }

  mutating func discard(from start: Int64, to end: Int64) {
    var index = start
    while index < end {
      self.discardPacket(at: index)
      index &+= 1
    }
  }

  mutating func discardPacket(at index: Int64) {
    guard self.window[index].kind == .payload else { return }
    self.pool.free(self.window[index].block)
    self.window[index].kind = .done
    self.window[index].frameLength = 0
  }
}
