import Bytes
import Cryptography
import Time

extension Connection {
  /// One whole message, in order: what may come when, for both roles.
  mutating func handle(_ message: [UInt8], now: Instant) throws(Fault) {
    let body = message.span.extracting(droppingFirst: HandshakeHeader.length)
    guard let type = HandshakeType(rawValue: message[0]) else { throw .alert(.unexpectedMessage) }
    switch (self.handshake.expectation, type) {
    case (_, .helloRequest) where self.role == .client:
      return  // "ignored if the client is currently negotiating", and not hashed (RFC 5246 section 7.4.1.1)
    case (.serverHello, .helloVerifyRequest):
      try self.handleHelloVerifyRequest(body, now: now)
      return  // not hashed (RFC 6347 section 4.2.1)
    case (.serverHello, .serverHello):
      try self.handleServerHello(body)
    case (.serverCertificate, .certificate):
      try self.handlePeerCertificate(body)
      self.handshake.expectation = .serverKeyExchange
    case (.serverKeyExchange, .serverKeyExchange):
      try self.handleServerKeyExchange(body)
    case (.certificateRequestOrDone, .certificateRequest):
      try self.handleCertificateRequest(body)
    case (.certificateRequestOrDone, .serverHelloDone), (.serverHelloDone, .serverHelloDone):
      guard body.count == 0 else { throw .alert(.decodeError) }
      self.note(message)
      try self.handleServerHelloDone(now: now)
      return
    case (.clientHello, .clientHello):
      try self.handleClientHello(body, message: message, now: now)
      return
    case (.clientCertificate, .certificate):
      try self.handlePeerCertificate(body)
      self.handshake.expectation = .clientKeyExchange
    case (.clientKeyExchange, .clientKeyExchange):
      self.note(message)
      try self.handleClientKeyExchange(body, now: now)
      return
    case (.certificateVerify, .certificateVerify):
      try self.handleCertificateVerify(body)
    case (.serverFinished, .finished), (.clientFinished, .finished):
      try self.handleFinished(body, message: message, now: now)
      return
    default:
      throw .alert(.unexpectedMessage)
    }
    self.note(message)
  }

  /// Adds a message, of whichever side, to what is hashed.
  mutating func note(_ message: [UInt8]) {
    // No more than is needed: it is the largest thing that a handshake keeps.
    self.handshake.transcript.reserveCapacity(self.handshake.transcript.count &+ message.count)
    self.handshake.transcript.append(contentsOf: message)
  }

  /// Adds a message of ours to a flight and to what is hashed.
  mutating func add(_ message: [UInt8], to flight: inout Flight) {
    self.handshake.nextSequence &+= 1
    self.note(message)
    flight.append(message)
  }

  // MARK: What both roles do

  @inline(never)
  private mutating func handlePeerCertificate(_ body: Span<UInt8>) throws(Fault) {
    let certificate: [UInt8]?
    do throws(WireError) { certificate = try CertificateMessage.parse(body) } catch { throw .alert(.decodeError) }
    // WebRTC authenticates both sides (RFC 8827 section 6.5).
    guard let certificate else { throw .alert(.handshakeFailure) }
    do throws(WireError) {
      self.handshake.peerKey = try Certificate.publicKey(of: certificate.span)
    } catch {
      throw .alert(.unsupportedCertificate)
    }
    self.handshake.peerCertificate = certificate
    self.negotiated.peerFingerprint = Fingerprint(.sha256, of: certificate.span)
    if !self.remoteFingerprints.isEmpty { try self.checkFingerprint() }
  }

  @inline(__always) func checkFingerprint() throws(Fault) {
    for fingerprint in self.remoteFingerprints where fingerprint.matches(self.handshake.peerCertificate.span) { return }
    throw .fingerprintMismatch
  }

  /// Makes the master secret and the keys of epoch 1, from all messages up to ClientKeyExchange.
  @inline(never)
  mutating func deriveKeys() throws(Fault) {
    guard let exchange = self.handshake.exchange, let suite = self.negotiated.cipherSuite else {
      throw .alert(.internalError)
    }
    do throws(CryptographyError) {
      let premaster = try exchange.sharedSecret(with: self.handshake.peerExchangeKey.span)
      let transcript = self.handshake.transcript
      if self.negotiated.usesExtendedMasterSecret {
        self.secrets.derive(
          premaster: premaster, clientRandom: self.handshake.clientRandom, serverRandom: self.handshake.serverRandom,
          prf: suite.prf, extendedOver: transcript.span)
      } else {
        self.secrets.derive(
          premaster: premaster, clientRandom: self.handshake.clientRandom, serverRandom: self.handshake.serverRandom,
          prf: suite.prf, extendedOver: nil)
      }
      self.handshake.exchange = nil
      self.records.install(
        writing: try self.secrets.makeProtection(suite, of: self.role),
        reading: try self.secrets.makeProtection(suite, of: self.role == .client ? .server : .client))
    } catch {
      throw Fault(error, orElse: .illegalParameter)
    }
  }

  /// The Finished message of this side over what has been said so far.
  @inline(never)
  mutating func addFinished(to flight: inout Flight) {
    let prf = self.negotiated.cipherSuite?.prf ?? .sha256
    let data = Finished.verifyData(
      from: self.role, master: self.secrets.master, prf: prf, transcript: self.handshake.transcript.span)
    flight.beginProtection()
    self.add(Finished.write(data, sequence: self.handshake.nextSequence), to: &flight)
  }

  @inline(never)
  private mutating func handleFinished(
    _ body: Span<UInt8>, message: [UInt8], now: Instant
  ) throws(Fault) {
    let prf = self.negotiated.cipherSuite?.prf ?? .sha256
    let expected = Finished.verifyData(
      from: self.role == .client ? .server : .client, master: self.secrets.master, prf: prf,
      transcript: self.handshake.transcript.span)
    guard body.count == Finished.length else { throw .alert(.decodeError) }
    guard constantTimeEqual(expected.span, body) else { throw .alert(.decryptError) }
    self.note(message)
    self.handshake.expectation = .nothing
    self.peerFlightEnd = self.reassembly.next &- 1
    if self.role == .client {
      self.connect()
    } else if self.remoteFingerprints.isEmpty {
      self.awaitFingerprint()
    } else {
      self.finishServer(now: now)
    }
  }

  /// Stops the timer, since what is missing must come from this side, and waits for `setRemoteFingerprints`.
  mutating func awaitFingerprint() {
    self.phase = .awaitingFingerprint
    self.timers.cancel(.retransmission)
    self.flight = Flight()
  }

  mutating func resumeAfterFingerprint(now: Instant) throws(Fault) {
    self.phase = .handshaking
    if self.role == .client {
      try self.sendClientKeys(now: now)
    } else {
      self.finishServer(now: now)
    }
  }

  mutating func connect() {
    self.phase = .connected
    self.pendingConnected = true
    self.timers = TimerTable()
    // A server keeps its last flight, in case it got lost; a client's was answered.
    if self.role == .client { self.flight = Flight() }
    self.releaseHandshake()
  }
}
