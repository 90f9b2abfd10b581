import Bytes
import STUN
import Testing
import Time
import WebRTC

@testable import Simulator

/// Peers behind NATs that find each other by what a STUN server tells them.
@Suite struct ReflexiveTests {
  /// Two peers, each behind a NAT of its own, and a STUN server that both know; whether they connect.
  private func connects(_ first: NAT.Behaviour, _ second: NAT.Behaviour, seed: UInt64 = 1) throws -> Bool {
    let world = World(seed: seed)
    var condition = Link.Condition()
    condition.delay = .milliseconds(10)
    let server = IPAddress(198, 51, 100, 9)
    let host = try world.addHost(server)
    _ = try world.addSTUNServer(on: host, at: server)
    var configuration = PeerConnection.Configuration()
    configuration.ice.stunServers = [TransportAddress(ip: server, port: 3478)]
    var peers: [PeerID] = []
    for (i, behaviour) in [first, second].enumerated() {
      let nat = try world.addNAT(behaviour, addresses: [IPAddress(203, 0, 113, UInt8(i + 1))])
      let inside = try world.addHost(IPAddress(192, 168, UInt8(i + 1), 2), behind: nat, up: condition, down: condition)
      peers.append(try world.addPeer(on: inside, configuration: configuration, identity: worldIdentities.0))
    }
    try world.signal(peers[0], peers[1], delay: .milliseconds(50))
    return world.run(for: .seconds(40)) { $0.isConnected((peers[0], peers[1])) }
  }

  static let kinds: [(String, NAT.Behaviour)] = [
    ("full cone", .fullCone), ("address restricted", .addressRestricted), ("port restricted", .portRestricted),
    ("symmetric", .symmetric),
  ]

  @Test func `every two kinds of NAT connect but those that cannot without a relay`() throws {
    for (name, first) in Self.kinds {
      for (otherName, second) in Self.kinds {
        let isHopeless =
          [name, otherName] == ["symmetric", "symmetric"] || [name, otherName] == ["symmetric", "port restricted"]
          || [name, otherName] == ["port restricted", "symmetric"]
        let connects = try connects(first, second)
        #expect(connects == !isHopeless, "\(name) with \(otherName)")
      }
    }
  }

  @Test func `a server tells the address it sees, and refuses attributes that it does not know`() throws {
    var server = STUNServer()
    let client = TransportAddress(ip: IPAddress(high: 0x2001_0db8 << 32, low: 7), port: 4242)
    let own = TransportAddress(ip: IPAddress(high: 0x2001_0db8 << 32, low: 1), port: 3478)
    let id = TransactionID(high: 1, low: 2)
    for unknown in [false, true] {
      let request = message { writer in
        let start = writer.beginMessage(.bindingRequest, id)
        if unknown { writer.writeAttribute(AttributeType(rawValue: 0x7fff), UInt32(1)) }
        writer.finishMessage(at: start)
      }
      server.receive(request.span, from: client, to: own)
      var buffer = [UInt8](repeating: 0, count: 200)
      var writer = SpanWriter(buffer.mutableSpan)
      let path = server.pollTransmit(into: &writer)
      let count = writer.count
      #expect(path == Transmit(source: own, destination: client))
      let answer = try Message(parsing: buffer.span.extracting(0..<count))
      let (type, fields) = (answer.type, try answer.fields())
      let isFingerprintValid = answer.isFingerprintValid(at: try #require(fields.fingerprint))
      #expect(type == (unknown ? .bindingError : .bindingSuccess))
      #expect(fields.mappedAddress == (unknown ? nil : client))
      #expect(fields.errorCode == (unknown ? 420 : nil))
      #expect(isFingerprintValid)
    }
  }

  @Test func `a server ignores all that is no whole Binding request, and bounds what it owes`() {
    var server = STUNServer()
    let address = TransportAddress(ip: IPAddress(10, 0, 0, 1), port: 1)
    let request = message { writer in
      let start = writer.beginMessage(.bindingRequest, TransactionID(high: 1, low: 2))
      writer.finishMessage(at: start)
    }
    var hostile = 0
    for count in 0..<request.count {
      server.receive(request.span.extracting(0..<count), from: address, to: address)
      hostile += 1
    }
    // Without its type (bytes 20 and 21) FINGERPRINT is another attribute, which may stand there.
    for i in request.indices where i != 20 && i != 21 {
      var damaged = request
      damaged[i] ^= 0x81
      server.receive(damaged.span, from: address, to: address)
      hostile += 1
    }
    #expect(server.ignored == UInt64(hostile))
    for _ in 0..<(STUNServer.maximumPending + 10) { server.receive(request.span, from: address, to: address) }
    var answers = 0
    var buffer = [UInt8](repeating: 0, count: 200)
    while true {
      var writer = SpanWriter(buffer.mutableSpan)
      guard server.pollTransmit(into: &writer) != nil else { break }
      answers += 1
    }
    #expect(answers == STUNServer.maximumPending)
  }
}

/// The bytes that `body` writes.
func message(_ body: (inout SpanWriter) -> Void) -> [UInt8] {
  var buffer = [UInt8](repeating: 0, count: 2_000)
  var writer = SpanWriter(buffer.mutableSpan)
  body(&writer)
  let count = writer.count
  return Array(buffer.prefix(count))
}
