import Bytes
import Cryptography
import DTLS
import Testing
import Time

/// Puts records and handshake messages together by hand.
enum Forge {
  static func record(_ type: UInt8, epoch: UInt16 = 0, number: UInt64 = 40, _ content: [UInt8]) -> [UInt8] {
    [type, 0xFE, 0xFD, UInt8(epoch >> 8), UInt8(epoch & 255)] + (0..<6).map { UInt8(truncatingIfNeeded: number >> (40 - 8 * $0)) }
      + [UInt8(content.count >> 8), UInt8(content.count & 255)] + content
  }

  static func fragment(
    _ type: UInt8, sequence: Int, length: Int? = nil, offset: Int = 0, _ content: [UInt8]
  ) -> [UInt8] {
    func three(_ n: Int) -> [UInt8] { [UInt8(n >> 16), UInt8(n >> 8 & 255), UInt8(n & 255)] }
    return [type] + three(length ?? content.count) + [UInt8(sequence >> 8), UInt8(sequence & 255)] + three(offset)
      + three(content.count) + content
  }

  static func message(_ type: UInt8, sequence: Int, _ content: [UInt8]) -> [UInt8] {
    self.record(22, self.fragment(type, sequence: sequence, content))
  }

  /// The handshake messages (type, message_seq, body) of unencrypted datagrams whose messages are whole.
  static func messages(_ datagrams: [[UInt8]]) -> [(type: UInt8, sequence: Int, body: [UInt8])] {
    var messages: [(UInt8, Int, [UInt8])] = []
    for var datagram in datagrams {
      while datagram.count >= 13 {
        let length = Int(datagram[11]) << 8 | Int(datagram[12])
        if datagram[0] == 22, datagram[4] == 0 {
          messages.append((datagram[13], Int(datagram[17]) << 8 | Int(datagram[18]), Array(datagram[25..<(13 + length)])))
        }
        datagram = Array(datagram[(13 + length)...])
      }
    }
    return messages
  }
}

/// Where the victim stands, as far as a peer can tell: how many of the peer's messages it has handled.
struct Story {
  let role: Role
  /// All messages in the clear that the honest peer says, in order.
  let messages: [(type: UInt8, sequence: Int, body: [UInt8])]

  init(_ role: Role) {
    self.role = role
    let pair = Pair()
    pair.client.connection.start(now: pair.now)
    var said: [[UInt8]] = []
    while true {
      let fromClient = pair.client.transmit()
      for datagram in fromClient { pair.server.receive(datagram, now: pair.now) }
      let fromServer = pair.server.transmit()
      for datagram in fromServer { pair.client.receive(datagram, now: pair.now) }
      said += role == .client ? fromServer : fromClient
      if fromClient.isEmpty && fromServer.isEmpty { break }
    }
    self.messages = Forge.messages(said)
  }

  /// The victim, which has handled this many of them. The same seeds make the same messages fit again.
  func victim(after count: Int) -> Endpoint {
    let victim = Endpoint(self.role)
    let now = Instant.zero + .seconds(1)
    victim.connection.setRemoteFingerprints([(self.role == .client ? bob : alice).fingerprint], now: now)
    victim.connection.start(now: now)
    _ = victim.transmit()
    for message in self.messages.prefix(count) {
      victim.receive(Forge.message(message.type, sequence: message.sequence, message.body), now: now)
      _ = victim.transmit()
    }
    return victim
  }
}

@Suite struct HostileHandshakeTests {
  static let types: [UInt8] = [0, 1, 2, 3, 4, 11, 12, 13, 14, 15, 16, 20, 99]

  @Test(arguments: [Role.client, .server])
  func `an unexpected message fails the handshake in every state, and connects in none`(role: Role) {
    let story = Story(role)
    #expect(story.messages.map(\.type) == (role == .client ? [2, 11, 12, 13, 14] : [1, 11, 16, 15]))
    for count in 0...story.messages.count {
      for type in Self.types {
        let victim = story.victim(after: count)
        let isExpected = count < story.messages.count && story.messages[count].type == type
        // The server may leave out its request, and must not repeat anything.
        let isAllowed = role == .client && (type == 0 || (type == 14 && count == 3) || (type == 3 && count == 0))
        // Finished in the clear is no message at all; before the first hello a server has nothing to fail.
        let isIgnored = type == 20 || (role == .server && count == 0)
        guard !isExpected && !isAllowed else { continue }
        victim.receive(Forge.message(type, sequence: count, []), now: .zero + .seconds(1))
        #expect(victim.phase != .connected)
        if isIgnored {
          #expect(victim.events.isEmpty, "type \(type) after \(count)")
        } else {
          #expect(victim.events == [.failed(.peerFault(.unexpectedMessage))], "type \(type) after \(count)")
          // In the clear, or under the keys that the victim writes with by now.
          let isEncrypted = role == .client ? count == 5 : count >= 3
          #expect(victim.transmit().map(\.count) == [isEncrypted ? 39 : 15])
        }
      }
    }
  }

  @Test(arguments: [Role.client, .server])
  func `a message cut at every length is refused`(role: Role) {
    let story = Story(role)
    for (count, message) in story.messages.enumerated() {
      for length in 0..<message.body.count {
        let victim = story.victim(after: count)
        victim.receive(
          Forge.message(message.type, sequence: message.sequence, Array(message.body.prefix(length))),
          now: .zero + .seconds(1))
        if role == .server && count == 0 {
          // A hello may end where its extensions begin; such a client lacks what is needed.
          #expect(victim.phase == .idle || victim.phase == .failed, "type \(message.type) cut to \(length)")
        } else if !(message.type == 2 && victim.phase == .handshaking) {
          #expect(victim.phase == .failed, "type \(message.type) cut to \(length)")
        } else {
          #expect(length == 38)  // a ServerHello without extensions is whole
        }
      }
    }
  }

  @Test(arguments: [Role.client, .server])
  func `a datagram cut at every length does no harm`(role: Role) {
    let story = Story(role)
    for (count, message) in story.messages.enumerated() {
      let datagram = Forge.message(message.type, sequence: message.sequence, message.body)
      let victim = story.victim(after: count)
      for length in 0..<datagram.count { victim.receive(Array(datagram.prefix(length)), now: .zero + .seconds(1)) }
      #expect(victim.phase != .failed)
      #expect(Int(victim.statistics.malformedRecords) == datagram.count - 1)
      victim.receive(datagram, now: .zero + .seconds(1))
      #expect(victim.phase == .handshaking)
    }
  }

  @Test(arguments: [Role.client, .server])
  func `no byte of a handshake message can be changed under way`(victim: Role) {
    let lengths = Story(victim).messages.map(\.body.count)
    // Every seventh byte, counted through all messages.
    for target in stride(from: 0, to: lengths.reduce(0, +), by: 7) {
      let pair = Pair()
      pair.client.connection.start(now: pair.now)
      var passed = 0
      func carry(_ datagram: [UInt8], to receiver: Role) -> [UInt8] {
        guard receiver == victim else { return datagram }
        var datagram = datagram
        var start = 0
        while start < datagram.count {
          let length = Int(datagram[start + 11]) << 8 | Int(datagram[start + 12])
          if datagram[start] == 22, datagram[start + 4] == 0 {
            let body = length - 12
            if (passed..<(passed + body)).contains(target) { datagram[start + 25 + target - passed] ^= 0x01 }
            passed += body
          }
          start += 13 + length
        }
        return datagram
      }
      while true {
        let fromClient = pair.client.transmit()
        for datagram in fromClient { pair.server.receive(carry(datagram, to: .server), now: pair.now) }
        let fromServer = pair.server.transmit()
        for datagram in fromServer { pair.client.receive(carry(datagram, to: .client), now: pair.now) }
        if fromClient.isEmpty && fromServer.isEmpty { break }
      }
      #expect(!pair.client.isConnected && !pair.server.isConnected, "byte \(target)")
    }
  }

  @Test func `a message comes together from overlapping fragments in any order`() throws {
    let story = Story(.client)
    let body = story.messages[1].body
    for seed in 1...20 as ClosedRange<UInt64> {
      let victim = story.victim(after: 1)
      var random = SeededRandom(seed: .init(seed))
      var pieces: [Range<Int>] = []
      for start in stride(from: 0, to: body.count, by: 20) {
        pieces.append(start..<min(body.count, start + 20 + Int(random.next(below: 30))))
      }
      pieces.append(0..<0)
      pieces.shuffle(using: &random)
      for piece in pieces + pieces {
        victim.receive(
          Forge.record(22, Forge.fragment(11, sequence: 1, length: body.count, offset: piece.lowerBound, Array(body[piece]))),
          now: .zero + .seconds(1))
      }
      #expect(victim.peerFingerprint == bob.fingerprint)
      for later in story.messages.dropFirst(2) {
        victim.receive(Forge.message(later.type, sequence: later.sequence, later.body), now: .zero + .seconds(1))
      }
      #expect(victim.phase == .handshaking)
      #expect(Forge.messages(victim.transmit()).map(\.type) == [11, 16, 15])
    }
  }

  @Test func `messages come in any order`() {
    let story = Story(.client)
    for seed in 1...20 as ClosedRange<UInt64> {
      let victim = story.victim(after: 0)
      var random = SeededRandom(seed: .init(seed))
      for message in story.messages.shuffled(using: &random) {
        victim.receive(Forge.message(message.type, sequence: message.sequence, message.body), now: .zero + .seconds(1))
      }
      #expect(Forge.messages(victim.transmit()).map(\.type) == [11, 16, 15])
    }
  }

  @Test func `fragments that contradict their headers or their message are ignored`() {
    let victim = Story(.client).victim(after: 1)
    let ill: [[UInt8]] = [
      Forge.fragment(11, sequence: 1, length: 10, offset: 8, [1, 2, 3]),  // past the message's end
      Forge.fragment(11, sequence: 1, length: 0xFFFFFF, offset: 0xFFFFFF, [1]),
      Array(Forge.fragment(11, sequence: 1, [1, 2, 3]).dropLast()),
    ]
    for fragment in ill { victim.receive(Forge.record(22, fragment), now: .zero + .seconds(1)) }
    #expect(victim.statistics.malformedRecords == 3)
    victim.receive(Forge.record(22, Forge.fragment(11, sequence: 1, length: 10, [1])), now: .zero + .seconds(1))
    let contradictions: [[UInt8]] = [
      Forge.fragment(12, sequence: 1, length: 10, offset: 1, [1]),
      Forge.fragment(11, sequence: 1, length: 11, offset: 1, [1]),
      Forge.fragment(11, sequence: 9, [1]),  // too far ahead
      Forge.fragment(2, sequence: 0, [1]),  // past
    ]
    for fragment in contradictions { victim.receive(Forge.record(22, fragment), now: .zero + .seconds(1)) }
    #expect(victim.statistics.ignoredFragments == 4)
    #expect(victim.phase == .handshaking)
  }

  @Test func `memory for messages in pieces is bounded`() {
    let victim = Story(.client).victim(after: 1)
    for sequence in 1...200 {
      victim.receive(
        Forge.record(22, Forge.fragment(11, sequence: sequence, length: 8192, [1])), now: .zero + .seconds(1))
    }
    #expect(victim.statistics.ignoredFragments == 198)
    victim.receive(Forge.record(22, Forge.fragment(11, sequence: 1, length: 8193, [1])), now: .zero + .seconds(1))
    #expect(victim.events == [.failed(.peerFault(.illegalParameter))])
  }

  @Test func `garbage before the first hello does not end a server`() {
    let server = Endpoint(.server)
    server.connection.setRemoteFingerprints([alice.fingerprint], now: .zero)
    var random = SeededRandom(seed: .init(5))
    for length in 0..<300 {
      var bytes = [UInt8](repeating: 0, count: length)
      var span = bytes.mutableSpan
      random.fill(&span)
      server.receive(bytes, now: .zero)
      server.receive(Forge.message(1, sequence: 0, bytes), now: .zero)
      server.receive(Forge.record(21, [2, 40]), now: .zero)
    }
    #expect(server.phase == .idle && server.events.isEmpty && server.transmit().isEmpty)
    let client = Endpoint(.client)
    client.connection.start(now: .zero)
    for datagram in client.transmit() { server.receive(datagram, now: .zero) }
    #expect(server.phase == .handshaking)
  }
}
