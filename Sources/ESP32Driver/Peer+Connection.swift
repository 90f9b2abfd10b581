import Bytes
import CESPPeer
import ICE
import RTP
import STUN
import Time
import WebRTC

/// The life of a connection: asked for, gathered, described, over, begun anew.
extension Peer {
  func connect() -> Result {
    if self.isUnderWay {
      guard self.attempt.isUnasked else { return .wrongState }
      self.attempt.isUnasked = false
      return .none
    }
    self.attempt.failures = 0
    return self.begin()
  }

  /// Whether there is a connection that is not over.
  var isUnderWay: Bool {
    switch self.attempt.stage {
    case .fresh, .ended: return false
    case .resolving: return true
    case .begun:
      switch self.connection?.connectionState {
      case .none, .closed, .failed: return false
      default: return true
      }
    }
  }

  /// Begins a connection in the place of any other.
  func begin() -> Result {
    let failures = self.attempt.failures
    self.dropConnection()
    self.attempt = Attempt()
    self.attempt.failures = failures
    self.attempt.stage = .resolving
    self.attempt.resolvingEnds = self.now + .seconds(3)
    self.notices.append(.state(ESP_PEER_STATE_NEW_CONNECTION))
    self.notices.append(.state(ESP_PEER_STATE_CANDIDATE_GATHERING))
    for index in self.servers.indices where !self.servers[index].isLiteral {
      self.servers[index].address = nil
      self.names.add(self.servers[index].name, for: .server, at: self.now)
    }
    return self.names.hasServers ? .none : self.makeConnection()
  }

  /// Makes the `PeerConnection`, now that its servers' addresses are known.
  @discardableResult
  func makeConnection() -> Result {
    let now = self.now
    guard let seed = SeededRandom.Seed.fromSystem(), self.takeNewConnection(seed, now) else { return self.failToBegin() }
    self.attempt.stage = .begun
    self.openSockets()
    self.addMedia(now)
    var preference: UInt16 = .max
    for socket in self.sockets {
      self.connection?.addLocalAddress(socket.address, preference: preference, now: now)
      preference &-= 1
    }
    self.connection?.localAddressesComplete(now: now)
    self.attempt.owesOffer = self.role == .controlling
    self.takeEarlySignals()
    return .none
  }

  /// Apart, so that the stack of making it does not lie under what follows.
  @inline(never)
  private func takeNewConnection(_ seed: SeededRandom.Seed, _ now: Instant) -> Bool {
    var configuration = self.settings.connection
    Settings.applyCiphers(to: &configuration.dtls)
    for server in self.servers {
      guard let ip = server.address else { continue }
      configuration.ice.stunServers.append(TransportAddress(ip: ip, port: server.port))
    }
    do throws(PeerConnection.UsageError) {
      self.connection = try PeerConnection(
        configuration: consume configuration, identity: self.identity, seed: seed, now: now)
      return true
    } catch {
      return false
    }
  }

  private func failToBegin() -> Result {
    self.attempt.stage = .ended
    self.notices.append(.state(ESP_PEER_STATE_CONNECT_FAILED))
    return .failed
  }

  private func addMedia(_ now: Instant) {
    if let audio = self.settings.audio {
      _ = try? self.connection?.addTransceiver(.audio, .init(direction: audio.direction), now: now)
    }
    if let video = self.settings.video {
      _ = try? self.connection?.addTransceiver(.video, .init(direction: video.direction), now: now)
    }
  }

  /// The first transceiver of a kind: ours, where there is one.
  func transceiver(_ kind: MediaKind) -> Transceiver? {
    let hasAudio = self.settings.audio != nil
    switch kind {
    case .audio: return hasAudio ? Transceiver(index: 0) : nil
    case .video: return self.settings.video != nil ? Transceiver(index: hasAudio ? 1 : 0) : nil
    }
  }

  // MARK: Its end

  func disconnect() -> Result {
    guard self.attempt.stage != .fresh, self.attempt.stage != .ended else { return .wrongState }
    let wasResolving = self.attempt.stage == .resolving
    self.endConnection()
    if wasResolving { self.notices.append(.state(ESP_PEER_STATE_CLOSED)) }
    return .none
  }

  /// Tells the other side. What the connection has left to tell the application stays to be told.
  func endConnection() {
    self.attempt.stage = .ended
    self.attempt.retryAt = nil
    self.attempt.owesOffer = false
    self.attempt.owesAnswer = false
    self.notices.prune()
    self.names.removeAll()
    self.connection?.close(now: self.now)
    self.transmit()
    self.closeSockets()
    self.forgetRole()
  }

  /// Without `keep_role` the next connection is ours to offer.
  private func forgetRole() {
    if !self.settings.keepsRole { self.role = .controlling }
  }

  /// Makes room for another connection; nothing of this one is told any more, but that its channels are closed.
  private func dropConnection() {
    self.notices.prune()
    self.connection?.close(now: self.now)
    self.transmit()
    while self.translateEvent() {}
    for entry in self.channels.entries where entry.isOpen { self.noteClosed(entry) }
    self.connection = nil
    self.channels = ChannelList()
    self.closeSockets()
    self.names.removeAll()
    self.sentAudio = SendClock()
    self.sentVideo = SendClock()
  }

  /// The connection has failed, or the peer has ended it.
  func connectionEnded(_ reason: FailureReason?) {
    guard self.attempt.stage == .begun, !self.attempt.toldEnd else { return }
    self.attempt.toldEnd = true
    self.attempt.failure = reason
    let hadBeenUp = self.attempt.wasConnected
    self.notices.append(.state(hadBeenUp ? ESP_PEER_STATE_DISCONNECTED : ESP_PEER_STATE_CONNECT_FAILED))
    self.notices.prune()
    // A peer that said goodbye is not called back.
    guard self.settings.reconnects, reason != nil else { return }
    if hadBeenUp { self.attempt.failures = 0 }
    self.attempt.retryAt = self.now + self.attempt.retryDelay
    self.attempt.failures = min(self.attempt.failures &+ 1, 5)
  }

  /// Begins anew after a failure, when it is time.
  func retryIfDue(_ now: Instant) {
    guard let retryAt = self.attempt.retryAt, retryAt <= now else { return }
    self.attempt.retryAt = nil
    self.forgetRole()
    _ = self.begin()
  }

  // MARK: Time

  /// When the main loop has something to do though nothing comes.
  var nextDeadline: Instant {
    var earliest = self.connection?.nextDeadline ?? .distantFuture
    if let retryAt = self.attempt.retryAt, retryAt < earliest { earliest = retryAt }
    if let keyFrameAt = self.attempt.keyFrameAt, keyFrameAt < earliest { earliest = keyFrameAt }
    if self.attempt.stage == .resolving, self.attempt.resolvingEnds < earliest { earliest = self.attempt.resolvingEnds }
    if let lookUpAt = self.names.nextLookUp, lookUpAt < earliest { earliest = lookUpAt }
    return earliest
  }

  /// Asks for key frames where the application wants them regularly.
  func requestKeyFrameIfDue(_ now: Instant) {
    guard let interval = self.settings.keyFrameInterval, let keyFrameAt = self.attempt.keyFrameAt, keyFrameAt <= now,
      let video = self.transceiver(.video)
    else { return }
    self.attempt.keyFrameAt = now + interval
    self.connection?.requestKeyFrame(of: video, now: now)
  }

  var pairedAddress: TransportAddress? {
    self.connection?.selectedPair?.remote
  }
}
