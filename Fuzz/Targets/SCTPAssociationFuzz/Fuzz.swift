import Bytes
import SCTP
import Time

/// Two honest associations, and an input that decides what is called when and what the network loses, repeats and
/// reorders: reliable messages arrive once, whole and in order, and time always moves on.
private struct Side {
  var association: Association
  /// Packets on their way to this side.
  var inbound: [[UInt8]] = []
  /// Per stream, what was sent to this side reliably and in order and has not arrived.
  var expected: [[UInt32]] = Array(repeating: [], count: 4)
  var isOver = false
}

private func message(_ number: UInt32, _ size: Int) -> [UInt8] {
  (0..<size).map { UInt8(truncatingIfNeeded: UInt32($0) &+ number) }
}

private func pump(_ from: inout Side, _ to: inout Side, now: Instant, buffer: inout [UInt8]) {
  while true {
    var writer = SpanWriter(buffer.mutableSpan)
    guard from.association.pollTransmit(into: &writer) else { break }
    to.inbound.append(arrayCopy(writer.bytes(in: 0..<writer.count)))
  }
  while let event = from.association.pollEvent() {
    if case .closed = event { from.isOver = true }
  }
  while let size = from.association.nextMessageSize {
    var bytes = [UInt8](repeating: 0, count: size)
    var writer = SpanWriter(bytes.mutableSpan)
    guard let received = from.association.receiveMessage(into: &writer) else { break }
    precondition(bytes == message(received.protocolIdentifier, size))
    if received.stream < 4 {
      precondition(from.expected[Int(received.stream)].first == received.protocolIdentifier)
      from.expected[Int(received.stream)].removeFirst()
    }
  }
}

#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  var cursor = SpanCursor(input.span)
  var configuration = Association.Configuration()
  configuration.zeroChecksum = true
  configuration.receiveWindow = 40_000
  configuration.maximumMessageSize = 10_000
  configuration.sendBufferLimit = 40_000
  configuration.maximumRetransmissions = 1000
  configuration.maximumInitRetransmissions = 1000
  var now = Instant(nanoseconds: 1_000_000)
  var sides = [
    Side(association: try! Association(configuration: configuration, random: SeededRandom(seed: .init(1)), now: now)),
    Side(association: try! Association(configuration: configuration, random: SeededRandom(seed: .init(2)), now: now)),
  ]
  var buffer = [UInt8](repeating: 0, count: 1200)
  var number: UInt32 = 0
  sides[0].association.connect(now: now)
  func exchange() {
    var a = sides[0]
    var b = sides[1]
    pump(&a, &b, now: now, buffer: &buffer)
    pump(&b, &a, now: now, buffer: &buffer)
    sides = [a, b]
  }
  func deliver(_ side: Int, at index: Int, keep: Bool) {
    let bytes = sides[side].inbound[index]
    if !keep { sides[side].inbound.remove(at: index) }
    sides[side].association.receive(bytes.span, now: now)
  }
  while let verb = try? cursor.read(UInt8.self) {
    let side = Int(verb & 1)
    switch verb >> 1 & 7 {
    case 0: sides[side].association.connect(now: now)
    case 1:
      let detail = (try? cursor.read(UInt8.self)) ?? 0
      let size = 1 + Int(detail) * 37
      number += 1
      // Streams 0 to 3 are reliable and ordered; 4 to 7 are not.
      let stream = UInt16(detail & 7)
      let options = Association.SendOptions(
        ordered: stream < 6, reliability: stream < 4 ? .reliable : stream & 1 == 0 ? .maxRetransmits(1) : .maxLifetime(.milliseconds(300)))
      let bytes = message(number, size)
      if (try? sides[side].association.send(
        bytes.span, stream: stream, protocolIdentifier: number, options: options, now: now)) != nil, stream < 4
      {
        sides[1 - side].expected[Int(stream)].append(number)
      }
    case 2:
      if !sides[side].inbound.isEmpty { deliver(side, at: 0, keep: false) }
    case 3:
      // Out of order, or twice.
      if let last = sides[side].inbound.indices.last { deliver(side, at: last, keep: verb & 0x80 != 0) }
    case 4: if !sides[side].inbound.isEmpty { sides[side].inbound.removeFirst() }
    case 5:
      if let next = sides[side].association.nextDeadline { now = max(now, next) }
      for i in 0..<2 {
        sides[i].association.advance(to: now)
        if let next = sides[i].association.nextDeadline { precondition(next > now) }
      }
    case 6:
      now = now + .milliseconds(UInt32(verb >> 4) * 10)
      while !sides[side].inbound.isEmpty { deliver(side, at: 0, keep: false) }
    default:
      sides[side].association.resetStream(UInt16(4 + (verb >> 4 & 3)), now: now)
    }
    exchange()
  }
  // The network heals: everything reliable arrives.
  var rounds = 0
  while rounds < 3000, !sides[0].isOver, !sides[1].isOver, !(sides.allSatisfy { $0.expected.allSatisfy(\.isEmpty) && $0.inbound.isEmpty }) {
    rounds += 1
    if sides.allSatisfy(\.inbound.isEmpty), let next = sides.compactMap({ $0.association.nextDeadline }).min() {
      now = max(now, next)
    }
    for i in 0..<2 {
      sides[i].association.advance(to: now)
      while !sides[i].inbound.isEmpty { deliver(i, at: 0, keep: false) }
    }
    exchange()
  }
  if !sides[0].isOver, !sides[1].isOver {
    precondition(sides.allSatisfy { $0.expected.allSatisfy(\.isEmpty) })
  }
  return 0
}
