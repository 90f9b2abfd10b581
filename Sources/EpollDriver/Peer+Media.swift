import Bytes
import RTP
import Time
import WebRTC

extension Peer {
  /// Which way frames go that a transform changes.
  public enum FrameDirection: Sendable { case sent, received }

  /// Puts a transform in the way of frames from the next one on, or takes it out.
  public func setFrameTransform(_ transform: FrameTransform?, for direction: FrameDirection) {
    self.driver.locked {
      switch direction {
      case .sent: self.sentTransform = transform
      case .received: self.receivedTransform = transform
      }
    }
  }

  /// Sends a frame, through the transform where there is one.
  public func sendFrame(
    _ frame: Span<UInt8>, _ timing: FrameTiming, on transceiver: Transceiver
  ) throws(FrameSendError) {
    self.driver.lock()
    defer {
      self.driver.markDirty(self)
      self.driver.unlock()
    }
    let now = self.driver.now
    guard let transform = self.sentTransform else {
      return try self.connection.sendFrame(frame, timing, on: transceiver, now: now)
    }
    guard let codec = self.connection.connection.transceiverInfo(transceiver)?.sendCodec else { throw .notNegotiated }
    let info = FrameTransformInfo(transceiver: transceiver, codec: codec.format, timestamp: timing.timestamp)
    // Taken out, so that what the transform writes does not lie in the peer while the peer is changed.
    var stage = self.sentFrames
    self.sentFrames = TransformStage()
    defer { self.sentFrames = stage }
    try stage.apply(transform, to: frame, info) { frame throws(FrameSendError) in
      try self.connection.sendFrame(frame, timing, on: transceiver, now: now)
    }
  }
}
