import Bytes
import Cryptography
@testable import DTLS
import Time

/// A connection with what it said so far; a class, because connections cannot be copied into collections.
final class Endpoint {
  var connection: Connection
  var events: [Event] = []
  var received: [[UInt8]] = []

  init(_ connection: consuming Connection) { self.connection = connection }

  convenience init(
    _ role: Role, seed: UInt64 = 1, identity: Identity? = nil, _ configure: (inout Connection.Configuration) -> Void = { _ in }
  ) {
    var configuration = Connection.Configuration(role: role)
    configuration.srtpProfiles = [.aeadAES128GCM, .aes128CMHMACSHA1_80]
    configuration.initialTimeout = .milliseconds(100)
    configure(&configuration)
    let random = SeededRandom(seed: .init(seed &* 2 &+ (role == .client ? 0 : 1)))
    self.init(
      try! Connection(
        configuration: configuration, identity: identity ?? (role == .client ? alice : bob), random: random, now: .zero))
  }

  /// One datagram from the network, whole.
  func receive(_ datagram: [UInt8], now: Instant) {
    var bytes = datagram
    var span = bytes.mutableSpan
    var offset = 0
    while offset < datagram.count {
      if let range = self.connection.receive(&span, from: &offset, now: now) {
        self.received.append(arrayCopy(span.span.extracting(range)))
      }
    }
    self.pollEvents()
  }

  func pollEvents() {
    while let event = self.connection.pollEvent() { self.events.append(event) }
  }

  /// All datagrams that are due.
  func transmit() -> [[UInt8]] {
    var datagrams: [[UInt8]] = []
    while let datagram = self.transmitOne() { datagrams.append(datagram) }
    return datagrams
  }

  func transmitOne() -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 2048)
    var writer = SpanWriter(buffer.mutableSpan)
    guard self.connection.pollTransmit(into: &writer) else { return nil }
    let count = writer.count
    return Array(buffer.prefix(count))
  }

  func seal(_ plaintext: [UInt8]) throws(UsageError) -> [UInt8] {
    var buffer =
      [UInt8](repeating: 0, count: Connection.recordHeadroom) + plaintext
      + [UInt8](repeating: 0, count: Connection.recordTailroom)
    var span = buffer.mutableSpan
    let start = Connection.recordHeadroom
    let range = try self.connection.seal(&span, plaintext: start..<(start + plaintext.count))
    return Array(buffer[range])
  }

  /// A record that no honest side would send, under the keys.
  func seal(_ plaintext: [UInt8], type: ContentType) throws(UsageError) -> [UInt8] {
    var buffer =
      [UInt8](repeating: 0, count: Connection.recordHeadroom) + plaintext
      + [UInt8](repeating: 0, count: Connection.recordTailroom)
    var span = buffer.mutableSpan
    let start = Connection.recordHeadroom
    let range = try self.connection.records.seal(&span, plaintext: start..<(start + plaintext.count), type: type)
    return Array(buffer[range])
  }

  func earlyData() -> [[UInt8]] {
    var messages: [[UInt8]] = []
    while true {
      var buffer = [UInt8](repeating: 0, count: 2048)
      var writer = SpanWriter(buffer.mutableSpan)
      guard self.connection.receiveEarlyData(into: &writer) else { return messages }
      let count = writer.count
      messages.append(Array(buffer.prefix(count)))
    }
  }

  func export(_ count: Int = 60, label: StaticString = "EXTRACTOR-dtls_srtp") throws(UsageError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var span = bytes.mutableSpan
    try self.connection.exportKeyingMaterial(label: label, into: &span)
    return bytes
  }
}

extension Endpoint {
  // `#expect` cannot look into a noncopyable value.
  var phase: Connection.Phase { self.connection.phase }
  var isConnected: Bool { self.connection.isConnected }
  var statistics: Statistics { self.connection.statistics }
  var nextDeadline: Instant? { self.connection.nextDeadline }
  var cipherSuite: CipherSuite? { self.connection.negotiatedCipherSuite }
  var group: KeyExchange.Group? { self.connection.negotiatedGroup }
  var srtpProfile: SRTPProfile? { self.connection.negotiatedSRTPProfile }
  var usesExtendedMasterSecret: Bool { self.connection.usesExtendedMasterSecret }
  var peerFingerprint: Fingerprint? { self.connection.peerFingerprint }
}

func makeIdentity(_ number: UInt64) -> Identity {
  var random = SeededRandom(seed: .init(number))
  return try! Identity(random: &random)
}

let alice = makeIdentity(0xA11CE)
let bob = makeIdentity(0xB0B)
let mallory = makeIdentity(0x666)

/// A client and a server that know each other's fingerprints, and a network between them without delay.
struct Pair {
  let client: Endpoint
  let server: Endpoint
  var now = Instant.zero + .seconds(1)

  init(
    seed: UInt64 = 1, client: (inout Connection.Configuration) -> Void = { _ in },
    server: (inout Connection.Configuration) -> Void = { _ in }
  ) {
    self.client = Endpoint(.client, seed: seed, client)
    self.server = Endpoint(.server, seed: seed, server)
    self.client.connection.setRemoteFingerprints([bob.fingerprint], now: self.now)
    self.server.connection.setRemoteFingerprints([alice.fingerprint], now: self.now)
  }

  /// Carries datagrams to and fro until neither side has more to say.
  func exchange() {
    while true {
      let fromClient = self.client.transmit()
      for datagram in fromClient { self.server.receive(datagram, now: self.now) }
      let fromServer = self.server.transmit()
      for datagram in fromServer { self.client.receive(datagram, now: self.now) }
      if fromClient.isEmpty && fromServer.isEmpty { return }
    }
  }

  func connect() {
    self.client.connection.start(now: self.now)
    self.exchange()
  }
}
