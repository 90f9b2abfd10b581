import Bytes
import Cryptography
import DTLS
import Time

/// A client and a server, from the start or from some point of an orderly handshake, with a network that the input drives: it loses, repeats, changes, cuts, reorders and
/// forges datagrams, and moves the clock. Both must keep their promises: deadlines in the future, connected sides agree on
/// their keys, data comes out only as it went in.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  var cursor = SpanCursor(input.span)
  let options = (try? cursor.read(UInt8.self)) ?? 0
  let sides = startingState(options)
  var now = Instant.zero
  var steps = 0
  while let verb = try? cursor.read(UInt8.self), steps < 200 {
    steps += 1
    let from = Int(verb & 1)
    switch verb >> 1 & 7 {
    case 0, 1, 2: sides[from].deliver(to: sides[1 - from], now: now)
    case 3: sides[from].poll()
    case 4:
      guard !sides[from].sent.isEmpty, let index = try? cursor.read(UInt8.self), let change = try? cursor.read(UInt8.self) else { break }
      var datagram = sides[from].sent[Int(verb >> 4) % sides[from].sent.count]
      datagram[Int(index) * 5 % datagram.count] ^= change
      sides[1 - from].receive(datagram, now: now)
    case 5:
      guard !sides[from].sent.isEmpty else { break }
      sides[1 - from].receive(sides[from].sent[Int(verb >> 4) % sides[from].sent.count], now: now)
    case 6:
      if verb & 0x80 != 0 {
        guard let length = try? cursor.read(UInt8.self), let bytes = try? cursor.readBytes(min(Int(length), cursor.remaining)) else { break }
        sides[from].receive(arrayCopy(bytes), now: now)
      } else if verb & 0x40 != 0 {
        sides[from].connection.setRemoteFingerprints([identity.fingerprint], now: now)
      } else {
        sides[from].sealOne()
      }
    default:
      now = now + .milliseconds(UInt32(verb >> 4) * 40)
      for side in sides {
        side.connection.advance(to: now)
        if let deadline = side.connection.nextDeadline { precondition(deadline > now) }
      }
      if verb == 0xFF { sides[from].connection.close() }
    }
  }
  if sides[0].connection.isConnected && sides[1].connection.isConnected {
    precondition(sides[0].export() == sides[1].export())
  }
  return 0
}

final class Side {
  var connection: Connection
  var sent: [[UInt8]] = []
  var next = 0
  init(_ connection: consuming Connection) { self.connection = connection }

  func poll() {
    while self.sent.count < 64 {
      var buffer = [UInt8](repeating: 0, count: 1200)
      var writer = SpanWriter(buffer.mutableSpan)
      guard self.connection.pollTransmit(into: &writer) else { break }
      let count = writer.count
      self.sent.append(Array(buffer.prefix(count)))
    }
    while self.connection.pollEvent() != nil {}
  }

  func deliver(to other: Side, now: Instant) {
    self.poll()
    guard self.next < self.sent.count else { return }
    other.receive(self.sent[self.next], now: now)
    self.next += 1
  }

  func receive(_ datagram: [UInt8], now: Instant) {
    var bytes = datagram
    var span = bytes.mutableSpan
    var offset = 0
    while offset < datagram.count {
      if let range = self.connection.receive(&span, from: &offset, now: now) {
        precondition(range.count == 5 && span[range.lowerBound] == 42)
      }
    }
    var buffer = [UInt8](repeating: 0, count: 1200)
    var writer = SpanWriter(buffer.mutableSpan)
    while self.connection.receiveEarlyData(into: &writer) {
      precondition(writer.count == 5)
      writer.rewind(to: 0)
    }
  }

  func sealOne() {
    var buffer = [UInt8](repeating: 42, count: Connection.recordHeadroom + 5 + Connection.recordTailroom)
    var span = buffer.mutableSpan
    let start = Connection.recordHeadroom
    guard let range = try? self.connection.seal(&span, plaintext: start..<(start + 5)) else { return }
    if self.sent.count < 64 { self.sent.append(Array(buffer[range])) }
  }

  func export() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 60)
    var span = bytes.mutableSpan
    try! self.connection.exportKeyingMaterial(label: "EXTRACTOR-dtls_srtp", into: &span)
    return bytes
  }
}

/// Fresh sides have their keys to work out yet, which is slow; so orderly handshakes are kept at each of their stages, by
/// option, and forked.
func startingState(_ options: UInt8) -> [Side] {
  let kept: [Side]
  if let state = states[Int(options)] { kept = state } else {
    kept = [makeSide(.client, options), makeSide(.server, options)]
    if options & 1 == 0 { for side in kept { side.connection.setRemoteFingerprints([identity.fingerprint], now: .zero) } }
    kept[0].connection.start(now: .zero)
    for stage in 0..<(Int(options >> 5) * 2) {
      while true {
        let before = kept[stage & 1].next
        kept[stage & 1].deliver(to: kept[1 - stage & 1], now: .zero)
        if kept[stage & 1].next == before { break }
      }
    }
    states[Int(options)] = kept
  }
  return kept.map { side in
    let copy = Side(try! side.connection.fork())
    copy.sent = side.sent
    copy.next = side.next
    return copy
  }
}

nonisolated(unsafe) var states = [[Side]?](repeating: nil, count: 256)

func makeSide(_ role: Role, _ options: UInt8) -> Side {
  var configuration = Connection.Configuration(role: role)
  configuration.requiresCookie = options & 2 != 0
  if options & 4 != 0 { configuration.maximumTransmissionUnit = 200 }
  if options & 8 != 0 { configuration.cipherSuites = [.ecdheECDSAWithChaCha20Poly1305] }
  if options & 16 != 0 { configuration.srtpProfiles = [.aeadAES128GCM] }
  let connection = try! Connection(
    configuration: configuration, identity: identity, random: SeededRandom(seed: .init(role == .client ? 1 : 2)), now: .zero)
  return Side(connection)
}

let identity: Identity = {
  var random = SeededRandom(seed: .init(1))
  return try! Identity(random: &random)
}()
