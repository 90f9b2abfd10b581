import Bytes
import Time

/// Frames that are ready.
extension Receiver {
  /// The room that `receiveFrame` needs for the next frame; nil: there is none.
  public var nextFrameSize: Int? {
    self.window.base < self.readyEnd ? Int(self.window[self.window.base].frameSize) : nil
  }

  /// Writes the next frame at `writer.count`. Nil: there is none, or it does not fit and stays.
  public mutating func receiveFrame(into writer: inout SpanWriter) -> ReceivedFrame? {
    while self.window.base < self.readyEnd {
      let start = writer.count
      let first = self.window[self.window.base]
      guard writer.remaining >= Int(first.frameSize) else { return nil }
      guard let facts = self.assemble(first, into: &writer) else {
        writer.rewind(to: start)
        self.dropReadyFrame()
        self.dropUndecodable()
        continue
      }
      return self.deliver(first, facts, size: writer.count &- start)
    }
    return nil
  }

  private mutating func assemble(_ first: PacketSlot, into writer: inout SpanWriter) -> FrameFacts? {
    if first.format != self.assemblerFormat {
      self.assembler = FrameAssembler(format: first.format)
      self.assemblerFormat = first.format
    }
    self.assembler.begin()
    var index = self.window.base
    let end = index &+ Int64(first.frameLength)
    while index < end {
      let slot = self.window[index]
      if slot.kind == .payload {
        guard self.pool.append(slot.block, marker: slot.marker, to: &self.assembler, into: &writer) else { return nil }
      }
      index &+= 1
    }
    guard let facts = self.assembler.finish(into: &writer), !writer.overflowed else { return nil }
    return facts
  }

  private mutating func deliver(_ first: PacketSlot, _ facts: FrameFacts, size: Int) -> ReceivedFrame {
    var frame = ReceivedFrame(
      ssrc: self.ssrc, payloadType: first.payloadType, format: first.format, timestamp: first.timestamp,
      receivedAt: first.time, completedAt: first.frameCompletedAt)
    frame.line = self.line
    frame.size = size
    frame.isKeyFrame = facts.isKeyFrame
    frame.width = facts.width
    frame.height = facts.height
    frame.followsLoss = first.frameFollowsLoss || self.deliveryLoss.isLoss
    frame.missingPackets = first.frameMissing &+ self.deliveryLoss.missing
    if first.audioLevel < 128 { frame.audioLevel = first.audioLevel }
    frame.hasVoice = first.hasVoice
    if first.hasCaptureTime { frame.absoluteCaptureTime = first.captureTime }
    frame.mediaTime = self.clock.unwrap(
      first.timestamp, clockRate: first.format.clockRate, at: first.time,
      beginsAnew: first.frameBeginsAnew || self.deliveryLoss.beginsAnew)
    self.deliveryLoss = LossBefore()
    let base = self.window.base
    self.discard(from: base, to: base &+ Int64(first.frameLength))
    self.settle()
    self.counters.framesDelivered &+= 1
    self.counters.jitterBufferDelay = self.counters.jitterBufferDelay + (self.now - first.time)
    self.counters.jitterBufferEmittedCount &+= 1
    return frame
  }

  /// Throws the next ready frame away; there is one.
  mutating func dropReadyFrame() {
    let base = self.window.base
    let first = self.window[base]
    self.discard(from: base, to: base &+ Int64(first.frameLength))
    self.deliveryLoss.isLoss = true
    self.deliveryLoss.beginsAnew = self.deliveryLoss.beginsAnew || first.frameBeginsAnew
    self.deliveryLoss.missing = self.deliveryLoss.missing &+ first.frameMissing
    self.counters.framesDropped &+= 1
    self.counters.packetsDropped &+= UInt64(first.frameLength)
    self.settle()
  }

  /// After a ready frame was lost: throws those away that depend on it, and asks for a key frame where none is ready.
  mutating func dropUndecodable() {
    while self.window.base < self.readyEnd {
      let next = self.window[self.window.base]
      guard next.format.hasDependentFrames, !next.frameIsKey else { return }
      guard self.configuration.waitsForKeyFrame else { break }
      self.dropReadyFrame()
    }
    guard self.mapping < self.mappings.count, self.mappings[self.mapping].codec.format.hasDependentFrames else { return }
    self.awaitsKeyFrame = true
    self.needKeyFrame()
  }
}
