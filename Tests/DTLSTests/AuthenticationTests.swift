import Bytes
import Cryptography
import DTLS
import Testing
import Time

@Suite struct AuthenticationTests {
  @Test(arguments: [Role.client, .server])
  func `a wrong fingerprint fails, without keys and without data`(role: Role) throws {
    let pair = Pair()
    let (victim, other) = role == .client ? (pair.client, pair.server) : (pair.server, pair.client)
    victim.connection.setRemoteFingerprints([mallory.fingerprint], now: pair.now)
    pair.connect()
    #expect(victim.events == [.failed(.fingerprintMismatch)])
    #expect(other.events == [.failed(.peerAlert(.badCertificate))])
    #expect(throws: UsageError.notConnected) { _ = try victim.export() }
    #expect(throws: UsageError.notConnected) { _ = try victim.seal([1]) }
    #expect(victim.received.isEmpty && victim.earlyData().isEmpty)
    #expect(victim.nextDeadline == nil)
  }

  @Test(arguments: [Role.client, .server])
  func `a fingerprint that comes late is waited for`(role: Role) throws {
    let pair = Pair()
    let (late, other) = role == .client ? (pair.client, pair.server) : (pair.server, pair.client)
    late.connection.setRemoteFingerprints([], now: pair.now)
    pair.connect()
    #expect(late.phase == .awaitingFingerprint)
    #expect(late.events.isEmpty && !other.isConnected)
    #expect(throws: UsageError.notConnected) { _ = try late.export() }
    // The other side goes on repeating itself, to no effect.
    other.connection.advance(to: other.nextDeadline!)
    pair.exchange()
    #expect(late.phase == .awaitingFingerprint)
    late.connection.setRemoteFingerprints(
      [mallory.fingerprint, (role == .client ? bob : alice).fingerprint], now: pair.now + .milliseconds(300))
    pair.exchange()
    #expect(pair.client.isConnected && pair.server.isConnected)
    #expect(try pair.client.export() == pair.server.export())
  }

  @Test(arguments: [Role.client, .server])
  func `a wrong fingerprint that comes late fails`(role: Role) {
    let pair = Pair()
    let late = role == .client ? pair.client : pair.server
    late.connection.setRemoteFingerprints([], now: pair.now)
    pair.connect()
    late.connection.setRemoteFingerprints([mallory.fingerprint], now: pair.now)
    late.pollEvents()
    #expect(late.events == [.failed(.fingerprintMismatch)])
  }

  @Test(arguments: [Fingerprint.Algorithm.sha256, .sha384, .sha512])
  func `fingerprints of each hash are accepted`(algorithm: Fingerprint.Algorithm) {
    let pair = Pair()
    let certificate = bob.certificate
    let fingerprint = Fingerprint(algorithm, of: certificate.span)
    pair.client.connection.setRemoteFingerprints([fingerprint], now: pair.now)
    pair.connect()
    #expect(pair.client.isConnected)
  }

  @Test func `a wait for the fingerprint ends with the handshake's time`() {
    let pair = Pair()
    pair.client.connection.setRemoteFingerprints([], now: pair.now)
    pair.connect()
    #expect(pair.client.nextDeadline == pair.now + .seconds(30))
    pair.client.connection.advance(to: pair.now + .seconds(30))
    pair.client.pollEvents()
    #expect(pair.client.events == [.failed(.timedOut)])
  }

  @Test func `a certificate shown without its key fails in both roles`() {
    // Mallory shows Alice's and Bob's certificates, but has her own key.
    let forged = { (real: Identity) in Identity(key: mallory.key, certificate: real.certificate) }
    let fakeServer = Endpoint(.server, identity: forged(bob))
    let client = Endpoint(.client)
    client.connection.setRemoteFingerprints([bob.fingerprint], now: .zero)
    fakeServer.connection.setRemoteFingerprints([alice.fingerprint], now: .zero)
    exchange(client, fakeServer)
    #expect(client.events == [.failed(.peerFault(.decryptError))])

    let fakeClient = Endpoint(.client, identity: forged(alice))
    let server = Endpoint(.server)
    fakeClient.connection.setRemoteFingerprints([bob.fingerprint], now: .zero)
    server.connection.setRemoteFingerprints([alice.fingerprint], now: .zero)
    exchange(fakeClient, server)
    #expect(server.events == [.failed(.peerFault(.decryptError))])
  }

  private func exchange(_ client: Endpoint, _ server: Endpoint) {
    client.connection.start(now: .zero)
    for _ in 0..<4 {
      for datagram in client.transmit() { server.receive(datagram, now: .zero) }
      for datagram in server.transmit() { client.receive(datagram, now: .zero) }
    }
  }
}

@Suite struct ServerTimeoutTests {
  @Test func `a client that falls silent is given up after the handshake's time`() {
    let pair = Pair()
    pair.client.connection.start(now: pair.now)
    for datagram in pair.client.transmit() { pair.server.receive(datagram, now: pair.now) }
    var flights = pair.server.transmit().count
    var now = pair.now
    while let deadline = pair.server.nextDeadline {
      now = deadline
      pair.server.connection.advance(to: now)
      flights += pair.server.transmit().isEmpty ? 0 : 1
      pair.server.pollEvents()
    }
    // 0.1, 0.3, 0.7, 1.5, 3.1, 6.3, 12.7 and 25.5 s after the first.
    #expect(flights == 9)
    #expect(now == pair.now + .seconds(30))
    #expect(pair.server.events == [.failed(.timedOut)])
  }

  @Test func `a server without a client has nothing to wait for`() {
    let server = Endpoint(.server)
    server.connection.start(now: .zero)
    #expect(server.nextDeadline == nil && server.transmit().isEmpty && server.phase == .idle)
  }
}
