import Bytes
import STUN
import Testing
import Time
import WebRTC

@testable import Simulator

@Suite struct TURNHostileTests {
  @Test func `a request cut or damaged anywhere makes no allocation`() throws {
    var desk = Desk()
    var client = Client()
    try desk.introduce(&client)
    let request = Desk.request(MessageType.allocateMethod, of: &client) { writer, _ in
      writer.writeAttribute(.requestedTransport, UInt32(17) << 24)
    }
    for count in 0..<request.count { desk.receive(Array(request.prefix(count)), from: client.address) }
    // Behind the integrity only FINGERPRINT stands, whose type may change to one that is ignored there.
    for i in 0..<(request.count - 8) {
      for mask: UInt8 in [0x01, 0x80, 0xff] {
        var damaged = request
        damaged[i] ^= mask
        desk.receive(damaged, from: client.address)
        while desk.poll() != nil {}
      }
    }
    #expect(desk.server.allocationCount == 0)
    desk.receive(request, from: client.address)
    #expect(desk.server.allocationCount == 1)
  }

  @Test func `noise is ignored and answers are bounded`() throws {
    var (desk, client, relay) = try Desk.allocated { $0.maximumPending = 8 }
    _ = try desk.permit(&client, Desk.peer)
    var random = SeededRandom(seed: .init(5))
    for _ in 0..<20_000 {
      var bytes = [UInt8](repeating: 0, count: Int(random.next(below: 80)))
      var span = bytes.mutableSpan
      random.fill(&span)
      if bytes.count >= 8 {
        // Some that look like messages and channel data.
        switch random.next(below: 3) {
        case 0: bytes.replaceSubrange(0..<8, with: [0, 3, 0, UInt8(max(bytes.count - 20, 0) & 0xfc), 0x21, 0x12, 0xa4, 0x42])
        case 1: bytes.replaceSubrange(0..<4, with: [0x40, 0, 0, UInt8(random.next(below: 90))])
        default: break
        }
      }
      desk.receive(bytes, from: random.next(below: 2) == 0 ? client.address : Desk.peer)
    }
    #expect(desk.server.allocationCount == 1)
    for _ in 0..<20 { desk.receive([1], from: Desk.peer, to: relay) }
    #expect(desk.server.statistics.dropped > 0)
    var count = 0
    while desk.poll() != nil { count += 1 }
    #expect(count == 8)
  }

  @Test func `indications that a client may not send do nothing`() throws {
    var (desk, client, _) = try Desk.allocated()
    _ = try desk.permit(&client, Desk.peer)
    let id = TransactionID(high: 1, low: 1)
    let ignored = desk.server.statistics.ignored
    for method in [MessageType.dataMethod, MessageType.bindingMethod, MessageType.allocateMethod] {
      desk.receive(
        message { writer in
          let start = writer.beginMessage(MessageType(.indication, method: method), id)
          writer.writeXorAddress(.xorPeerAddress, Desk.peer, id)
          writer.writeAttribute(.data, [1].span)
          writer.finishMessage(at: start)
        }, from: client.address)
    }
    // Send without data, without a peer, with two peers, with an attribute that is not known, from a stranger.
    for variant in 0..<5 {
      var sender = client.address
      if variant == 4 { sender.port += 1 }
      desk.receive(
        message { writer in
          let start = writer.beginMessage(MessageType(.indication, method: MessageType.sendMethod), id)
          if variant != 1 { writer.writeXorAddress(.xorPeerAddress, Desk.peer, id) }
          if variant == 2 { writer.writeXorAddress(.xorPeerAddress, Desk.peer, id) }
          if variant == 3 { writer.writeAttribute(AttributeType(rawValue: 0x7777), UInt32(0)) }
          if variant != 0 { writer.writeAttribute(.data, [1].span) }
          writer.finishMessage(at: start)
        }, from: sender)
    }
    #expect(desk.poll() == nil)
    #expect(desk.server.statistics.ignored == ignored + 8)
  }

  @Test func `a request replayed from another address finds no nonce of its own`() throws {
    var (desk, client, _) = try Desk.allocated()
    let request = Desk.request(MessageType.refreshMethod, of: &client) { writer, _ in
      writer.writeAttribute(.lifetime, UInt32(0))
    }
    var thief = client.address
    thief.port += 1
    desk.receive(request, from: thief)
    #expect(try desk.answer()?.code == 438)
    #expect(desk.server.allocationCount == 1)
  }

  @Test func `in a world two clients exchange data by their relayed addresses, through NATs that let nothing else in`() throws {
    let world = World(seed: 1)
    let host = try world.addHost(Desk.relayV4)
    let server = try world.addTURNServer(on: host, at: Desk.relayV4, configuration: Desk.configuration)
    var clients: [Client] = []
    var sockets: [SocketID] = []
    var relays: [TransportAddress] = []
    func ask(_ i: Int, _ method: UInt16, isProtected: Bool = true, _ body: (inout SpanWriter, TransactionID) -> Void)
      throws -> (TURNFields, [UInt8])
    {
      let request = Desk.request(method, of: &clients[i], isProtected: isProtected, body)
      world.send(request.span, from: sockets[i], to: Desk.address)
      world.run(for: .milliseconds(1))
      let answer = try #require(world.receive(on: sockets[i]))
      let message = try Message(parsing: answer.bytes.span)
      let fields = try message.turnFields()
      return (fields, answer.bytes)
    }
    for i in 0..<2 {
      let nat = try world.addNAT(.symmetric, addresses: [IPAddress(203, 0, 113, UInt8(i + 1))])
      let inside = try world.addHost(IPAddress(192, 168, 0, 2), behind: nat)
      sockets.append(try world.openSocket(on: inside, at: IPAddress(192, 168, 0, 2)))
      clients.append(Client())
      let refusal = try ask(i, MessageType.allocateMethod, isProtected: false) { _, _ in }
      clients[i].nonce = refusal.0.nonce.map { Array(refusal.1[$0]) } ?? []
      let success = try ask(i, MessageType.allocateMethod) { writer, _ in
        writer.writeAttribute(.requestedTransport, UInt32(17) << 24)
      }
      relays.append(try #require(success.0.relayedAddress))
    }
    for i in 0..<2 {
      let bound = try ask(i, MessageType.channelBindMethod) { writer, id in
        writer.writeAttribute(.channelNumber, UInt32(0x4000) << 16)
        writer.writeXorAddress(.xorPeerAddress, relays[1 - i], id)
      }
      #expect(bound.0.errorCode == nil)
    }
    for i in 0..<2 {
      world.send(Desk.channelData(0x4000, [1, 2, UInt8(i)]).span, from: sockets[i], to: Desk.address)
      world.run(for: .milliseconds(1))
      let received = world.receive(on: sockets[1 - i])
      #expect(received?.bytes == Desk.channelData(0x4000, [1, 2, UInt8(i)]))
    }
    #expect(world.turnServer(server).relayedAddresses.count == 2)
    world.run(for: .seconds(600))
    #expect(world.turnServer(server).allocationCount == 0)
  }
}
