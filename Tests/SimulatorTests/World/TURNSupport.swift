import Bytes
import STUN
import Testing
import Time
import WebRTC

@testable import Simulator

/// A client of a TURN server, written by hand.
struct Client {
  var address = TransportAddress(ip: IPAddress(198, 51, 100, 1), port: 4000)
  var user = "alice"
  var password = "secret"
  var nonce: [UInt8] = []
  var lastID: UInt64 = 0
}

/// What a server said.
struct Answer: Equatable {
  var type: MessageType
  var code: UInt16?
  var fields: TURNFields
  var bytes: [UInt8]
  var destination: TransportAddress

  static func == (a: Answer, b: Answer) -> Bool { a.bytes == b.bytes && a.destination == b.destination }

  func bytes(_ range: Range<Int>?) -> [UInt8] { range.map { Array(self.bytes[$0]) } ?? [] }
}

/// A server, its clock, and requests to it.
struct Desk {
  static let address = TransportAddress(ip: IPAddress(198, 51, 100, 9), port: 3478)
  static let relayV4 = IPAddress(198, 51, 100, 9)
  static let relayV6 = IPAddress(high: 0x2001_0db8 << 32, low: 9)
  static let peer = TransportAddress(ip: IPAddress(203, 0, 113, 5), port: 7000)
  static let peerV6 = TransportAddress(ip: IPAddress(high: 0x2001_0db8 << 32, low: 5), port: 7000)

  var server: TURNServer
  var now = Instant(nanoseconds: 5_000_000_000)

  static var configuration: TURNServer.Configuration {
    var configuration = TURNServer.Configuration()
    configuration.realm = Array("example.org".utf8)
    configuration.users = [
      .init(name: Array("alice".utf8), password: Array("secret".utf8)),
      .init(name: Array("bob".utf8), password: Array("hidden".utf8)),
    ]
    configuration.relayAddresses = [Self.relayV4]
    return configuration
  }

  init(_ change: (inout TURNServer.Configuration) -> Void = { _ in }) {
    var configuration = Self.configuration
    change(&configuration)
    self.server = TURNServer(configuration: configuration, random: SeededRandom(seed: .init(1)))
  }

  mutating func poll() -> (path: Transmit, bytes: [UInt8])? {
    var buffer = [UInt8](repeating: 0, count: 4_000)
    var writer = SpanWriter(buffer.mutableSpan)
    guard let path = self.server.pollTransmit(into: &writer) else { return nil }
    let count = writer.count
    return (path, Array(buffer.prefix(count)))
  }

  mutating func answer() throws -> Answer? {
    guard let (path, bytes) = self.poll() else { return nil }
    let message = try Message(parsing: bytes.span)
    let fields = try message.turnFields()
    return Answer(
      type: message.type, code: fields.errorCode, fields: fields, bytes: bytes, destination: path.destination)
  }

  mutating func receive(_ bytes: [UInt8], from: TransportAddress, to: TransportAddress = Desk.address) {
    self.server.receive(bytes.span, from: from, to: to, now: self.now)
  }

  static func request(
    _ method: UInt16, of client: inout Client, isProtected: Bool = true, sameID: Bool = false,
    _ body: (inout SpanWriter, TransactionID) -> Void = { _, _ in }
  ) -> [UInt8] {
    if !sameID { client.lastID += 1 }
    let id = TransactionID(high: 7, low: client.lastID)
    let key = longTermKey(
      username: Array(client.user.utf8).span, realm: Self.configuration.realm.span,
      password: Array(client.password.utf8).span)
    let (user, nonce) = (Array(client.user.utf8), client.nonce)
    return message { writer in
      let start = writer.beginMessage(MessageType(.request, method: method), id)
      body(&writer, id)
      guard isProtected else { return writer.finishMessage(at: start) }
      writer.writeAttribute(.username, user.span)
      writer.writeAttribute(.realm, Self.configuration.realm.span)
      writer.writeAttribute(.nonce, nonce.span)
      writer.finishMessage(at: start, key: key.span)
    }
  }

  /// Asks and gives the answer.
  mutating func ask(
    _ method: UInt16, _ client: inout Client, isProtected: Bool = true, sameID: Bool = false,
    _ body: (inout SpanWriter, TransactionID) -> Void = { _, _ in }
  ) throws -> Answer {
    self.receive(
      Self.request(method, of: &client, isProtected: isProtected, sameID: sameID, body), from: client.address)
    let answer = try self.answer()
    return try #require(answer)
  }

  /// Takes a nonce from a refusal.
  mutating func introduce(_ client: inout Client) throws {
    let refusal = try self.ask(MessageType.allocateMethod, &client, isProtected: false)
    #expect(refusal.code == 401)
    client.nonce = refusal.bytes(refusal.fields.nonce)
  }

  mutating func allocate(
    _ client: inout Client, sameID: Bool = false, _ body: (inout SpanWriter, TransactionID) -> Void = { _, _ in }
  ) throws -> Answer {
    try self.ask(MessageType.allocateMethod, &client, sameID: sameID) { writer, id in
      writer.writeAttribute(.requestedTransport, UInt32(17) << 24)
      body(&writer, id)
    }
  }

  mutating func permit(_ client: inout Client, _ peers: TransportAddress...) throws -> UInt16? {
    try self.ask(MessageType.createPermissionMethod, &client) { writer, id in
      for peer in peers { writer.writeXorAddress(.xorPeerAddress, peer, id) }
    }.code
  }

  mutating func bind(_ client: inout Client, _ number: UInt16, to peer: TransportAddress) throws -> UInt16? {
    try self.ask(MessageType.channelBindMethod, &client) { writer, id in
      writer.writeAttribute(.channelNumber, UInt32(number) << 16)
      writer.writeXorAddress(.xorPeerAddress, peer, id)
    }.code
  }

  static func sendIndication(_ data: [UInt8], to peer: TransportAddress) -> [UInt8] {
    let id = TransactionID(high: 9, low: 9)
    return message { writer in
      let start = writer.beginMessage(MessageType(.indication, method: MessageType.sendMethod), id)
      writer.writeXorAddress(.xorPeerAddress, peer, id)
      writer.writeAttribute(.data, data.span)
      writer.finishMessage(at: start)
    }
  }

  static func channelData(_ number: UInt16, _ data: [UInt8]) -> [UInt8] {
    message { $0.writeChannelData(number, data.span) }
  }

  /// A client with an allocation, and its relayed address.
  static func allocated(
    _ change: (inout TURNServer.Configuration) -> Void = { _ in }
  ) throws -> (Desk, Client, TransportAddress) {
    var desk = Desk(change)
    var client = Client()
    try desk.introduce(&client)
    let answer = try desk.allocate(&client)
    return (desk, client, try #require(answer.fields.relayedAddress))
  }
}
