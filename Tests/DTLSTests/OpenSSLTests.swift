import DTLS
import Testing

/// The other side is OpenSSL's own DTLS.
@Suite(.serialized) struct OpenSSLTests {
  private func exchange(_ peer: OpenSSLPeer, profile: SRTPProfile? = .aeadAES128GCM) throws {
    let connected = try peer.wait { $0.endpoint.isConnected && $0.keyingMaterial != nil }
    #expect(connected, "\(peer.text) \(peer.endpoint.events) \(peer.endpoint.statistics)")
    #expect(peer.endpoint.events == [.connected(srtpProfile: profile)])
    let exported = try peer.endpoint.export(56).map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }.joined()
    #expect(peer.keyingMaterial == exported)

    peer.send(record: try peer.endpoint.seal(Array("from here to there\n".utf8)))
    #expect(try peer.wait { $0.text.contains("from here to there") })
    peer.send("from there to here\n")
    #expect(try peer.wait { $0.endpoint.received.joined().elementsEqual("from there to here\n".utf8) })
  }

  @Test(arguments: [
    (CipherSuite.ecdheECDSAWithAES128GCM, "X25519:P-256"), (.ecdheECDSAWithAES256GCM, "P-256"),
    (.ecdheECDSAWithChaCha20Poly1305, "P-256"),
  ])
  func `a client connects to s_server, exports the same keys and exchanges data`(suite: CipherSuite, group: String) throws {
    let endpoint = Endpoint(.client) { $0.cipherSuites = [suite] }
    let peer = try OpenSSLPeer(endpoint, arguments: ["-groups", group])
    try self.exchange(peer)
    #expect(endpoint.cipherSuite == suite)
    #expect(endpoint.group == (group.hasPrefix("X25519") ? .x25519 : .secp256r1))
    #expect(endpoint.usesExtendedMasterSecret)
  }

  @Test(arguments: [
    (CipherSuite.ecdheECDSAWithAES128GCM, "X25519:P-256"), (.ecdheECDSAWithAES256GCM, "P-256"),
    (.ecdheECDSAWithChaCha20Poly1305, "P-256"),
  ])
  func `a server accepts s_client, exports the same keys and exchanges data`(suite: CipherSuite, group: String) throws {
    let endpoint = Endpoint(.server) { $0.cipherSuites = [suite] }
    let peer = try OpenSSLPeer(endpoint, arguments: ["-groups", group])
    try self.exchange(peer)
    #expect(endpoint.cipherSuite == suite)
    #expect(endpoint.group == (group.hasPrefix("X25519") ? .x25519 : .secp256r1))
    #expect(endpoint.usesExtendedMasterSecret)
  }

  @Test func `a client verifies a server's RSA certificate`() throws {
    let peer = try OpenSSLPeer(Endpoint(.client), .rsa)
    try self.exchange(peer)
    #expect(peer.endpoint.cipherSuite == .ecdheRSAWithAES128GCM)
  }

  @Test func `a server verifies a client's RSA certificate`() throws {
    let peer = try OpenSSLPeer(Endpoint(.server), .rsa)
    try self.exchange(peer)
    #expect(peer.endpoint.cipherSuite == .ecdheECDSAWithAES128GCM)
  }

  @Test func `a client echoes s_server's cookie`() throws {
    let peer = try OpenSSLPeer(Endpoint(.client), arguments: ["-listen"])
    try self.exchange(peer)
    #expect(peer.sentDatagramSizes.count == 3)
  }

  @Test func `s_client echoes a server's cookie`() throws {
    let peer = try OpenSSLPeer(Endpoint(.server) { $0.requiresCookie = true })
    try self.exchange(peer)
    #expect(peer.sentDatagramSizes.count == 3)
  }

  @Test(arguments: [Role.client, .server])
  func `flights are cut to a small MTU`(role: Role) throws {
    let endpoint = Endpoint(role) { $0.maximumTransmissionUnit = 200 }
    let peer = try OpenSSLPeer(endpoint, .rsa, arguments: ["-mtu", "300"])
    try self.exchange(peer)
    #expect(peer.sentDatagramSizes.allSatisfy { $0 <= 200 })
    #expect(peer.sentDatagramSizes.count > 3)
  }

  @Test(arguments: [Role.client, .server])
  func `a peer without use_srtp connects without a profile`(role: Role) throws {
    let peer = try OpenSSLPeer(Endpoint(role) { $0.srtpProfiles = [] })
    try self.exchange(peer, profile: nil)
  }

  @Test func `close_notify from s_client closes`() throws {
    let peer = try OpenSSLPeer(Endpoint(.server))
    try self.exchange(peer)
    peer.send("Q\n")
    #expect(try peer.wait { $0.endpoint.phase == .closed })
    #expect(peer.endpoint.events.last == .closed)
  }

  @Test(arguments: [Role.client, .server])
  func `close reaches OpenSSL`(role: Role) throws {
    let peer = try OpenSSLPeer(Endpoint(role))
    try self.exchange(peer)
    peer.endpoint.connection.close()
    #expect(try peer.wait { $0.text.contains(role == .client ? "DONE" : "closed") }, "\(peer.text)")
    #expect(peer.endpoint.phase == .closed)
  }

  @Test(arguments: [Role.client, .server])
  func `OpenSSL understands why a connection with a wrong fingerprint fails`(role: Role) throws {
    let endpoint = Endpoint(role)
    let peer = try OpenSSLPeer(endpoint)
    endpoint.connection.setRemoteFingerprints([mallory.fingerprint], now: OpenSSLPeer.now)
    #expect(try peer.wait { $0.text.contains("bad certificate") }, "\(peer.text)")
    #expect(endpoint.events == [.failed(.fingerprintMismatch)])
  }
}
