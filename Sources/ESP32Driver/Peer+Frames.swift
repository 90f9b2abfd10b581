import Bytes
import CESPPeer
import RTP
import Time
import WebRTC

extension Peer {
  /// Sends a frame, through the application's transform where there is one.
  func sendFrame(_ kind: MediaKind, _ bytes: Span<UInt8>, milliseconds: UInt32) -> Result {
    guard self.enter() else { return .wrongState }
    let result = self.send(kind, bytes, milliseconds)
    self.transmit()
    self.wakeIfDue()
    self.leave()
    return result
  }

  private func send(_ kind: MediaKind, _ bytes: Span<UInt8>, _ milliseconds: UInt32) -> Result {
    guard let transceiver = self.transceiver(kind) else { return .notSupported }
    guard self.isUnderWay else { return .wrongState }
    guard let transform = self.sentTransform else { return self.send(kind, bytes, bytes.count, milliseconds, transceiver) }
    guard let payloadType = self.connection?.transceiverInfo(transceiver)?.sendPayloadType else { return .wrongState }
    var stage = self.stage(kind)
    // Another thread has a frame of this kind in the transform's hands.
    guard !stage.isBusy else { return .wouldBlock }
    stage.isBusy = true
    self.setStage(stage, kind)
    stage.take(bytes)
    self.suspend()
    let isKept = stage.apply(transform, payloadType)
    self.resume()
    stage.isBusy = false
    self.setStage(stage, kind)
    guard isKept else { return .failed }
    guard !self.isClosed else { return .wrongState }
    let changed = unsafe Span(_unsafeElements: UnsafeBufferPointer(rebasing: stage.output[0..<stage.count]))
    return self.send(kind, changed, bytes.count, milliseconds, transceiver)
  }

  private func stage(_ kind: MediaKind) -> TransformStage { kind == .audio ? self.audioStage : self.videoStage }

  private func setStage(_ stage: TransformStage, _ kind: MediaKind) {
    if kind == .audio { self.audioStage = stage } else { self.videoStage = stage }
  }

  private func send(
    _ kind: MediaKind, _ bytes: Span<UInt8>, _ sampledSize: Int, _ milliseconds: UInt32, _ transceiver: Transceiver
  ) -> Result {
    let now = self.now
    var clock = kind == .audio ? self.sentAudio : self.sentVideo
    let timestamp = clock.timestamp(milliseconds, rate: self.clockRate(kind), now: now)
    do throws(FrameSendError) {
      try self.connection?.sendFrame(bytes, FrameTiming(timestamp: timestamp), on: transceiver, now: now)
    } catch {
      switch error {
      case .notConnected, .notNegotiated: return .wrongState
      case .wouldBlock: return .wouldBlock
      case .malformed: return .badData
      case .tooLarge: return .overLimited
      }
    }
    clock.duration = kind == .audio ? self.duration(of: bytes, sampledSize) : 0
    if kind == .audio { self.sentAudio = clock } else { self.sentVideo = clock }
    return .none
  }

  private func clockRate(_ kind: MediaKind) -> UInt32 {
    kind == .audio ? self.settings.audio?.format.clockRate ?? 8000 : 90_000
  }

  /// Of an audio frame, in units of the clock rate. A transform may have changed its size: G.711's is by that of the samples.
  private func duration(of bytes: Span<UInt8>, _ sampledSize: Int) -> UInt32 {
    guard let audio = self.settings.audio, audio.format == .opus else { return UInt32(clamping: sampledSize) }
    return opusDuration(bytes)
  }
}

/// RTP timestamps out of the application's milliseconds.
struct SendClock {
  private var last: UInt32?
  private var milliseconds: UInt64 = 0
  private var timestamp: UInt32 = 0
  private var sentAt = Instant.zero
  /// Of the frame that was sent last; 0: not known.
  var duration: UInt32 = 0

  /// An application that counts no time, and gives one number to all its frames, gets theirs one after another.
  mutating func timestamp(_ next: UInt32, rate: UInt32, now: Instant) -> UInt32 {
    defer {
      self.last = next
      self.sentAt = now
    }
    guard let last = self.last else {
      self.milliseconds = UInt64(next)
      return self.settle(rate)
    }
    let step = Int32(bitPattern: next &- last)
    if step == 0 {
      let elapsed = (now - self.sentAt).nanoseconds &* UInt64(rate) / 1_000_000_000
      self.timestamp = self.timestamp &+ (self.duration > 0 ? self.duration : max(UInt32(truncatingIfNeeded: elapsed), 1))
      return self.timestamp
    }
    self.milliseconds = self.milliseconds &+ UInt64(bitPattern: Int64(step))
    return self.settle(rate)
  }

  private mutating func settle(_ rate: UInt32) -> UInt32 {
    self.timestamp = UInt32(truncatingIfNeeded: self.milliseconds &* UInt64(rate / 1000))
    return self.timestamp
  }
}

/// RFC 6716 section 3.1, in units of 48 kHz.
private func opusDuration(_ packet: Span<UInt8>) -> UInt32 {
  guard packet.count > 0 else { return 0 }
  let configuration = packet[0] &>> 3
  let frame: UInt32
  switch configuration {
  case 0..<12: frame = configuration & 3 == 3 ? 2880 : 480 &<< UInt32(configuration & 3)
  case 12..<16: frame = 480 &<< UInt32(configuration & 1)
  default: frame = 120 &<< UInt32(configuration & 3)
  }
  switch packet[0] & 3 {
  case 0: return frame
  case 1, 2: return frame &* 2
  default: return packet.count > 1 ? frame &* UInt32(packet[1] & 63) : frame
  }
}
