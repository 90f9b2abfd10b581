import Bytes
import SCTP
import Time

/// An association in one of several states, and packets of chunks that the input makes up: their tag and ports are
/// right, so that what is in them is heeded.
struct Victim {
  var association: Association
  var tag: UInt32
  var now: Instant
}

private func packet(_ tag: UInt32, _ chunks: Span<UInt8>) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: 12 + (chunks.count + 3) & ~3)
  var writer = SpanWriter(bytes.mutableSpan)
  writer.write(UInt16(5000))
  writer.write(UInt16(5000))
  writer.write(tag)
  writer.write(UInt32(0))
  writer.write(chunks)
  return bytes
}

private func poll(_ association: inout Association) -> [UInt8]? {
  var buffer = [UInt8](repeating: 0, count: 1200)
  var writer = SpanWriter(buffer.mutableSpan)
  guard association.pollTransmit(into: &writer) else { return nil }
  precondition(!writer.overflowed)
  return arrayCopy(writer.bytes(in: 0..<writer.count))
}

private func tag(of packet: [UInt8]) -> UInt32 { packet[4..<8].reduce(0) { $0 << 8 | UInt32($1) } }

/// The states, each reached by an honest handshake.
private func victims() -> [Victim] {
  var configuration = Association.Configuration()
  configuration.zeroChecksum = true
  configuration.receiveWindow = 20_000
  configuration.maximumMessageSize = 8000
  configuration.sendBufferLimit = 20_000
  configuration.maximumActiveStreams = 32
  let now = Instant(nanoseconds: 1_000_000)
  var a = try! Association(configuration: configuration, random: SeededRandom(seed: .init(1)), now: now)
  var b = try! Association(configuration: configuration, random: SeededRandom(seed: .init(2)), now: now)
  var result = [Victim(association: b, tag: 0, now: now)]
  a.connect(now: now)
  var tagOfA: UInt32 = 0
  var tagOfB: UInt32 = 0
  func exchange() {
    var progress = true
    while progress {
      progress = false
      while let bytes = poll(&a) {
        if tag(of: bytes) != 0 { tagOfB = tag(of: bytes) }
        b.receive(bytes.span, now: now)
        progress = true
      }
      if tagOfA != 0, result.count < 2 { result.append(Victim(association: a, tag: tagOfA, now: now)) }
      while let bytes = poll(&b) {
        tagOfA = tag(of: bytes)
        a.receive(bytes.span, now: now)
        progress = true
      }
    }
  }
  exchange()
  result.append(Victim(association: a, tag: tagOfA, now: now))
  // With data in flight, a reset asked for, and partial reliability.
  var busy = a
  let message = [UInt8](repeating: 1, count: 5000)
  for stream in 0..<3 as Range<UInt16> {
    let options = Association.SendOptions(
      ordered: stream != 1, reliability: stream == 2 ? .maxRetransmits(0) : .reliable)
    try? busy.send(message.span, stream: stream, protocolIdentifier: 51, options: options, now: now)
  }
  busy.resetStream(9, now: now)
  while poll(&busy) != nil {}
  result.append(Victim(association: busy, tag: tagOfA, now: now))
  busy.shutdown(now: now)
  result.append(Victim(association: busy, tag: tagOfA, now: now))
  var closing = b
  closing.shutdown(now: now)
  while poll(&closing) != nil {}
  result.append(Victim(association: closing, tag: tagOfB, now: now))
  var ended = a
  ended.abort(now: now)
  result.append(Victim(association: ended, tag: tagOfA, now: now))
  return result
}

private let states = victims()

#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  var cursor = SpanCursor(input.span)
  guard let choice = try? cursor.read(UInt8.self) else { return 0 }
  var victim = states[Int(choice) % states.count]
  var pulled = [UInt8](repeating: 0, count: 8192)
  while let size = try? cursor.read(UInt16.self) {
    let length = min(Int(size & 0x7FF), cursor.remaining)
    guard let chunks = try? cursor.readBytes(length) else { break }
    let isInit = chunks.count > 0 && chunks[0] == 1
    victim.association.receive(packet(isInit ? 0 : victim.tag, chunks).span, now: victim.now)
    while poll(&victim.association) != nil {}
    while victim.association.pollEvent() != nil {}
    if size & 0x8000 != 0 {
      var writer = SpanWriter(pulled.mutableSpan)
      while victim.association.receiveMessage(into: &writer) != nil { writer.rewind(to: 0) }
    }
    if size & 0x4000 != 0, let next = victim.association.nextDeadline {
      precondition(next > victim.now)
      victim.now = next
      victim.association.advance(to: next)
      if let after = victim.association.nextDeadline { precondition(after > next) }
    }
    let statistics = victim.association.statistics
    precondition(statistics.bytesInFlight >= 0 && statistics.bytesInFlight < 100_000)
    precondition(statistics.localReceiveWindow >= 0 && statistics.localReceiveWindow <= 20_000)
    precondition(victim.association.sendBufferFree >= 0 && victim.association.sendBufferFree <= 20_000)
  }
  return 0
}
