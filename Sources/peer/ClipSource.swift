@preconcurrency import Dispatch
import EpollDriver
import MediaFiles
import RTP
import Time
import WebRTC

/// Plays clips to any number of peers, each frame at its time. One timer serves them all.
///
/// Each peer has its own place in the clip. Its media time is counted from when it began, in the clip's own units, so that
/// nothing drifts however late the timer is; it goes on when the clip begins again or jumps to a key frame.
///
/// All state belongs to the queue. The queue calls peers and so waits for the driver's lock: who holds that lock must not
/// wait for the queue, and nothing here makes it.
final class ClipSource: @unchecked Sendable {
  private let queue = DispatchQueue(label: "clips", qos: .userInteractive)
  private let timer: DispatchSourceTimer
  private let clock: @Sendable () -> Instant
  private var playbacks: [Playback] = []

  init(driver: EpollDriver) {
    self.clock = { driver.now }
    self.timer = DispatchSource.makeTimerSource(flags: .strict, queue: self.queue)
    self.timer.setEventHandler { [weak self] in self?.tick() }
    self.timer.resume()
  }

  deinit { self.timer.cancel() }

  /// Sends each clip on its transceiver until `stop`.
  func play(_ clips: [(transceiver: Transceiver, clip: MediaClip)], to peer: Peer) {
    self.queue.async {
      // One start for all, so that receivers keep them in step.
      let start = self.clock()
      self.playbacks += clips.map { Playback(peer: peer, transceiver: $0.transceiver, clip: $0.clip, start: start) }
      self.tick()
    }
  }

  /// The next frame is to be one that decoding can begin with.
  func jumpToKeyFrame(_ transceiver: Transceiver, of peer: Peer) {
    self.queue.async {
      for index in self.playbacks.indices
      where self.playbacks[index].peer === peer && self.playbacks[index].transceiver == transceiver {
        self.playbacks[index].needsKeyFrame = true
      }
    }
  }

  func stop(_ peer: Peer) {
    self.queue.async { self.playbacks.removeAll { $0.peer === peer } }
  }

  private func tick() {
    let now = self.clock()
    var next: Instant?
    for index in self.playbacks.indices {
      self.playbacks[index].advance(to: now)
      next = min(next ?? .distantFuture, self.playbacks[index].due)
    }
    guard let next else { return }
    self.timer.schedule(
      deadline: .now() + .nanoseconds(Int(clamping: (next - self.clock()).nanoseconds)), leeway: .nanoseconds(0))
  }
}

/// One clip on its way to one peer.
private struct Playback {
  /// What is later than this is left out: the burst would help nobody.
  static let tolerance = Interval.seconds(1)

  let peer: Peer
  let transceiver: Transceiver
  let clip: MediaClip
  let start: Instant
  var needsKeyFrame = false
  /// The frame that is next.
  private var index = 0
  /// Its media time.
  private var position: Int64 = 0

  init(peer: Peer, transceiver: Transceiver, clip: MediaClip, start: Instant) {
    self.peer = peer
    self.transceiver = transceiver
    self.clip = clip
    self.start = start
  }

  var due: Instant {
    let rate = UInt64(self.clip.format.clockRate)
    let position = UInt64(self.position)
    return self.start + Interval(nanoseconds: position / rate * 1_000_000_000 + position % rate * 1_000_000_000 / rate)
  }

  mutating func advance(to now: Instant) {
    while self.due <= now {
      if now - self.due > Self.tolerance { self.needsKeyFrame = true } else { self.send() }
      self.position += self.clip.frames[self.index].duration
      self.index = (self.index + 1) % self.clip.frames.count
    }
  }

  private mutating func send() {
    if self.needsKeyFrame, let key = self.clip.keyFrame(from: self.index) { self.index = key }
    let timing = FrameTiming(timestamp: UInt32(truncatingIfNeeded: self.position), capturedAt: self.due)
    do throws(FrameSendError) {
      try self.peer.sendFrame(self.clip.frame(at: self.index), timing, on: self.transceiver)
      self.needsKeyFrame = false
    } catch {
      // It was left out without a gap in the packets: the receiver cannot know that what depends on it is spoilt.
      self.needsKeyFrame = true
    }
  }
}
