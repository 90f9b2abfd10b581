import Bytes
import Cryptography
import DTLS
import Time

/// A connected pair. The input decides what each of many records becomes: delivered, changed, repeated, cut, or replaced by
/// bytes of the input. Only what was sealed may come out, each record at most once, and the connection must stand.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  var cursor = SpanCursor(input.span)
  var sender = try! connected.client.connection.fork()
  var receiver = try! connected.server.connection.fork()
  var delivered = [Bool](repeating: false, count: 256)
  var sealed: [[UInt8]] = []
  while let verb = try? cursor.read(UInt8.self) {
    if verb & 7 < 3, sealed.count < 256 {
      var buffer = [UInt8](repeating: 0, count: Connection.recordHeadroom + 3 + Connection.recordTailroom)
      buffer[Connection.recordHeadroom] = UInt8(sealed.count)
      var span = buffer.mutableSpan
      let start = Connection.recordHeadroom
      let range = try! sender.seal(&span, plaintext: start..<(start + 3))
      sealed.append(Array(buffer[range]))
    }
    var record = sealed.isEmpty ? [] : sealed[Int(verb) % sealed.count]
    var isWhole = true
    switch verb & 7 {
    case 3, 4:
      guard let position = try? cursor.read(UInt8.self), let change = try? cursor.read(UInt8.self), !record.isEmpty else { break }
      // The version's minor byte is not looked at.
      let index = Int(position) % record.count
      if index != 2, change != 0 { isWhole = false }
      record[index] ^= change
    case 5:
      guard let length = try? cursor.read(UInt8.self) else { break }
      isWhole = Int(length) >= record.count
      record = Array(record.prefix(Int(length)))
    case 6:
      let length = Int((try? cursor.read(UInt8.self)) ?? 0)
      guard let bytes = try? cursor.readBytes(min(length, cursor.remaining)) else { break }
      record = arrayCopy(bytes)
      isWhole = false
    default: break
    }
    let size = record.count
    var span = record.mutableSpan
    var offset = 0
    while offset < size {
      guard let range = receiver.receive(&span, from: &offset, now: .zero) else { continue }
      precondition(isWhole && range.count == 3)
      let number = Int(span[range.lowerBound])
      precondition(!delivered[number])
      delivered[number] = true
    }
  }
  precondition(receiver.isConnected && receiver.pollEvent() == nil && receiver.nextDeadline == nil)
  return 0
}

final class Box {
  var connection: Connection
  init(_ connection: consuming Connection) { self.connection = connection }
}

nonisolated(unsafe) let connected: (client: Box, server: Box) = {
  var random = SeededRandom(seed: .init(1))
  let identity = try! Identity(random: &random)
  func make(_ role: Role) -> Box {
    let connection = try! Connection(
      configuration: .init(role: role), identity: identity, random: random.split(), now: .zero)
    let box = Box(connection)
    box.connection.setRemoteFingerprints([identity.fingerprint], now: .zero)
    box.connection.start(now: .zero)
    return box
  }
  let client = make(.client), server = make(.server)
  func carry(_ from: Box, _ to: Box) {
    while true {
      var buffer = [UInt8](repeating: 0, count: 2048)
      var writer = SpanWriter(buffer.mutableSpan)
      guard from.connection.pollTransmit(into: &writer) else { return }
      let count = writer.count
      buffer.removeLast(buffer.count - count)
      var datagram = buffer.mutableSpan
      var offset = 0
      while offset < count { _ = to.connection.receive(&datagram, from: &offset, now: .zero) }
    }
  }
  for _ in 0..<3 {
    carry(client, server)
    carry(server, client)
  }
  while client.connection.pollEvent() != nil {}
  while server.connection.pollEvent() != nil {}
  precondition(client.connection.isConnected && server.connection.isConnected)
  return (client, server)
}()
