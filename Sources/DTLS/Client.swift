import Bytes
import Cryptography
import Time

/// The client's side (RFC 6347 section 4.2.4, figure 1).
extension Connection {
  mutating func startClient(now: Instant) {
    self.phase = .handshaking
    self.handshake.clientRandom = self.random.bytes()
    self.timers.set(.handshake, at: now + self.configuration.handshakeTimeout)
    self.sendClientHello(cookie: [], now: now)
  }

  @inline(never)
  private mutating func sendClientHello(cookie: [UInt8], now: Instant) {
    self.handshake.expectation = .serverHello
    var flight = Flight()
    flight.isClientHello = true
    self.add(
      ClientHello.write(
        self.configuration, random: self.handshake.clientRandom.span, cookie: cookie,
        sequence: self.handshake.nextSequence), to: &flight)
    self.begin(flight, expectingAnswer: true, now: now)
  }

  @inline(never)
  mutating func handleHelloVerifyRequest(_ body: Span<UInt8>, now: Instant) throws(Fault) {
    // One is a server's right; more would be a way to keep a client busy.
    guard self.handshake.nextSequence == 1 else { throw .alert(.unexpectedMessage) }
    let cookie: [UInt8]
    do throws(WireError) { cookie = try HelloVerifyRequest.parse(body) } catch { throw .alert(.decodeError) }
    self.handshake.transcript = []
    self.peerFlightEnd = self.reassembly.next &- 1
    self.sendClientHello(cookie: cookie, now: now)
  }

  @inline(never)
  mutating func handleServerHello(_ body: Span<UInt8>) throws(Fault) {
    let hello: ServerHello
    do throws(WireError) { hello = try ServerHello(parsing: body) } catch { throw .alert(.decodeError) }
    guard hello.version == RecordHeader.dtls12 else { throw .alert(.protocolVersion) }
    guard let suite = CipherSuite(rawValue: hello.cipherSuite), self.configuration.cipherSuites.contains(suite),
      hello.compression == 0
    else { throw .alert(.illegalParameter) }
    guard !hello.hasUnsolicitedExtension else { throw .alert(.unsupportedExtension) }
    guard hello.hasExtendedMasterSecret || !self.configuration.requiresExtendedMasterSecret else {
      throw .alert(.handshakeFailure)
    }
    if let number = hello.srtpProfile {
      guard let profile = SRTPProfile(rawValue: number), self.configuration.srtpProfiles.contains(profile),
        !hello.hasMKI
      else { throw .alert(.illegalParameter) }
      self.negotiated.srtpProfile = profile
    }
    self.negotiated.cipherSuite = suite
    self.negotiated.usesExtendedMasterSecret = hello.hasExtendedMasterSecret
    self.handshake.serverRandom = hello.random
    self.handshake.expectation = .serverCertificate
  }

  @inline(never)
  mutating func handleServerKeyExchange(_ body: Span<UInt8>) throws(Fault) {
    let message: ServerKeyExchange
    do throws(WireError) { message = try ServerKeyExchange(parsing: body) } catch { throw .alert(.decodeError) }
    guard let group = message.group, self.configuration.groups.contains(group),
      let algorithm = message.algorithm, algorithm.usesRSA == self.negotiated.cipherSuite?.authenticatesWithRSA,
      let peerKey = self.handshake.peerKey, peerKey.isRSA == algorithm.usesRSA
    else { throw .alert(.illegalParameter) }
    var signed = MessageWriter()
    signed.write(self.handshake.clientRandom.span)
    signed.write(self.handshake.serverRandom.span)
    guard
      peerKey.verifies(
        message.signature.span, hash: algorithm.hash, of: signed.bytes.span,
        body.extracting(first: message.parametersLength), tables: self.identity.key)
    else { throw .alert(.decryptError) }
    self.negotiated.group = group
    self.handshake.peerExchangeKey = message.publicKey
    self.handshake.expectation = .certificateRequestOrDone
  }

  @inline(never)
  mutating func handleCertificateRequest(_ body: Span<UInt8>) throws(Fault) {
    let isSatisfied: Bool
    do throws(WireError) { isSatisfied = try CertificateRequest.parse(body) } catch { throw .alert(.decodeError) }
    guard isSatisfied else { throw .alert(.handshakeFailure) }
    self.handshake.isCertificateRequested = true
    self.handshake.expectation = .serverHelloDone
  }

  mutating func handleServerHelloDone(now: Instant) throws(Fault) {
    self.peerFlightEnd = self.reassembly.next &- 1
    self.handshake.expectation = .nothing
    // Nothing that a wrong peer could use is sent before signalling has vouched for it.
    if self.remoteFingerprints.isEmpty {
      self.awaitFingerprint()
    } else {
      try self.sendClientKeys(now: now)
    }
  }

  /// Certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished.
  @inline(never)
  mutating func sendClientKeys(now: Instant) throws(Fault) {
    guard let group = self.negotiated.group else { throw .alert(.internalError) }
    var flight = Flight()
    let signature: [UInt8]
    do throws(CryptographyError) {
      if self.handshake.isCertificateRequested {
        self.add(
          CertificateMessage.write(self.identity.certificate, sequence: self.handshake.nextSequence), to: &flight)
      }
      let exchange = try KeyExchange(group, random: &self.random)
      self.handshake.exchange = exchange
      self.add(ClientKeyExchange.write(exchange, sequence: self.handshake.nextSequence), to: &flight)
      signature = try self.identity.key.signature(of: Hash.sha256(self.handshake.transcript.span))
    } catch {
      throw Fault(error, orElse: .internalError)
    }
    try self.deriveKeys()
    if self.handshake.isCertificateRequested {
      self.add(CertificateVerify.write(signature: signature, sequence: self.handshake.nextSequence), to: &flight)
    }
    self.addFinished(to: &flight)
    self.handshake.expectation = .serverFinished
    self.begin(flight, expectingAnswer: true, now: now)
    self.receiveEarlyHandshakeRecords(now: now)
  }
}
