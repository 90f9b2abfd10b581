import Bytes
import STUN
import Testing
import Time
import WebRTC

@testable import Simulator

@Suite struct TURNServerTests {
  @Test func `who proves nothing is asked for credentials, and gets an allocation with them`() throws {
    var desk = Desk()
    var client = Client()
    let refusal = try desk.ask(MessageType.allocateMethod, &client, isProtected: false)
    #expect(refusal.code == 401)
    #expect(refusal.bytes(refusal.fields.realm) == Array("example.org".utf8))
    client.nonce = refusal.bytes(refusal.fields.nonce)
    let answer = try desk.allocate(&client)
    #expect(answer.code == nil)
    #expect(answer.type == MessageType(.success, method: MessageType.allocateMethod))
    #expect(answer.fields.relayedAddress?.ip == Desk.relayV4)
    #expect((49_152...65_535).contains(answer.fields.relayedAddress?.port ?? 0))
    #expect(answer.fields.mappedAddress == client.address)
    #expect(answer.fields.lifetime == 600)
    // The answer proves that the server knows the password.
    let key = longTermKey(
      username: Array("alice".utf8).span, realm: Array("example.org".utf8).span, password: Array("secret".utf8).span)
    let message = try Message(parsing: answer.bytes.span)
    let isProtected = message.isIntegrityValid(at: try #require(answer.fields.integrity), key: key.span)
    #expect(isProtected)
  }

  @Test func `a wrong password, user, realm or nonce is refused`() throws {
    var desk = Desk()
    var client = Client()
    try desk.introduce(&client)
    for (user, password) in [("alice", "wrong"), ("carol", "secret"), ("bob", "secret"), ("", "")] {
      client.user = user
      client.password = password
      let answer = try desk.allocate(&client)
      #expect(answer.code == 401)
    }
    client = Client(nonce: client.nonce)
    let good = client.nonce
    for i in good.indices {
      client.nonce = good
      client.nonce[i] = client.nonce[i] == UInt8(ascii: "0") ? UInt8(ascii: "1") : UInt8(ascii: "0")
      let answer = try desk.allocate(&client)
      #expect(answer.code == 438)
    }
    client.nonce = good
    client.address.port += 1
    let stolen = try desk.allocate(&client)
    #expect(stolen.code == 438)
    #expect(desk.server.allocationCount == 0)
  }

  @Test func `a request with integrity and without what it needs is a bad request`() throws {
    var desk = Desk()
    let id = TransactionID(high: 1, low: 1)
    let bytes = message { writer in
      let start = writer.beginMessage(MessageType(.request, method: MessageType.allocateMethod), id)
      writer.finishMessage(at: start, key: [1].span)
    }
    desk.receive(bytes, from: Client().address)
    #expect(try desk.answer()?.code == 400)
  }

  @Test func `an old nonce is stale, and the refusal brings a new one`() throws {
    var (desk, client, _) = try Desk.allocated()
    desk.now = desk.now + .seconds(599)
    let refreshed = try desk.ask(MessageType.refreshMethod, &client) { writer, _ in
      writer.writeAttribute(.lifetime, UInt32(3_600))
    }
    #expect(refreshed.fields.lifetime == 3_600)
    desk.now = desk.now + .seconds(3_001)
    let stale = try desk.ask(MessageType.refreshMethod, &client)
    #expect(stale.code == 438)
    client.nonce = stale.bytes(stale.fields.nonce)
    let again = try desk.ask(MessageType.refreshMethod, &client)
    #expect(again.code == nil)
  }

  @Test func `a repeated Allocate is answered alike, a second one is a mismatch`() throws {
    var desk = Desk()
    var client = Client()
    try desk.introduce(&client)
    let first = try desk.allocate(&client)
    let repeated = try desk.allocate(&client, sameID: true)
    #expect(first == repeated)
    let second = try desk.allocate(&client)
    #expect(second.code == 437)
    #expect(desk.server.allocationCount == 1)
  }

  @Test func `what an Allocate must have and must not have`() throws {
    var desk = Desk()
    var client = Client()
    try desk.introduce(&client)
    func code(_ body: (inout SpanWriter) -> Void) throws -> UInt16? {
      try desk.ask(MessageType.allocateMethod, &client) { writer, _ in body(&writer) }.code
    }
    let udp = UInt32(17) << 24
    let codes = [
      try code { _ in },
      try code { $0.writeAttribute(.requestedTransport, UInt32(6) << 24) },
      try code { writer in
        writer.writeAttribute(.requestedTransport, udp)
        writer.writeAttribute(.requestedAddressFamily, UInt32(2) << 24)
      },
      try code { writer in
        writer.writeAttribute(.requestedTransport, udp)
        writer.writeAttribute(.reservationToken, UInt64(1))
      },
      try code { writer in
        writer.writeAttribute(.requestedTransport, udp)
        writer.writeAttribute(.reservationToken, UInt64(1))
        writer.writeAttribute(.evenPort, [0].span)
      },
      try code { writer in
        writer.writeAttribute(.requestedTransport, udp)
        writer.writeAttribute(.requestedAddressFamily, UInt32(1) << 24)
        writer.writeAttribute(.additionalAddressFamily, UInt32(2) << 24)
      },
      try code { writer in
        writer.writeAttribute(.requestedTransport, udp)
        writer.writeAttribute(.additionalAddressFamily, UInt32(1) << 24)
      },
      try code { writer in
        writer.writeAttribute(.requestedTransport, udp)
        writer.writeAttribute(AttributeType(rawValue: 0x7777), UInt32(0))
      },
      try code { writer in
        writer.writeAttribute(.requestedTransport, udp)
        writer.writeAttribute(.evenPort, [0x80].span)
      },
    ]
    #expect(codes == [400, 442, 440, 508, 400, 400, 400, 420, 508])
    let even = try desk.allocate(&client) { writer, _ in writer.writeAttribute(.evenPort, [0].span) }
    #expect((even.fields.relayedAddress?.port ?? 1) & 1 == 0)
  }

  @Test func `an allocation of both families, or with the reason why not`() throws {
    for hasV6 in [true, false] {
      var desk = Desk { if hasV6 { $0.relayAddresses.append(Desk.relayV6) } }
      var client = Client()
      try desk.introduce(&client)
      let answer = try desk.allocate(&client) { writer, _ in
        writer.writeAttribute(.additionalAddressFamily, UInt32(2) << 24)
      }
      #expect(answer.fields.relayedAddress?.ip == Desk.relayV4)
      #expect(answer.fields.secondRelayedAddress?.ip == (hasV6 ? Desk.relayV6 : nil))
      let permitted = try desk.permit(&client, Desk.peer, Desk.peerV6)
      #expect(permitted == (hasV6 ? nil : 443))
    }
  }

  @Test func `a user has so many allocations and no more, and the server has its own bound`() throws {
    var desk = Desk {
      $0.maximumAllocationsPerUser = 2
      $0.maximumAllocations = 3
    }
    var codes: [UInt16?] = []
    for (i, user) in ["alice", "alice", "alice", "bob", "bob"].enumerated() {
      var client = Client()
      client.user = user
      client.password = user == "alice" ? "secret" : "hidden"
      client.address.port += UInt16(i)
      try desk.introduce(&client)
      codes.append(try desk.allocate(&client).code)
    }
    #expect(codes == [nil, nil, 486, nil, 508])
  }

  @Test func `no two allocations share a port, and there are as many as ports`() throws {
    var desk = Desk {
      $0.ports = 50_000...50_003
      $0.maximumAllocationsPerUser = 10
    }
    var ports: [UInt16] = []
    for i in 0..<5 {
      var client = Client()
      client.address.port += UInt16(i)
      try desk.introduce(&client)
      let answer = try desk.allocate(&client)
      if let port = answer.fields.relayedAddress?.port { ports.append(port) } else { #expect(answer.code == 508) }
    }
    #expect(ports.sorted() == [50_000, 50_001, 50_002, 50_003])
  }

  @Test func `an allocation ends by itself, and by a refresh of no time`() throws {
    var (desk, client, _) = try Desk.allocated()
    #expect(desk.server.nextDeadline == desk.now + .seconds(600))
    desk.now = desk.now + .seconds(600)
    desk.server.advance(to: desk.now)
    #expect(desk.server.allocationCount == 0)
    #expect(desk.server.nextDeadline == nil)
    let late = try desk.ask(MessageType.refreshMethod, &client)
    #expect(late.code == 437)
    _ = try desk.allocate(&client)
    let end = try desk.ask(MessageType.refreshMethod, &client) { writer, _ in
      writer.writeAttribute(.lifetime, UInt32(0))
    }
    #expect(end.fields.lifetime == 0)
    #expect(desk.server.allocationCount == 0)
  }

  @Test func `another user cannot touch an allocation`() throws {
    var (desk, client, _) = try Desk.allocated()
    client.user = "bob"
    client.password = "hidden"
    let codes = [
      try desk.ask(MessageType.refreshMethod, &client).code, try desk.permit(&client, Desk.peer),
      try desk.bind(&client, 0x4000, to: Desk.peer),
    ]
    #expect(codes == [441, 441, 441])
  }

  @Test func `data go both ways under a permission, and neither way without`() throws {
    var (desk, client, relay) = try Desk.allocated()
    desk.receive(Desk.sendIndication([1, 2, 3], to: Desk.peer), from: client.address)
    desk.receive([4, 5], from: Desk.peer, to: relay)
    var output = desk.poll()
    #expect(output == nil)
    let code = try desk.permit(&client, Desk.peer)
    #expect(code == nil)
    desk.receive(Desk.sendIndication([1, 2, 3], to: Desk.peer), from: client.address)
    output = desk.poll()
    #expect(output?.path == Transmit(source: relay, destination: Desk.peer))
    #expect(output?.bytes == [1, 2, 3])
    // From any port of the peer: a permission is for an address (RFC 8656 section 9).
    var other = Desk.peer
    other.port += 1
    desk.receive([4, 5], from: other, to: relay)
    let answer = try desk.answer()
    let indication = try #require(answer)
    #expect(indication.type == MessageType(.indication, method: MessageType.dataMethod))
    #expect(indication.destination == client.address)
    #expect(indication.fields.peers[0] == other)
    #expect(indication.bytes(indication.fields.data) == [4, 5])
    desk.now = desk.now + .seconds(300)
    desk.receive([4, 5], from: Desk.peer, to: relay)
    desk.receive(Desk.sendIndication([1], to: Desk.peer), from: client.address)
    output = desk.poll()
    #expect(output == nil)
  }

  @Test func `a channel carries data both ways in four bytes more, empty ones too`() throws {
    var (desk, client, relay) = try Desk.allocated()
    let code = try desk.bind(&client, 0x4001, to: Desk.peer)
    #expect(code == nil)
    for data: [UInt8] in [[], [9], [1, 2, 3, 4, 5]] {
      desk.receive(Desk.channelData(0x4001, data), from: client.address)
      let out = desk.poll()
      #expect(out?.path == Transmit(source: relay, destination: Desk.peer))
      #expect(out?.bytes == data)
      desk.receive(data, from: Desk.peer, to: relay)
      let back = desk.poll()
      #expect(back?.path == Transmit(source: Desk.address, destination: client.address))
      #expect(back?.bytes == Desk.channelData(0x4001, data))
    }
    // The permission ends first; with one the channel goes on, until its own end.
    desk.now = desk.now + .seconds(300)
    desk.receive(Desk.channelData(0x4001, [1]), from: client.address)
    var output = desk.poll()
    #expect(output == nil)
    _ = try desk.permit(&client, Desk.peer)
    desk.receive(Desk.channelData(0x4001, [1]), from: client.address)
    output = desk.poll()
    #expect(output?.bytes == [1])
    _ = try desk.ask(MessageType.refreshMethod, &client)
    desk.now = desk.now + .seconds(299)
    desk.receive([1], from: Desk.peer, to: relay)
    output = desk.poll()
    #expect(output?.bytes == Desk.channelData(0x4001, [1]))
    desk.now = desk.now + .seconds(1)
    _ = try desk.permit(&client, Desk.peer)
    desk.receive(Desk.channelData(0x4001, [1]), from: client.address)
    output = desk.poll()
    #expect(output == nil)
  }

  @Test func `a channel and a peer belong together, and the number is in the range`() throws {
    var (desk, client, _) = try Desk.allocated { $0.maximumChannels = 2 }
    var other = Desk.peer
    other.port += 1
    var third = Desk.peer
    third.port += 2
    var codes: [UInt16?] = []
    for (number, peer) in [
      (UInt16(0x4000), Desk.peer), (0x4000, Desk.peer), (0x4000, other), (0x4001, Desk.peer), (0x3fff, other), (0x5000, other),
      (0x4fff, other), (0x4002, third), (0x4003, Desk.peerV6), (0x4003, TransportAddress(ip: IPAddress(127, 0, 0, 1), port: 1)),
    ] { codes.append(try desk.bind(&client, number, to: peer)) }
    #expect(codes == [nil, nil, 400, 400, 400, 400, nil, 508, 443, 403])
    let incomplete = try desk.ask(MessageType.channelBindMethod, &client) { writer, _ in
      writer.writeAttribute(.channelNumber, UInt32(0x4004) << 16)
    }
    #expect(incomplete.code == 400)
  }

  @Test func `of permissions either all of a request are made or none`() throws {
    var (desk, client, relay) = try Desk.allocated { $0.maximumPermissions = 2 }
    func peer(_ octet: UInt8) -> TransportAddress { TransportAddress(ip: IPAddress(203, 0, 113, octet), port: 1) }
    let codes = [
      try desk.permit(&client), try desk.permit(&client, peer(1)), try desk.permit(&client, peer(2), peer(3)),
      try desk.permit(&client, peer(2), Desk.peerV6), try desk.permit(&client, peer(1), peer(2)),
    ]
    #expect(codes == [400, nil, 508, 443, nil])
    desk.receive([1], from: peer(3), to: relay)
    let refused = desk.poll()
    #expect(refused == nil)
    desk.receive([1], from: peer(2), to: relay)
    let passed = desk.poll()
    #expect(passed != nil)
  }
}
