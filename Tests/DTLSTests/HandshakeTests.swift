import Bytes
import Cryptography
import DTLS
import Testing
import Time

@Suite struct HandshakeTests {
  @Test(arguments: [
    CipherSuite.ecdheECDSAWithAES128GCM, .ecdheECDSAWithAES256GCM, .ecdheECDSAWithChaCha20Poly1305,
  ], [KeyExchange.Group.x25519, .secp256r1])
  func `both sides connect and agree on everything`(suite: CipherSuite, group: KeyExchange.Group) throws {
    let pair = Pair(client: {
      $0.cipherSuites = [suite]
      $0.groups = [group]
    })
    pair.connect()
    #expect(pair.client.events == [.connected(srtpProfile: .aeadAES128GCM)])
    #expect(pair.server.events == [.connected(srtpProfile: .aeadAES128GCM)])
    for endpoint in [pair.client, pair.server] {
      #expect(endpoint.isConnected)
      #expect(endpoint.cipherSuite == suite)
      #expect(endpoint.group == group)
      #expect(endpoint.usesExtendedMasterSecret)
      #expect(endpoint.nextDeadline == nil)
      #expect(endpoint.statistics == Statistics())
    }
    #expect(pair.client.peerFingerprint == bob.fingerprint)
    #expect(pair.server.peerFingerprint == alice.fingerprint)
    #expect(try pair.client.export() == pair.server.export())
    #expect(try pair.client.export() != pair.client.export(label: "EXTRACTOR-other"))

    pair.server.receive(try pair.client.seal([1, 2, 3]), now: pair.now)
    pair.client.receive(try pair.server.seal([]) + pair.server.seal([4]), now: pair.now)
    #expect(pair.server.received == [[1, 2, 3]])
    #expect(pair.client.received == [[], [4]])
  }
}
