import Bytes
import STUN
import Simulator
import Time
import WebRTC

/// Drives a TURN server through a string of datagrams and waits. Datagrams are raw, or requests that are properly protected so that
/// the input reaches beyond authentication. Throughout, what the server holds is bounded, its deadline lies in the future after
/// `advance`, and a copy says the same as the original.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  var cursor = SpanCursor(input.span)
  guard let start = try? cursor.read(UInt8.self) else { return 0 }
  var bench = Bench(start: start)
  while let verb = try? cursor.read(UInt8.self) {
    guard bench.step(verb, &cursor) else { break }
    bench.check()
  }
  return 0
}

struct Bench {
  static let server = TransportAddress(ip: IPAddress(198, 51, 100, 9), port: 3478)
  static let realm: [UInt8] = [0x72]
  static let user: [UInt8] = [0x75]
  static let password: [UInt8] = [0x70]

  var server: TURNServer
  var now = Instant(nanoseconds: 1_000_000_000)
  var nonce: [UInt8] = []
  let key = longTermKey(username: Bench.user.span, realm: Bench.realm.span, password: Bench.password.span)

  init(start: UInt8) {
    var configuration = TURNServer.Configuration()
    configuration.realm = Self.realm
    configuration.users = [.init(name: Self.user, password: Self.password)]
    configuration.relayAddresses = [IPAddress(198, 51, 100, 9)]
    if start & 1 != 0 { configuration.relayAddresses.append(IPAddress(high: 0x2001_0db8 << 32, low: 9)) }
    configuration.maximumAllocations = 3
    configuration.maximumAllocationsPerUser = 3
    configuration.maximumPermissions = 3
    configuration.maximumChannels = 3
    configuration.maximumPending = 16
    configuration.ports = 50_000...50_004
    self.server = TURNServer(configuration: configuration, random: SeededRandom(seed: .init(UInt64(start))))
    // Every client has a nonce of its own: one is enough, for the first.
    self.request(MessageType.allocateMethod, client: 0, isProtected: false) { _, _ in }
    if let (_, bytes) = self.poll(), let message = try? Message(parsing: bytes.span),
      let fields = try? message.turnFields(), let range = fields.nonce
    {
      self.nonce = Array(bytes[range])
    }
    precondition(!self.nonce.isEmpty)
    guard start & 2 != 0 else { return }
    self.request(MessageType.allocateMethod, client: 0) { writer, _ in
      writer.writeAttribute(.requestedTransport, UInt32(17) << 24)
    }
    precondition(self.server.allocationCount == 1)
  }

  static func client(_ n: UInt8) -> TransportAddress {
    TransportAddress(ip: IPAddress(203, 0, 113, 1), port: 4_000 + UInt16(n & 3))
  }

  static func peer(_ n: UInt8) -> TransportAddress {
    n & 8 == 0
      ? TransportAddress(ip: IPAddress(192, 0, 2, n & 3), port: 7_000 + UInt16(n >> 4))
      : TransportAddress(ip: IPAddress(high: 0x2001_0db8 << 32, low: UInt64(n & 3)), port: 7_000 + UInt16(n >> 4))
  }

  mutating func receive(_ bytes: Span<UInt8>, from remote: TransportAddress, to local: TransportAddress) {
    self.server.receive(bytes, from: remote, to: local, now: self.now)
  }

  mutating func poll() -> (Transmit, [UInt8])? {
    var buffer = [UInt8](repeating: 0, count: 5_000)
    var writer = SpanWriter(buffer.mutableSpan)
    guard let path = self.server.pollTransmit(into: &writer) else { return nil }
    precondition(!writer.overflowed)
    let count = writer.count
    return (path, Array(buffer.prefix(count)))
  }

  mutating func request(
    _ method: UInt16, client: UInt8, isProtected: Bool = true, _ body: (inout SpanWriter, TransactionID) -> Void
  ) {
    var buffer = [UInt8](repeating: 0, count: 3_000)
    var writer = SpanWriter(buffer.mutableSpan)
    let id = TransactionID(high: UInt32(client), low: self.now.nanoseconds)
    let start = writer.beginMessage(MessageType(.request, method: method), id)
    body(&writer, id)
    if isProtected {
      writer.writeAttribute(.username, Self.user.span)
      writer.writeAttribute(.realm, Self.realm.span)
      writer.writeAttribute(.nonce, self.nonce.span)
      writer.finishMessage(at: start, key: self.key.span)
    } else {
      writer.finishMessage(at: start)
    }
    let count = writer.count
    self.receive(buffer.span.extracting(0..<count), from: Self.client(client), to: Self.server)
  }

  mutating func step(_ verb: UInt8, _ cursor: inout SpanCursor) -> Bool {
    guard let n = try? cursor.read(UInt8.self) else { return false }
    switch verb & 7 {
    case 0:
      self.now = self.now + .seconds(UInt32(n) * 4)
      self.server.advance(to: self.now)
    case 1, 2:  // a protected request whose attributes are the input's
      guard let size = try? cursor.read(UInt8.self), let bytes = try? cursor.readBytes(min(Int(size), cursor.remaining))
      else { return false }
      let attributes = arrayCopy(bytes)
      self.request(UInt16(n >> 4), client: verb >> 3) { writer, _ in writer.write(attributes.span) }
    case 3:
      self.request(MessageType.allocateMethod, client: verb >> 3) { writer, _ in
        writer.writeAttribute(.requestedTransport, UInt32(17) << 24)
        if n & 1 != 0 { writer.writeAttribute(.lifetime, UInt32(n) << 4) }
        if n & 2 != 0 { writer.writeAttribute(.evenPort, [n & 0x80].span) }
        if n & 4 != 0 { writer.writeAttribute(.additionalAddressFamily, UInt32(2) << 24) }
      }
    case 4:
      let method = n & 1 == 0 ? MessageType.createPermissionMethod : MessageType.channelBindMethod
      self.request(method, client: verb >> 3) { writer, id in
        writer.writeXorAddress(.xorPeerAddress, Self.peer(n), id)
        if n & 1 != 0 { writer.writeAttribute(.channelNumber, (0x4000 | UInt32(n >> 5)) << 16) }
      }
    case 5:  // from a peer to a relayed address
      guard let bytes = try? cursor.readBytes(min(Int(verb >> 3), cursor.remaining)) else { return false }
      let relays = self.server.relayedAddresses
      guard !relays.isEmpty else { break }
      self.receive(bytes, from: Self.peer(n), to: relays[Int(n >> 2) % relays.count])
    case 6:  // on a channel
      guard let bytes = try? cursor.readBytes(min(Int(verb >> 3), cursor.remaining)) else { return false }
      let data = [0x40, n & 7, 0, UInt8(bytes.count)] + arrayCopy(bytes)
      self.receive(data.span, from: Self.client(n >> 4), to: Self.server)
    default:  // anything
      guard let size = try? cursor.read(UInt8.self), let bytes = try? cursor.readBytes(min(Int(size), cursor.remaining))
      else { return false }
      self.receive(bytes, from: Self.client(n), to: Self.server)
    }
    return true
  }

  mutating func check() {
    precondition(self.server.allocationCount <= 3)
    self.server.advance(to: self.now)
    if let deadline = self.server.nextDeadline { precondition(deadline > self.now) }
    var copy = self
    var count = 0
    while let (path, bytes) = self.poll() {
      let other = copy.poll()
      precondition(other?.0 == path && other?.1 == bytes)
      count += 1
      precondition(count <= 16)
    }
    precondition(copy.poll() == nil)
  }
}
