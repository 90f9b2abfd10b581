import Bytes
import Cryptography
import Time

/// The server's side (RFC 6347 section 4.2.4, figure 1).
extension Connection {
  @inline(never)
  mutating func handleClientHello(
    _ body: Span<UInt8>, message: [UInt8], now: Instant
  ) throws(Fault) {
    let hello: ClientHello
    do throws(WireError) { hello = try ClientHello(parsing: body) } catch { throw .alert(.decodeError) }
    if self.phase == .idle {
      self.phase = .handshaking
      self.timers.set(.handshake, at: now + self.configuration.handshakeTimeout)
    }
    self.peerFlightEnd = self.reassembly.next &- 1
    if self.configuration.requiresCookie {
      self.records.continueClear(from: self.handshake.latestRecordNumber)
      let cookie = Self.cookie(for: hello, secret: self.cookieSecret)
      guard constantTimeEqual(cookie.span, hello.cookie.span) else {
        // A second refusal would be the client's error, or the network's; and no end of it.
        guard self.handshake.nextSequence == 0 else { throw .alert(.handshakeFailure) }
        self.sendHelloVerifyRequest(cookie: cookie, now: now)
        return
      }
    }
    try self.choose(for: hello)
    self.note(message)
    try self.sendServerKeys(hello, now: now)
  }

  /// Bound to what the client must repeat unchanged (RFC 6347 section 4.2.1).
  @inline(never)
  private static func cookie(for hello: ClientHello, secret: InlineArray<32, UInt8>) -> InlineArray<32, UInt8> {
    var suites = MessageWriter()
    for suite in hello.cipherSuites { suites.write(suite) }
    return HMAC.sha256(key: secret.span, hello.random.span, suites.bytes.span)
  }

  /// No timer: the client, which knows whether it still wants to come in, repeats its hello.
  private mutating func sendHelloVerifyRequest(cookie: InlineArray<32, UInt8>, now: Instant) {
    var flight = Flight()
    flight.append(HelloVerifyRequest.write(cookie: cookie.span, sequence: self.handshake.nextSequence))
    self.handshake.nextSequence &+= 1
    self.begin(flight, expectingAnswer: false, now: now)
  }

  /// Settles on version, suite, group and profile, each the best of ours that the client has too.
  @inline(never)
  private mutating func choose(for hello: ClientHello) throws(Fault) {
    // DTLS versions count downwards. A client of 1.3 says 1.2 here and lists its versions in an extension.
    guard hello.version <= RecordHeader.dtls12, hello.version &>> 8 == 0xFE, hello.acceptsDTLS12 else {
      throw .alert(.protocolVersion)
    }
    guard hello.acceptsNullCompression, hello.acceptsUncompressedPoints else { throw .alert(.illegalParameter) }
    guard hello.allowsOurSignature,
      hello.hasExtendedMasterSecret || !self.configuration.requiresExtendedMasterSecret
    else { throw .alert(.handshakeFailure) }
    for suite in self.configuration.cipherSuites
    where !suite.authenticatesWithRSA && hello.cipherSuites.contains(suite.rawValue) {
      self.negotiated.cipherSuite = suite
      break
    }
    for group in self.configuration.groups where hello.groups?.contains(group.rawValue) ?? true {
      self.negotiated.group = group
      break
    }
    for profile in self.configuration.srtpProfiles where hello.srtpProfiles.contains(profile.rawValue) {
      self.negotiated.srtpProfile = profile
      break
    }
    guard self.negotiated.cipherSuite != nil, self.negotiated.group != nil else { throw .alert(.handshakeFailure) }
    self.negotiated.usesExtendedMasterSecret = hello.hasExtendedMasterSecret
    self.handshake.clientRandom = hello.random
    self.handshake.serverRandom = self.random.bytes()
  }

  /// ServerHello, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone.
  @inline(never)
  private mutating func sendServerKeys(_ hello: ClientHello, now: Instant) throws(Fault) {
    guard let group = self.negotiated.group, let suite = self.negotiated.cipherSuite else {
      throw .alert(.internalError)
    }
    let (parameters, signature) = try self.makeServerKeys(group)
    var flight = Flight()
    self.add(
      ServerHello.write(
        random: self.handshake.serverRandom.span, negotiated: self.negotiated, cipherSuite: suite, answering: hello,
        sequence: self.handshake.nextSequence), to: &flight)
    self.add(CertificateMessage.write(self.identity.certificate, sequence: self.handshake.nextSequence), to: &flight)
    self.add(
      ServerKeyExchange.write(parameters: parameters, signature: signature, sequence: self.handshake.nextSequence),
      to: &flight)
    self.add(CertificateRequest.write(sequence: self.handshake.nextSequence), to: &flight)
    self.add(MessageWriter.message(.serverHelloDone, sequence: self.handshake.nextSequence) { _ in }, to: &flight)
    self.handshake.expectation = .clientCertificate
    self.begin(flight, expectingAnswer: true, now: now)
  }

  /// The parameters of ServerKeyExchange and their signature. Apart, for nothing needs more stack than public-key operations.
  @inline(never)
  private mutating func makeServerKeys(_ group: KeyExchange.Group) throws(Fault) -> (parameters: [UInt8], signature: [UInt8]) {
    do throws(CryptographyError) {
      let exchange = try KeyExchange(group, random: &self.random)
      let parameters = ServerKeyExchange.parameters(exchange)
      var signed = MessageWriter()
      signed.write(self.handshake.clientRandom.span)
      signed.write(self.handshake.serverRandom.span)
      signed.write(parameters)
      let signature = try self.identity.key.signature(of: Hash.sha256(signed.bytes.span))
      self.handshake.exchange = exchange
      return (parameters, signature)
    } catch {
      throw Fault(error, orElse: .internalError)
    }
  }

  @inline(never)
  mutating func handleClientKeyExchange(_ body: Span<UInt8>, now: Instant) throws(Fault) {
    do throws(WireError) {
      self.handshake.peerExchangeKey = try ClientKeyExchange.parse(body)
    } catch {
      throw .alert(.decodeError)
    }
    try self.deriveKeys()
    self.handshake.expectation = .certificateVerify
    self.receiveEarlyHandshakeRecords(now: now)
  }

  @inline(never)
  mutating func handleCertificateVerify(_ body: Span<UInt8>) throws(Fault) {
    let message: CertificateVerify
    do throws(WireError) { message = try CertificateVerify(parsing: body) } catch { throw .alert(.decodeError) }
    guard let algorithm = message.algorithm, let peerKey = self.handshake.peerKey, peerKey.isRSA == algorithm.usesRSA
    else { throw .alert(.illegalParameter) }
    let transcript = self.handshake.transcript
    guard
      peerKey.verifies(
        message.signature.span, hash: algorithm.hash, of: transcript.span, transcript.span.extracting(first: 0),
        tables: self.identity.key)
    else { throw .alert(.decryptError) }
    self.handshake.expectation = .clientFinished
  }

  /// ChangeCipherSpec and Finished: the last flight, sent again for as long as the client repeats its own.
  @inline(never)
  mutating func finishServer(now: Instant) {
    var flight = Flight()
    self.addFinished(to: &flight)
    self.begin(flight, expectingAnswer: false, now: now)
    self.connect()
  }
}
