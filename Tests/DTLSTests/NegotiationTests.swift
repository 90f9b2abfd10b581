import Cryptography
@testable import DTLS
import Testing
import Time

/// ClientHellos as others write them.
struct Hello {
  var version: [UInt8] = [0xFE, 0xFD]
  var cipherSuites: [UInt16] = [0x1301, 0xC02B, 0xC02F]
  var compressions: [UInt8] = [0]
  var extensions: [(UInt16, [UInt8])] = [
    (10, [0, 4, 0, 29, 0, 23]), (11, [1, 0]), (13, [0, 4, 4, 3, 8, 4]), (23, []), (0xFF01, [0]),
    (14, [0, 4, 0, 1, 0, 7, 0]),
  ]

  /// As Chromium 156 sends it: DTLS 1.3 first, a post-quantum key share, GREASE everywhere.
  static var browser: Hello {
    var hello = Hello()
    hello.cipherSuites = [0x2A2A, 0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xCCA9, 0xCCA8, 0xC009, 0xC013, 0xC00A, 0xC014]
    hello.extensions = [
      (0x5A5A, []), (23, []), (0xFF01, [0]), (10, [0, 10, 0x1A, 0x1A, 0x11, 0xEC, 0, 29, 0, 23, 0, 24]), (11, [1, 0]),
      (16, [0, 18, 6] + Array("webrtc".utf8) + [8] + Array("c-webrtc".utf8) + [1, 0x78]),
      (13, [0, 10, 4, 3, 8, 4, 4, 1, 5, 3, 2, 1]), (14, [0, 6, 0, 1, 0, 8, 0, 7, 0]),
      (51, [4, 0xC4, 0x11, 0xEC, 4, 0xC0] + [UInt8](repeating: 0x55, count: 1216)), (45, [1, 1]),
      (43, [6, 0xFA, 0xFA, 0xFE, 0xFC, 0xFE, 0xFD]), (0x8A8A, [0]),
    ]
    return hello
  }

  var body: [UInt8] {
    func two(_ n: Int) -> [UInt8] { [UInt8(n >> 8), UInt8(n & 255)] }
    let list = self.extensions.flatMap { two(Int($0.0)) + two($0.1.count) + $0.1 }
    return self.version + [UInt8](repeating: 0x33, count: 32) + [0, 0] + two(self.cipherSuites.count * 2)
      + self.cipherSuites.flatMap { two(Int($0)) } + [UInt8(self.compressions.count)] + self.compressions + two(list.count)
      + list
  }

  mutating func replace(_ type: UInt16, _ content: [UInt8]?) {
    self.extensions.removeAll { $0.0 == type }
    if let content { self.extensions.append((type, content)) }
  }
}

@Suite struct NegotiationTests {
  private func server(_ configure: (inout Connection.Configuration) -> Void = { _ in }) -> Endpoint { Endpoint(.server, configure) }

  private func answer(_ hello: Hello, _ server: Endpoint) -> [(type: UInt8, sequence: Int, body: [UInt8])] {
    server.receive(Forge.message(1, sequence: 0, hello.body), now: .zero)
    return Forge.messages(server.transmit())
  }

  @Test func `a browser's hello in two datagrams is answered by DTLS 1.2, whichever comes first`() throws {
    let body = Hello.browser.body
    #expect(body.count > 1300)
    let parts = [
      Forge.record(22, number: 0, Forge.fragment(1, sequence: 0, length: body.count, Array(body[..<1175]))),
      Forge.record(22, number: 1, Forge.fragment(1, sequence: 0, length: body.count, offset: 1175, Array(body[1175...]))),
    ]
    for order in [[0, 1], [1, 0], [0, 0, 1]] {
      let server = self.server()
      for index in order { server.receive(parts[index], now: .zero) }
      let answer = Forge.messages(server.transmit())
      #expect(answer.map(\.type) == [2, 11, 12, 13, 14])
      #expect(Array(answer[0].body[0..<2]) == [0xFE, 0xFD])
      #expect(Array(answer[0].body[35..<38]) == [0xC0, 0x2B, 0])
      #expect(server.group == .x25519 && server.srtpProfile == .aeadAES128GCM && server.usesExtendedMasterSecret)
    }
  }

  @Test func `the server answers only the extensions that it was offered`() {
    func extensions(_ hello: Hello) -> [UInt16] {
      let body = self.answer(hello, self.server())[0].body
      var rest = body[40...], types: [UInt16] = []
      while rest.count >= 4 {
        let start = rest.startIndex
        types.append(UInt16(rest[start]) << 8 | UInt16(rest[start + 1]))
        rest = rest.dropFirst(4 + Int(rest[start + 2]) << 8 + Int(rest[start + 3]))
      }
      return types
    }
    #expect(extensions(Hello()) == [0xFF01, 23, 11, 14])
    var bare = Hello()
    for type in [23, 11, 14, 0xFF01] as [UInt16] { bare.replace(type, nil) }
    #expect(extensions(bare) == [])
    bare.cipherSuites.append(0x00FF)
    #expect(extensions(bare) == [0xFF01])
  }

  @Test func `what the server cannot accept is refused by the fitting alert`() {
    func refusal(_ change: (inout Hello) -> Void, _ configure: (inout Connection.Configuration) -> Void = { _ in }) -> Event? {
      var hello = Hello()
      change(&hello)
      let server = self.server(configure)
      _ = self.answer(hello, server)
      return server.events.first
    }
    #expect(refusal({ _ in }) == nil)
    #expect(refusal({ $0.version = [0xFE, 0xFF] }) == .failed(.peerFault(.protocolVersion)))
    #expect(refusal({ $0.version = [0x03, 0x03] }) == .failed(.peerFault(.protocolVersion)))
    #expect(refusal({ $0.replace(43, [2, 0xFE, 0xFC]) }) == .failed(.peerFault(.protocolVersion)))
    #expect(refusal({ $0.replace(43, [4, 0xFE, 0xFC, 0xFE, 0xFD]) }) == nil)
    #expect(refusal({ $0.cipherSuites = [0x1301, 0xC02F] }) == .failed(.peerFault(.handshakeFailure)))
    #expect(refusal({ $0.replace(10, [0, 2, 0, 24]) }) == .failed(.peerFault(.handshakeFailure)))
    #expect(refusal({ $0.replace(10, nil) }) == nil)
    #expect(refusal({ $0.replace(13, [0, 2, 8, 4]) }) == .failed(.peerFault(.handshakeFailure)))
    #expect(refusal({ $0.compressions = [1] }) == .failed(.peerFault(.illegalParameter)))
    #expect(refusal({ $0.replace(11, [1, 1]) }) == .failed(.peerFault(.illegalParameter)))
    #expect(refusal({ $0.replace(23, nil) }) == nil)
    #expect(refusal({ $0.replace(23, nil) }, { $0.requiresExtendedMasterSecret = true }) == .failed(.peerFault(.handshakeFailure)))
  }

  @Test func `no common SRTP profile leaves none`() {
    let server = self.server { $0.srtpProfiles = [.aeadAES256GCM] }
    #expect(self.answer(Hello(), server).count == 5)
    #expect(server.srtpProfile == nil)
  }

  @Test func `the server's order of preference decides`() {
    let pair = Pair(
      client: { $0.srtpProfiles = [.aes128CMHMACSHA1_80, .aeadAES256GCM, .aeadAES128GCM] },
      server: {
        $0.srtpProfiles = [.aeadAES256GCM, .aes128CMHMACSHA1_80]
        $0.cipherSuites = [.ecdheECDSAWithChaCha20Poly1305, .ecdheECDSAWithAES128GCM]
        $0.groups = [.secp256r1, .x25519]
      })
    pair.connect()
    #expect(pair.client.events == [.connected(srtpProfile: .aeadAES256GCM)])
    #expect(pair.client.cipherSuite == .ecdheECDSAWithChaCha20Poly1305 && pair.client.group == .secp256r1)
    #expect(pair.server.group == .secp256r1)
  }

  @Test func `what the client did not offer is refused`() {
    func refusal(_ change: (inout [UInt8]) -> Void) -> Event? {
      let story = Story(.client)
      var body = story.messages[0].body
      change(&body)
      let victim = story.victim(after: 0)
      victim.receive(Forge.message(2, sequence: 0, body), now: .zero + .seconds(1))
      return victim.events.first
    }
    func append(_ bytes: [UInt8]) -> (inout [UInt8]) -> Void {
      { body in
        body += bytes
        body[39] += UInt8(bytes.count)
      }
    }
    #expect(refusal({ _ in }) == nil)
    #expect(refusal({ $0[1] = 0xFC }) == .failed(.peerFault(.protocolVersion)))
    #expect(refusal({ $0[36] = 0x09 }) == .failed(.peerFault(.illegalParameter)))
    #expect(refusal({ $0[37] = 1 }) == .failed(.peerFault(.illegalParameter)))
    #expect(refusal(append([0, 16, 0, 0])) == .failed(.peerFault(.unsupportedExtension)))
    #expect(refusal(append([0, 14, 0, 5, 0, 2, 0, 8, 0])) == .failed(.peerFault(.illegalParameter)))
    #expect(refusal(append([0, 14, 0, 7, 0, 4, 0, 1, 0, 7, 0])) == .failed(.peerFault(.decodeError)))
    #expect(refusal(append([0, 14, 0, 6, 0, 2, 0, 7, 1, 9])) == .failed(.peerFault(.illegalParameter)))
  }

  @Test func `a second HelloVerifyRequest is refused`() {
    let client = Endpoint(.client)
    client.connection.start(now: .zero)
    let first = client.transmit()[0]
    client.receive(Forge.message(3, sequence: 0, [0xFE, 0xFF, 2, 7, 8]), now: .zero)
    let second = client.transmit()[0]
    #expect(second.count == first.count + 2)
    client.receive(Forge.message(3, sequence: 1, [0xFE, 0xFF, 2, 7, 9]), now: .zero)
    #expect(client.events == [.failed(.peerFault(.unexpectedMessage))])
  }

  @Test func `a server that asks for cookies does no work for a hello without one, nor with a wrong one`() {
    let server = self.server { $0.requiresCookie = true }
    server.receive(Forge.message(1, sequence: 0, Hello().body), now: .zero)
    let answer = Forge.messages(server.transmit())
    #expect(answer.map(\.type) == [3])
    #expect(server.cipherSuite == nil)
    server.receive(Forge.message(1, sequence: 1, Hello().body), now: .zero)
    #expect(server.events == [.failed(.peerFault(.handshakeFailure))])
  }

  @Test func `a cookie is sent again when asked for, and never by a timer`() {
    let server = self.server { $0.requiresCookie = true }
    let hello = Forge.message(1, sequence: 0, Hello().body)
    server.receive(hello, now: .zero)
    let first = server.transmit()
    server.receive(hello, now: .zero + .milliseconds(100))
    let second = server.transmit()
    #expect(first.count == 1 && second.count == 1 && first[0][13...] == second[0][13...])
    #expect(server.nextDeadline == .zero + .seconds(30))
    #expect(first[0][10] == 40 && second[0][10] == 41)  // the hello's own record number, then on from there
  }

  @Test func `a client without a certificate is refused`() {
    let victim = Story(.server).victim(after: 1)
    victim.receive(Forge.message(11, sequence: 1, [0, 0, 0]), now: .zero + .seconds(1))
    #expect(victim.events == [.failed(.peerFault(.handshakeFailure))])
  }

  @Test func `a point off the curve is refused`() {
    let victim = Story(.server).victim(after: 2)
    victim.receive(Forge.message(16, sequence: 2, [32] + [UInt8](repeating: 0, count: 32)), now: .zero + .seconds(1))
    #expect(victim.events == [.failed(.peerFault(.illegalParameter))])
  }
}
