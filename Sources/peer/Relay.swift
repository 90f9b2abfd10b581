import EpollDriver
import RTP
import Time
import WebRTC

/// Turns the frames of one stream after another into one stream that goes on, to be sent elsewhere.
struct Relay {
  /// A stream that is silent for this long gives way to another one of the same sender.
  static let patience = Interval.seconds(2)

  /// Nothing is of use before a key frame has been sent.
  private(set) var needsKeyFrame = true
  private var source: (peer: ObjectIdentifier, ssrc: UInt32)?
  /// From the source's media time to ours.
  private var offset: Int64 = 0
  private var last: Int64 = 0
  private var lastAt = Instant.zero

  /// When to send the frame; nil: it is to be left out.
  mutating func timing(of frame: ReceivedFrame, from peer: Peer) -> FrameTiming? {
    let now = frame.completedAt
    let name = ObjectIdentifier(peer)
    let rate = Int64(frame.format.clockRate)
    let isOther = self.source.map { $0 != (name, frame.ssrc) } ?? false
    // Several streams of one sender are the same picture in several sizes.
    if isOther, self.source?.peer == name, now - self.lastAt <= Self.patience { return nil }
    if self.source == nil {
      self.offset = -frame.mediaTime
    } else if isOther || frame.begins(after: self.last - self.offset) {
      let pause = Int64(clamping: (now - self.lastAt).nanoseconds / 1000)
      self.offset = self.last + max(1, pause * rate / 1_000_000) - frame.mediaTime
      self.needsKeyFrame = true
    }
    self.source = (name, frame.ssrc)
    guard frame.isKeyFrame || !self.needsKeyFrame else { return nil }
    let time = frame.mediaTime + self.offset
    var timing = FrameTiming(timestamp: UInt32(truncatingIfNeeded: time), capturedAt: frame.receivedAt)
    timing.audioLevel = frame.audioLevel
    timing.hasVoice = frame.hasVoice
    timing.absoluteCaptureTime = frame.absoluteCaptureTime
    // The longest packets are of 120 ms: what comes later than that follows silence, unless something was lost.
    timing.followsSilence = frame.format.kind == .audio && frame.missingPackets == 0 && time - self.last > rate / 8
    self.needsKeyFrame = false
    self.last = time
    self.lastAt = now
    return timing
  }

  /// A frame could not be sent: those behind it are of no use until a key frame.
  mutating func noteLoss() { self.needsKeyFrame = true }
}

extension ReceivedFrame {
  /// Whether a stream that was at `mediaTime` has ended and begun anew with this frame.
  func begins(after mediaTime: Int64) -> Bool {
    // The first frame's is 0. That of frames which come in another order than they are shown goes back by less than a second.
    self.mediaTime == 0 || self.mediaTime < mediaTime - Int64(self.format.clockRate)
  }
}
