import Bytes
import Cryptography
import Foundation
import MediaFiles
import RTP
import SDP
import Simulator
import Testing
import Time
import WebRTC

/// A clip of Vectors/media.
func clip(_ name: String) throws -> MediaClip {
  let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Vectors/media/\(name)")
  return try MediaClip([UInt8](Data(contentsOf: url)))
}

/// A frame as it arrived.
struct ArrivedFrame {
  var transceiver: Transceiver
  var info: ReceivedFrame
  var bytes: [UInt8]
}

/// A pair that exchanges audio and video on the virtual clock.
struct Call {
  enum Side { case offerer, answerer }

  /// A clip that plays, looped, on a transceiver.
  struct Source {
    var side: Side
    var transceiver: Transceiver
    var clip: MediaClip
    var next = 0
    var loops: Int64 = 0
    var start: Instant
    var isPaused = false
    /// Frames that were taken, and those that were refused.
    var sent = 0
    var refused: [FrameSendError] = []
    var jumpsToKeyFrames = true

    var timestamp: Int64 { self.clip.frames[self.next].timestamp + self.loops * self.clip.duration }
    var due: Instant {
      self.start
        + Interval(nanoseconds: UInt64(self.timestamp) * 1_000_000_000 / UInt64(self.clip.format.clockRate))
    }
  }

  let pair: PeerPair
  var sources: [Source] = []
  var offererEvents: [PeerConnection.Event] = []
  var answererEvents: [PeerConnection.Event] = []
  var offererFrames: [ArrivedFrame] = []
  var answererFrames: [ArrivedFrame] = []

  init(
    seed: UInt64 = 1, condition: Link.Condition = .init(), offerer: PeerConnection.Configuration = .init(),
    answerer: PeerConnection.Configuration = .init()
  ) throws {
    self.pair = try PeerPair(
      seed: seed, condition: condition, offerer: offerer, answerer: answerer, identities: identities)
  }

  var now: Instant { self.pair.now }

  mutating func play(_ clip: MediaClip, on transceiver: Transceiver, of side: Side) {
    self.sources.append(Source(side: side, transceiver: transceiver, clip: clip, start: self.now))
  }

  mutating func connect() throws {
    try self.pair.signal()
    let connected = self.run(for: .seconds(10)) {
      $0.pair.offerer.connectionState == .connected && $0.pair.answerer.connectionState == .connected
    }
    try #require(connected)
  }

  /// Runs until `condition` holds or `timeout` of virtual time is over; tells whether it held.
  @discardableResult
  mutating func run(for timeout: Interval, until condition: (Call) -> Bool = { _ in false }) -> Bool {
    let end = self.now + timeout
    while true {
      self.drain()
      self.sendDue()
      if condition(self) { return true }
      let frame = self.sources.filter { !$0.isPaused }.map(\.due).min() ?? .distantFuture
      self.pair.transmit()
      let next = min(self.pair.nextInstant ?? .distantFuture, frame)
      guard next <= end else {
        self.pair.run(until: end)
        self.drain()
        return condition(self)
      }
      if frame <= (self.pair.nextInstant ?? .distantFuture) {
        self.pair.run(until: frame)
      } else {
        self.pair.step()
      }
    }
  }

  private mutating func sendDue() {
    for index in self.sources.indices {
      while !self.sources[index].isPaused, self.sources[index].due <= self.now {
        let source = self.sources[index]
        let timing = FrameTiming(timestamp: UInt32(truncatingIfNeeded: source.timestamp))
        do {
          switch source.side {
          case .offerer:
            try self.pair.offerer.sendFrame(
              source.clip.frame(at: source.next), timing, on: source.transceiver, now: self.now)
          case .answerer:
            try self.pair.answerer.sendFrame(
              source.clip.frame(at: source.next), timing, on: source.transceiver, now: self.now)
          }
          self.sources[index].sent += 1
        } catch {
          self.sources[index].refused.append(error)
        }
        self.sources[index].next += 1
        if self.sources[index].next == source.clip.frames.count {
          self.sources[index].next = 0
          self.sources[index].loops += 1
        }
      }
    }
  }

  mutating func drain() {
    while let event = self.pair.offerer.pollEvent() { self.note(event, .offerer) }
    while let event = self.pair.answerer.pollEvent() { self.note(event, .answerer) }
    var buffer = [UInt8](repeating: 0, count: 100_000)
    while true {
      var writer = SpanWriter(buffer.mutableSpan)
      guard let (transceiver, info) = self.pair.offerer.receiveFrame(into: &writer) else { break }
      self.offererFrames.append(ArrivedFrame(transceiver: transceiver, info: info, bytes: Array(buffer.prefix(info.size))))
    }
    while true {
      var writer = SpanWriter(buffer.mutableSpan)
      guard let (transceiver, info) = self.pair.answerer.receiveFrame(into: &writer) else { break }
      self.answererFrames.append(ArrivedFrame(transceiver: transceiver, info: info, bytes: Array(buffer.prefix(info.size))))
    }
  }

  private mutating func note(_ event: PeerConnection.Event, _ side: Side) {
    if side == .offerer { self.offererEvents.append(event) } else { self.answererEvents.append(event) }
    guard case .keyFrameRequested(let transceiver) = event else { return }
    for index in self.sources.indices
    where self.sources[index].side == side && self.sources[index].transceiver == transceiver
      && self.sources[index].jumpsToKeyFrames
    {
      self.sources[index].jumpToKeyFrame()
    }
  }
}

extension Call.Source {
  /// Goes on with the next key frame, without a gap in time.
  mutating func jumpToKeyFrame() {
    let before = self.timestamp
    guard let key = self.clip.keyFrame(from: self.next) ?? self.clip.keyFrame(from: 0) else { return }
    self.next = key
    let shift = self.timestamp - before
    let nanoseconds = UInt64(abs(shift)) * 1_000_000_000 / UInt64(self.clip.format.clockRate)
    // The clip's clock moved; its origin moves the other way.
    if shift >= 0 {
      self.start = Instant(nanoseconds: self.start.nanoseconds &- nanoseconds)
    } else {
      self.start = self.start + Interval(nanoseconds: nanoseconds)
    }
  }
}
