import Bytes
import CESPPeer
import DataChannel
import ICE
import RTP
import SCTP
import Time
import WebRTC

/// What one callback is given. Its bytes lie in the peer's buffer.
@safe
enum Delivery {
  case state(esp_peer_state_t)
  case description(Int)
  case channel(ChannelEntry, isOpen: Bool)
  case data(stream: UInt16, MessageKind, Int)
  case frame(FrameDelivery)
}

@safe
struct FrameDelivery {
  var format: CodecFormat
  var milliseconds: UInt32
  var payloadType: UInt8
  var count: Int
  var width: UInt16
  var height: UInt16
  /// The first of its format: the application is told of that before.
  var isFirst: Bool
  var transform: FrameTransform?
}

extension Peer {
  /// Moves the next thing to be told into the buffer; nil when that is all.
  func nextDelivery() -> Delivery? {
    while true {
      if let notice = self.notices.popFirst() {
        if let delivery = self.prepare(notice) { return delivery }
      } else if !self.translateEvent() {
        return self.takeMessage() ?? self.takeFrame()
      }
    }
  }

  private func prepare(_ notice: Notice) -> Delivery? {
    switch notice {
    case .state(let state): return .state(state)
    case .channelOpened(let entry): return self.prepare(entry, isOpen: true)
    case .channelClosed(let entry): return self.prepare(entry, isOpen: false)
    case .localDescription:
      var size = self.buffer.count
      while size <= 65_536 {
        self.buffer.ensure(size)
        if let count = self.writeDescription() { return .description(count) }
        guard self.attempt.owesOffer || self.attempt.owesAnswer else { return nil }
        size &*= 2
      }
      return nil
    }
  }

  private func prepare(_ entry: ChannelEntry, isOpen: Bool) -> Delivery {
    self.buffer.ensure(entry.label.count &+ 1)
    for index in entry.label.indices { self.buffer[index] = entry.label[index] }
    self.buffer[entry.label.count] = 0
    return unsafe .channel(entry, isOpen: isOpen)
  }

  /// Writes the offer or the answer that is owed, with a zero behind it; nil: there was no room for it, or it is owed no more.
  @inline(never)
  private func writeDescription() -> Int? {
    var writer = SpanWriter(unsafe MutableSpan(_unsafeElements: self.buffer.bytes))
    do throws(PeerConnection.UsageError) {
      if self.attempt.owesAnswer {
        try self.connection?.makeAnswer(into: &writer, now: self.now)
      } else if self.attempt.owesOffer {
        try self.connection?.makeOffer(into: &writer, now: self.now)
      } else {
        return nil
      }
    } catch {
      if error != .noRoom {
        self.attempt.owesAnswer = false
        self.attempt.owesOffer = false
      }
      return nil
    }
    let count = writer.count
    guard count > 0, count < self.buffer.count else { return nil }
    self.buffer[count] = 0
    self.attempt.owesAnswer = false
    self.attempt.owesOffer = false
    return count
  }

  @inline(never)
  private func takeMessage() -> Delivery? {
    guard let size = self.connection?.nextMessageSize ?? nil else { return nil }
    self.buffer.ensure(size &+ 1)
    var writer = SpanWriter(unsafe MutableSpan(_unsafeElements: self.buffer.bytes))
    guard let message = self.connection?.receiveMessage(into: &writer) ?? nil else { return nil }
    let count = writer.count
    // Strings are handed over as C's as well.
    if count < self.buffer.count { self.buffer[count] = 0 }
    guard let index = self.channels.index(of: message.channel) else { return unsafe .data(stream: 0, message.kind, count) }
    return unsafe .data(stream: self.channels.entries[index].stream ?? 0, message.kind, count)
  }

  @inline(never)
  private func takeFrame() -> Delivery? {
    guard let size = self.connection?.nextFrameSize ?? nil else { return nil }
    self.buffer.ensure(size)
    var writer = SpanWriter(unsafe MutableSpan(_unsafeElements: self.buffer.bytes))
    guard let (_, frame) = self.connection?.receiveFrame(into: &writer) ?? nil else { return nil }
    let rate = UInt64(frame.format.clockRate / 1000)
    let milliseconds = UInt64(bitPattern: frame.mediaTime) / rate
    let told = frame.format.kind == .audio ? self.attempt.toldAudio : self.attempt.toldVideo
    if frame.format.kind == .audio { self.attempt.toldAudio = frame.format } else { self.attempt.toldVideo = frame.format }
    return .frame(
      FrameDelivery(
        format: frame.format, milliseconds: UInt32(truncatingIfNeeded: milliseconds), payloadType: frame.payloadType,
        count: writer.count, width: frame.width, height: frame.height, isFirst: told != frame.format,
        transform: self.receivedTransform))
  }

  // MARK: The connection's events

  /// Takes one event of the connection's. Whether there was one.
  func translateEvent() -> Bool {
    guard let event = self.connection?.pollEvent() ?? nil else { return false }
    switch event {
    case .phaseChanged(let phase): self.phaseChanged(to: phase)
    case .failed(let reason): self.attempt.failure = reason
    case .gatheringComplete:
      self.attempt.isGathered = true
      if self.attempt.owesOffer || self.attempt.owesAnswer { self.notices.append(.localDescription) }
    case .dataChannelsConnected: self.channelsConnected()
    case .channelOpened(let channel, _): self.channelOpened(channel)
    case .channelClosed(let channel): self.channelClosed(channel)
    case .trackAdded(let transceiver): self.trackChanged(transceiver, isThere: true)
    case .trackRemoved(let transceiver): self.trackChanged(transceiver, isThere: false)
    case .keyFrameRequested: self.notices.append(.state(ESP_PEER_STATE_VIDEO_PLI_RECEIVED))
    case .connectionStateChanged, .iceStateChanged, .signalingStateChanged, .localCandidate, .selectedPairChanged,
      .bufferedAmountLow, .writable, .negotiationNeeded, .streamAdded, .streamRemoved, .bandwidthEstimated:
      break
    }
    return true
  }

  private func phaseChanged(to phase: Phase) {
    guard phase != self.attempt.toldPhase else { return }
    switch phase {
    // A silent path may yet be heard again: the application learns of its loss, not of its doubt.
    case .newConnection, .candidateGathering, .disconnected: return
    case .pairing: self.notices.append(.state(ESP_PEER_STATE_PAIRING))
    case .paired: self.notices.append(.state(ESP_PEER_STATE_PAIRED))
    case .connecting: self.notices.append(.state(ESP_PEER_STATE_CONNECTING))
    case .connected:
      self.attempt.wasConnected = true
      self.attempt.toldEnd = false
      self.attempt.failures = 0
      self.attempt.retryAt = nil
      self.notices.append(.state(ESP_PEER_STATE_CONNECTED))
    case .connectFailed:
      self.tellChannelsEnd()
      self.connectionEnded(self.attempt.failure ?? .ice)
    case .closed:
      self.tellChannelsEnd()
      if self.attempt.stage == .ended {
        self.notices.append(.state(ESP_PEER_STATE_CLOSED))
      } else {
        self.connectionEnded(nil)
      }
    }
    self.attempt.toldPhase = phase
  }

  /// The association ends with the connection.
  private func tellChannelsEnd() {
    guard self.attempt.hadChannels else { return }
    self.attempt.hadChannels = false
    self.notices.append(.state(ESP_PEER_STATE_DATA_CHANNEL_DISCONNECTED))
  }

  private func trackChanged(_ transceiver: Transceiver, isThere: Bool) {
    guard let kind = self.connection?.transceiverInfo(transceiver)?.kind else { return }
    switch kind {
    case .audio:
      self.notices.append(
        .state(isThere ? ESP_PEER_STATE_REMOTE_AUDIO_TRACK_ADDED : ESP_PEER_STATE_REMOTE_AUDIO_TRACK_REMOVED))
    case .video:
      self.notices.append(
        .state(isThere ? ESP_PEER_STATE_REMOTE_VIDEO_TRACK_ADDED : ESP_PEER_STATE_REMOTE_VIDEO_TRACK_REMOVED))
      if let interval = self.settings.keyFrameInterval { self.attempt.keyFrameAt = isThere ? self.now + interval : nil }
    }
  }
}
