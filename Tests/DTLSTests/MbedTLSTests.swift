import CMbedTLSPeer
import Cryptography
import DTLS
import Testing
import Time

/// mbedTLS's own DTLS at one end, ours at the other, on a virtual clock with a network that may lose datagrams.
final class MbedTLSWorld {
  let peer: OpaquePointer
  let endpoint: Endpoint
  private var now = Instant.zero + .seconds(1)
  private var random: SeededRandom
  private let lossPercent: UInt32
  private(set) var peerError: Int32 = 0
  var largestDatagram = 0

  init(
    _ role: Role, seed: UInt64 = 1, loss: UInt32 = 0, peerUsesCookie: Bool = false, peerMTU: Int = 0,
    _ configure: (inout Connection.Configuration) -> Void = { _ in }
  ) {
    self.peer = mbedtls_peer_create(role == .client ? 1 : 0, peerUsesCookie ? 1 : 0, UInt32(seed), peerMTU)!
    self.endpoint = Endpoint(role, seed: seed, configure)
    self.random = SeededRandom(seed: .init(seed))
    self.lossPercent = loss
    var certificate = [UInt8](repeating: 0, count: 1024)
    certificate.removeLast(1024 - mbedtls_peer_certificate(self.peer, &certificate, 1024))
    self.endpoint.connection.setRemoteFingerprints([Fingerprint(.sha256, of: certificate.span)], now: self.now)
    self.endpoint.connection.start(now: self.now)
  }

  deinit { mbedtls_peer_free(self.peer) }

  var peerIsConnected: Bool { mbedtls_peer_is_connected(self.peer) == 1 }
  var peerReceived: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = mbedtls_peer_received(self.peer, &bytes, 4096)
    return Array(bytes.prefix(count))
  }
  func peerExport(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    return mbedtls_peer_export(self.peer, "EXTRACTOR-dtls_srtp", &bytes, count) == 0 ? bytes : []
  }

  private func isLost() -> Bool { self.random.next(below: 100) < self.lossPercent }

  /// One round: what each side has to say, and a step of the clock to the next deadline where nobody has anything to say.
  private func turn() -> Bool {
    mbedtls_peer_set_time(self.peer, UInt32(self.now.nanoseconds / 1_000_000))
    let error = mbedtls_peer_step(self.peer)
    if error != 0 { self.peerError = error }
    var moved = false
    for datagram in self.endpoint.transmit() {
      moved = true
      self.largestDatagram = max(self.largestDatagram, datagram.count)
      if !self.isLost() { mbedtls_peer_receive(self.peer, datagram, datagram.count) }
    }
    var buffer = [UInt8](repeating: 0, count: 2048)
    while case let count = mbedtls_peer_transmit(self.peer, &buffer, 2048), count > 0 {
      moved = true
      if !self.isLost() { self.endpoint.receive(Array(buffer.prefix(count)), now: self.now) }
    }
    return moved
  }

  func run(until condition: (MbedTLSWorld) -> Bool) -> Bool {
    let end = self.now + .seconds(60)
    while self.now < end {
      while self.turn() {}
      if condition(self) { return true }
      var next = end
      if let deadline = self.endpoint.nextDeadline { next = min(next, deadline) }
      let deadline = mbedtls_peer_deadline(self.peer)
      if deadline != .max { next = min(next, .zero + .milliseconds(deadline)) }
      self.now = max(next, self.now + .milliseconds(1))
      self.endpoint.connection.advance(to: self.now)
      self.endpoint.pollEvents()
    }
    return false
  }
}

@Suite struct MbedTLSTests {
  private func check(_ world: MbedTLSWorld) throws {
    let connected = world.run { $0.endpoint.isConnected && $0.peerIsConnected }
    #expect(connected, "\(world.endpoint.events) \(world.endpoint.statistics) \(world.peerError)")
    #expect(world.endpoint.events == [.connected(srtpProfile: .aes128CMHMACSHA1_80)])
    #expect(mbedtls_peer_srtp_profile(world.peer) == 1)
    #expect(try world.endpoint.export(60) == world.peerExport(60))
    let data = Array("to mbedTLS".utf8)
    for record in [try world.endpoint.seal(data)] { mbedtls_peer_receive(world.peer, record, record.count) }
    let answer = Array("to us".utf8)
    #expect(mbedtls_peer_send(world.peer, answer, answer.count) == Int32(answer.count))
  }

  @Test(arguments: [Role.client, .server], CipherSuite.all.filter { ![.ecdheRSAWithAES128GCM, .ecdheRSAWithAES256GCM, .ecdheRSAWithChaCha20Poly1305].contains($0) })
  func `both connect, export the same keys and exchange data`(role: Role, suite: CipherSuite) throws {
    let world = MbedTLSWorld(role) { $0.cipherSuites = [suite] }
    try self.check(world)
    _ = world.run { !$0.endpoint.received.isEmpty && !$0.peerReceived.isEmpty }
    #expect(world.endpoint.received == [Array("to us".utf8)])
    #expect(world.peerReceived == Array("to mbedTLS".utf8))
    #expect(world.endpoint.cipherSuite == suite)
  }

  @Test(arguments: [Role.client, .server])
  func `cookies are asked for and echoed`(role: Role) throws {
    try self.check(MbedTLSWorld(role, peerUsesCookie: true) { $0.requiresCookie = true })
  }

  /// mbedTLS cannot reassemble a ClientHello; ours fits one datagram even of 256 bytes.
  @Test(arguments: [Role.client, .server])
  func `both connect through small datagrams`(role: Role) throws {
    let world = MbedTLSWorld(role, peerMTU: 300) { $0.maximumTransmissionUnit = 256 }
    try self.check(world)
    #expect(world.largestDatagram <= 256)
  }

  @Test(arguments: [Role.client, .server])
  func `both connect through loss`(role: Role) throws {
    for seed in 1...8 as ClosedRange<UInt64> {
      let world = MbedTLSWorld(role, seed: seed, loss: 20) { $0.handshakeTimeout = .seconds(60) }
      try self.check(world)
    }
  }

  @Test(arguments: [Role.client, .server])
  func `close is understood in both directions`(role: Role) throws {
    let world = MbedTLSWorld(role)
    try self.check(world)
    mbedtls_peer_close(world.peer)
    #expect(world.run { $0.endpoint.phase == .closed })
    #expect(world.endpoint.events.last == .closed)

    let other = MbedTLSWorld(role)
    try self.check(other)
    other.endpoint.connection.close()
    _ = other.run { $0.peerError != 0 }
    #expect(other.peerError == -0x7880)  // MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY
  }

  @Test func `P-256 is agreed on where X25519 is not offered`() throws {
    let world = MbedTLSWorld(.client) { $0.groups = [.secp256r1] }
    try self.check(world)
    #expect(world.endpoint.group == .secp256r1)
  }
}
