import DataChannel
import ICE
import Simulator
import Time
import WebRTC

/// Calls and events.
extension Timeline {
  mutating func add(_ call: RecordedCall, _ isRefused: Bool, at time: Instant) {
    switch call {
    // A refused one only says that there is no room, as happens with every large transfer.
    case .send, .receiveMessage, .sendFrame, .sendPacket, .receiveFrame, .setBufferedAmountLowThreshold: return
    default: break
    }
    if isRefused { return self.mark(call.text(self.session.bytes) + ": refused", .warn, at: time) }
    switch call {
    case .addLocalAddress:
      if self.gathering.open == nil, self.gathering.spans.isEmpty { self.gathering.enter("gathering", .wait, at: time) }
    case .makeDescription, .setRemoteDescription:
      self.signallingStarted = self.signallingStarted ?? time
    case .openChannel(let options, let channel):
      if let channel { self.open(channel, quoted(options.label), at: time) }
    case .close:
      if self.closedBy == nil { self.closedBy = .outgoing }
    default: break
    }
    self.mark(call.text(self.session.bytes), .a, at: time)
  }

  mutating func add(_ event: PeerConnection.Event, _ detail: String, at time: Instant) {
    var tone = Tone.b
    switch event {
    case .connectionStateChanged(let state):
      tone = state.tone
      if state == .connected { self.connected = self.connected ?? time }
      if state == .closed, self.closedBy == nil { self.closedBy = .incoming }
      self.connection.enter("\(state)", tone, at: time)
      if state == .closed || state == .failed { self.end(at: time) }
    case .signalingStateChanged(let state):
      self.signalling.enter("\(state)", state == .stable ? .good : state == .closed ? .off : .wait, at: time)
    case .iceStateChanged(let state):
      tone = state.tone
      if state == .connected || state == .completed { self.iceConnected = self.iceConnected ?? time }
      self.ice.enter("\(state)", tone, at: time)
    case .gatheringComplete: self.gathering.leave(at: time)
    case .selectedPairChanged(let local, let remote):
      self.pair.enter("\(local.text) ↔ \(remote.text)", .good, at: time)
    case .phaseChanged(let phase):
      if phase == .connected, self.dtlsConnected == nil {
        self.dtlsConnected = time
        self.dtls.enter(self.session.secrets?.cipherSuite.name ?? "connected", .good, at: time)
      }
    case .failed: tone = .bad
    case .dataChannelsConnected:
      self.channelsConnected = self.channelsConnected ?? time
      self.sctp.enter("up", .good, at: time)
    case .channelOpened(let channel, _): self.open(channel, detail.isEmpty ? "channel \(channel.index)" : String(detail.prefix { $0 != " " || detail.first != "\"" }), isOpen: true, at: time)
    case .channelClosed(let channel):
      if let index = self.channels.firstIndex(where: { $0.index == channel.index }) {
        self.channels[index].lane.leave(at: time)
      }
    case .streamAdded(let transceiver, let ssrc, let codec):
      if self.codecs.count < 1000 { self.codecs.append((ssrc, codec)) }
      guard self.streams.count < Self.laneLimit else { break }
      var lane = Lane(codec.kind == .audio ? "Audio received" : "Video received")
      lane.enter("\(codec.format) \(ssrcText(ssrc)), transceiver \(transceiver.index)", .c, at: time)
      self.streams.append((ssrc, lane))
    case .streamRemoved(_, let ssrc):
      if let index = self.streams.lastIndex(where: { $0.ssrc == ssrc }) { self.streams[index].lane.leave(at: time) }
    case .writable, .bufferedAmountLow: return
    default: break
    }
    self.mark(event.text + (detail.isEmpty ? "" : " " + detail), tone, at: time)
  }

  private mutating func open(_ channel: Channel, _ name: String, isOpen: Bool = false, at time: Instant) {
    let index: Int
    if let known = self.channels.firstIndex(where: { $0.index == channel.index }) {
      index = known
    } else {
      guard self.channels.count < Self.laneLimit else { return }
      index = self.channels.count
      self.channels.append((channel.index, Lane(name)))
    }
    self.channels[index].lane.enter(isOpen ? "channel open" : "channel opening", isOpen ? .d : .wait, at: time)
  }

  /// Nothing that lives in the connection outlives it.
  private mutating func end(at time: Instant) {
    self.ice.leave(at: time)
    self.pair.leave(at: time)
    self.dtls.leave(at: time)
    self.sctp.leave(at: time)
    self.gathering.leave(at: time)
    for index in self.channels.indices { self.channels[index].lane.leave(at: time) }
    for index in self.streams.indices { self.streams[index].lane.leave(at: time) }
  }
}

extension ConnectionState {
  var tone: Tone {
    switch self {
    case .new, .closed: .off
    case .connecting: .wait
    case .connected: .good
    case .disconnected: .warn
    case .failed: .bad
    }
  }
}

extension ICE.Agent.State {
  var tone: Tone {
    switch self {
    case .new, .closed: .off
    case .checking: .wait
    case .connected, .completed: .good
    case .disconnected: .warn
    case .failed: .bad
    }
  }
}
