import Bytes
import Cryptography
import DTLS
import DataChannel
import ICE
import SCTP
import SDP
import STUN
import Time

#if Audio
import RTP
import SRTP
#endif

/// Datagrams, time and events: the five verbs.
extension PeerConnection {
  // MARK: Input

  /// Takes a datagram that came from `remote` to the local address `local`. Its bytes are used up: records are
  /// decrypted in place. RFC 7983 section 7 tells the protocols apart.
  ///
  /// Gives back what a receiver with the delivery `.inPlace` has to forward: its payload now lies in `datagram`
  /// (`ReceivedPacket.header.payload(of:)`). What came ahead of the keys waits for `receivePacket`.
  @discardableResult
  public mutating func receive(
    _ datagram: inout MutableSpan<UInt8>, from remote: TransportAddress, to local: TransportAddress, now: Instant
  ) -> (Transceiver, ReceivedPacket)? {
    guard datagram.count > 0, !self.core.isClosing else { return nil }
    self.core.counters.datagramsReceived &+= 1
    self.core.counters.bytesReceived &+= UInt64(datagram.count)
    self.core.clock = max(self.core.clock, now)
    switch datagram[0] {
    case 0...3:
      self.core.agent.receive(datagram.span, from: remote, to: local, now: now)
      self.pump(now: now)
    case 20...63:
      guard self.dtls != nil, self.core.agent.accepts(from: remote, to: local) else {
        // Once the handshake runs there is a better path to repeat it on than one that ICE knows nothing of.
        if self.core.isHandshakeStarted {
          self.core.counters.unacceptedDatagrams &+= 1
        } else {
          self.core.early.append(datagram.span, from: remote, to: local)
        }
        return nil
      }
      self.receiveRecords(&datagram, from: remote, to: local, now: now)
    #if Audio
    case 128...191:
      return self.receiveMedia(&datagram, from: remote, to: local, now: now)
    #endif
    default:
      self.core.counters.unknownDatagrams &+= 1
    }
    return nil
  }

  private mutating func receiveRecords(
    _ datagram: inout MutableSpan<UInt8>, from remote: TransportAddress, to local: TransportAddress, now: Instant
  ) {
    var offset = 0
    while offset < datagram.count {
      guard let plaintext = self.dtls?.value.receive(&datagram, from: &offset, now: now) else { continue }
      self.core.channels.receive(datagram.span.extracting(plaintext), now: now)
      self.core.agent.didReceiveData(from: remote, to: local, now: now)
    }
    self.pump(now: now)
  }

  /// Time has come to `now`: whatever was due is done.
  public mutating func advance(to now: Instant) {
    guard let deadline = self.nextDeadline, deadline <= now else { return }
    self.core.agent.advance(to: now)
    self.dtls?.value.advance(to: now)
    self.core.channels.advance(to: now)
    self.core.clock = max(self.core.clock, now)
    #if Audio
    if let deadline = self.core.mediaDeadline, deadline <= now {
      self.core.media?.session.advance(to: now)
      self.updateMediaDeadline()
    }
    #endif
    self.pump(now: now)
  }

  /// When to call `advance` next; nil: nothing waits for time.
  @inlinable public var nextDeadline: Instant? {
    guard !self.core.isClosing else { return nil }
    var earliest = self.core.agent.nextDeadline ?? .distantFuture
    if let deadline = self.core.dtlsDeadline, deadline < earliest { earliest = deadline }
    if let deadline = self.core.channels.nextDeadline, deadline < earliest { earliest = deadline }
    #if Audio
    if let deadline = self.core.mediaDeadline, deadline < earliest { earliest = deadline }
    #endif
    return earliest == .distantFuture ? nil : earliest
  }

  /// Ends the connection: the peer is told by an SCTP ABORT and a DTLS close_notify, then nothing more is sent. Channels
  /// that hold unsent messages lose them; close channels first where that matters.
  public mutating func close(now: Instant) {
    guard self.core.connectionState != .closed else { return }
    self.core.channels.abort(now: now)
    self.leaveMedia(now: now)
    self.core.isClosing = true
    if self.core.path == nil || !self.core.agent.mayConsentSend { self.silence() }
    self.setSignalingState(.closed)
    self.setPhase(.closed)
    self.setConnectionState(.closed)
  }

  // MARK: Output

  /// Writes the next datagram to send; nil when there is none. `writer` needs 1,500 bytes of room, or as many as the
  /// configuration's MTU and packet size ask for with a record's 37 where that is more.
  public mutating func pollTransmit(into writer: inout SpanWriter) -> Transmit? {
    let start = writer.count
    guard let transmit = self.nextTransmit(into: &writer) else { return nil }
    self.core.counters.datagramsSent &+= 1
    self.core.counters.bytesSent &+= UInt64(writer.count &- start)
    return transmit
  }

  private mutating func nextTransmit(into writer: inout SpanWriter) -> Transmit? {
    if !self.core.isClosing, let check = self.core.agent.pollTransmit(into: &writer) {
      return Transmit(source: check.source, destination: check.destination)
    }
    // Nothing but checks goes where consent is not held (RFC 7675 section 5.1).
    guard let path = self.core.path, self.core.agent.mayConsentSend else { return nil }
    if self.core.isClosing {
      if self.sealMedia(into: &writer) || self.sealPacket(into: &writer) { return path }
      self.dtls?.value.close()
    }
    if self.dtls?.value.pollTransmit(into: &writer) ?? false { return path }
    if self.core.isClosing {
      self.silence()
      return nil
    }
    // Media before data: it is paced, and late is lost.
    if self.sealMedia(into: &writer) { return path }
    return self.sealPacket(into: &writer) ? path : nil
  }

  /// The end: there is no path any more, and nothing that could find one.
  private mutating func silence() {
    self.core.agent.close()
    self.core.path = nil
  }

  /// Writes an SCTP packet behind room for the record's header, and encrypts it where it lies.
  @inline(never)
  private mutating func sealPacket(into writer: inout SpanWriter) -> Bool {
    guard self.core.isAuthenticated else { return false }
    let headroom = self.core.recordHeadroom
    let start = writer.count
    let tailroom = DTLS.Connection.recordTailroom
    // A packet that found no room for its tag would be lost to the association.
    let room = headroom &+ self.core.configuration.channels.association.maximumPacketSize &+ tailroom
    guard writer.remaining >= room else { return false }
    writer.skip(headroom)
    guard self.core.channels.pollTransmit(into: &writer) else {
      writer.rewind(to: start)
      return false
    }
    let plaintext = headroom..<(writer.count &- start)
    writer.skip(tailroom)
    var record = writer.mutableBytes(in: start..<(start &+ plaintext.upperBound &+ tailroom))
    do throws(DTLS.UsageError) {
      let sealed = try self.dtls?.value.seal(&record, plaintext: plaintext)
      return sealed?.lowerBound == 0
    } catch {
      self.core.counters.sealFailures &+= 1
    }
    writer.rewind(to: start)
    return false
  }

  /// What happened since the last call; nil when that is all.
  public mutating func pollEvent() -> Event? {
    if let event = self.core.events.popFirst() { return event }
    guard let event = self.core.channels.pollEvent() else { return self.pollMediaEvent() }
    switch event {
    case .connected: return .dataChannelsConnected
    case .opened(let channel, let remote): return .channelOpened(channel, remote: remote)
    case .closed(let channel): return .channelClosed(channel)
    case .bufferedAmountLow(let channel): return .bufferedAmountLow(channel)
    case .writable: return .writable
    case .ended(let reason):
      return self.associationEnded(reason)
    }
  }

  // MARK: Between the layers

  /// Carries what one layer reports to the others. Called after every input.
  mutating func pump(now: Instant) {
    guard !self.core.isClosing else { return }
    while let event = self.core.agent.pollEvent() { self.handle(event, now: now) }
    while let event = self.dtls?.value.pollEvent() ?? nil { self.handle(event, now: now) }
    self.core.dtlsDeadline = self.dtls?.value.nextDeadline ?? nil
  }

  private mutating func handle(_ event: ICE.Agent.Event, now: Instant) {
    switch event {
    case .stateChanged(let state):
      self.core.events.append(.iceStateChanged(state))
      self.iceStateChanged(to: state, now: now)
    case .localCandidate(let candidate):
      self.core.localCandidates.append(candidate)
      self.core.events.append(.localCandidate(candidate))
    case .gatheringComplete:
      self.core.isGathered = true
      self.core.events.append(.gatheringComplete)
    case .selectedPairChanged(let local, let remote):
      self.core.path = Transmit(source: local, destination: remote)
      self.core.events.append(.selectedPairChanged(local: local, remote: remote))
      self.startHandshake(now: now)
    default:
      break
    }
  }

  private mutating func iceStateChanged(to state: ICE.Agent.State, now: Instant) {
    switch state {
    case .new, .closed:
      break
    case .checking:
      if !self.core.isAuthenticated || !self.core.agent.mayConsentSend { self.setPhase(.pairing) }
      self.updateConnectionState()
    case .connected, .completed:
      if self.core.isAuthenticated {
        self.setPhase(.connected)
      } else if self.core.isHandshakeStarted {
        self.setPhase(.connecting)
      }
      self.updateConnectionState()
    case .disconnected:
      self.setPhase(.disconnected)
      self.updateConnectionState()
    case .failed:
      self.fail(.ice)
    }
  }

  private mutating func handle(_ event: DTLS.Event, now: Instant) {
    switch event {
    case .connected:
      self.core.isAuthenticated = true
      self.core.recordHeadroom = self.dtls?.value.recordHeadroom ?? 0
      self.setPhase(.connected)
      self.updateConnectionState()
      self.startChannels(now: now)
      self.deliverEarlyRecords(now: now)
      self.startMedia(now: now)
    case .failed(let failure):
      self.fail(.dtls(failure))
      self.core.channels.abort(now: now)
    case .closed:
      // The peer is gone for good: what it did not acknowledge it will not.
      self.close(now: now)
    }
  }

  /// SCTP runs once both the section and the keys for it are there.
  @inline(never)
  private mutating func startChannels(now: Instant) {
    guard self.core.isAuthenticated, !self.core.areChannelsStarted, self.core.signaling.remote?.dataSection != nil else { return }
    self.core.areChannelsStarted = true
    if let roundTrip = self.core.agent.selectedPair?.roundTrip { self.core.channels.setInitialRoundTrip(roundTrip) }
    self.core.channels.connect(now: now)
  }

  /// Both descriptions are known, and with them who is the DTLS client.
  @inline(never)
  mutating func settle(now: Instant) {
    self.updateMediaDeadline()
    self.startChannels(now: now)
    guard self.dtls == nil, self.makeDTLS(now: now) else { return }
    self.startHandshake(now: now)
  }

  /// Apart from what follows: the handshake that may follow needs the stack.
  @inline(never)
  private mutating func makeDTLS(now: Instant) -> Bool {
    guard let remote = self.core.signaling.remote else { return false }
    var configuration = self.core.configuration.dtls
    configuration.role = remote.localSetup == .active ? .client : .server
    do throws(DTLS.UsageError) {
      let random = self.core.random.split()
      self.dtls = try Indirect { () throws(DTLS.UsageError) in
        try DTLS.Connection(configuration: configuration, identity: self.core.identity, random: random, now: now)
      }
    } catch {
      self.fail(.dtls(.outOfMemory))
      self.core.channels.abort(now: now)
      return false
    }
    self.core.channels.setDTLSRole(isClient: self.isDTLSClient, now: now)
    self.dtls?.value.setRemoteFingerprints(remote.fingerprints.compactMap { Cryptography.Fingerprint($0) }, now: now)
    return true
  }

  /// Whether this side is the client of DTLS and of SCTP, by `a=setup` (RFC 8842); false before descriptions were exchanged.
  public var isDTLSClient: Bool {
    switch self.dtls {
    case .some(let connection): connection.value.role == .client
    case .none: false
    }
  }

  /// A path works and the roles are known: the client speaks, and what came too early is heard.
  @inline(never)
  private mutating func startHandshake(now: Instant) {
    guard self.core.path != nil, self.dtls != nil, !self.core.isHandshakeStarted else { return }
    self.core.isHandshakeStarted = true
    self.setPhase(.paired)
    self.setPhase(.connecting)
    if let roundTrip = self.core.agent.selectedPair?.roundTrip {
      // A flight and its answer cross once each way, plus the time the peer's public-key operations take.
      self.dtls?.value.setInitialTimeout(roundTrip * 2 + .milliseconds(50))
    }
    self.dtls?.value.start(now: now)
    self.updateConnectionState()
    for entry in self.core.early.removeAll() where self.core.agent.accepts(from: entry.remote, to: entry.local) {
      var bytes = entry.bytes
      var datagram = bytes.mutableSpan
      self.receiveRecords(&datagram, from: entry.remote, to: entry.local, now: now)
    }
  }

  /// Application data that came ahead of the handshake's end.
  @inline(never)
  private mutating func deliverEarlyRecords(now: Instant) {
    var buffer = [UInt8](repeating: 0, count: EarlyDatagrams.maximumSize)
    while true {
      var writer = SpanWriter(buffer.mutableSpan)
      guard self.dtls?.value.receiveEarlyData(into: &writer) ?? false else { return }
      let count = writer.count
      self.core.channels.receive(buffer.span.extracting(0..<count), now: now)
    }
  }

  @inline(never)
  private mutating func associationEnded(_ reason: SCTP.Association.CloseReason) -> Event? {
    switch reason {
    case .abortedLocally, .shutdown: break
    // The peer took its association down; it may still be closing the transport in order.
    case .abortedByPeer(let cause) where cause == 0 || cause == 12: break
    default: self.fail(.sctp(reason))
    }
    return self.pollEvent()
  }

  // MARK: States

  /// A path can be mended by a restart of ICE, so that its loss ends nothing; every other failure is final, also after that.
  mutating func fail(_ reason: FailureReason) {
    guard !self.core.isClosing, reason != .ice || self.core.connectionState != .failed else { return }
    self.core.failureReason = reason
    self.core.events.append(.failed(reason))
    self.setPhase(.connectFailed)
    self.setConnectionState(.failed)
    if reason != .ice { self.core.isClosing = true }
  }

  /// W3C WebRTC section 5.6.2: the state of the ICE and DTLS transports together.
  private mutating func updateConnectionState() {
    guard !self.core.isClosing else { return }
    switch self.core.agent.state {
    case .disconnected: self.setConnectionState(.disconnected)
    case .checking, .connected, .completed:
      self.core.failureReason = nil
      // An ICE restart checks anew while the old path still serves.
      self.setConnectionState(self.core.isAuthenticated && self.core.agent.mayConsentSend ? .connected : .connecting)
    case .new, .failed, .closed: break
    }
  }

  mutating func setConnectionState(_ state: ConnectionState) {
    guard state != self.core.connectionState else { return }
    self.core.connectionState = state
    self.core.events.append(.connectionStateChanged(state))
  }

  mutating func setPhase(_ phase: Phase) {
    guard phase != self.core.phase else { return }
    self.core.phase = phase
    self.core.events.append(.phaseChanged(phase))
  }

  mutating func setSignalingState(_ state: SignalingState) {
    guard state != self.core.signaling.state else { return }
    self.core.signaling.state = state
    self.core.events.append(.signalingStateChanged(state))
  }
}
