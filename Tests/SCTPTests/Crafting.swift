import Bytes
import Time

@testable import SCTP

/// Packets made by hand.
enum Craft {
  static func packet(tag: UInt32, _ chunks: [UInt8]..., checksum: UInt32? = nil) -> [UInt8] {
    var bytes = be(UInt16(5000)) + be(UInt16(5000)) + be(tag) + [0, 0, 0, 0]
    for chunk in chunks { bytes += chunk }
    return sealed(bytes, checksum: checksum)
  }

  static func sealed(_ packet: [UInt8], checksum: UInt32? = nil) -> [UInt8] {
    var bytes = packet
    let value = checksum ?? PacketHeader.checksum(of: bytes.span)
    for i in 0..<4 { bytes[8 + i] = UInt8(truncatingIfNeeded: value >> UInt32(8 * i)) }
    return bytes
  }

  static func chunk(_ type: UInt8, flags: UInt8 = 0, _ value: [UInt8] = []) -> [UInt8] {
    let length = value.count + 4
    return [type, flags] + be(UInt16(length)) + value + [UInt8](repeating: 0, count: (4 - length & 3) & 3)
  }

  static func data(
    tsn: UInt32, stream: UInt16 = 0, sequence: UInt16 = 0, flags: UInt8 = 3, ppid: UInt32 = 51, _ payload: [UInt8]
  ) -> [UInt8] {
    self.chunk(0, flags: flags, be(tsn) + be(stream) + be(sequence) + be(ppid) + payload)
  }

  static func sack(cumulative: UInt32, window: UInt32 = 100_000, gaps: [(UInt16, UInt16)] = []) -> [UInt8] {
    self.chunk(
      3,
      be(cumulative) + be(window) + be(UInt16(gaps.count)) + be(UInt16(0)) + gaps.flatMap { be($0.0) + be($0.1) })
  }

  static func initiation(tag: UInt32 = 77, tsn: UInt32 = 1, window: UInt32 = 100_000, extra: [UInt8] = []) -> [UInt8] {
    self.chunk(1, be(tag) + be(window) + be(UInt16(100)) + be(UInt16(100)) + be(tsn) + extra)
  }

  static func forwardTSN(_ tsn: UInt32, _ streams: [(UInt16, UInt16)] = []) -> [UInt8] {
    self.chunk(192, be(tsn) + streams.flatMap { be($0.0) + be($0.1) })
  }

  static func resetRequest(sequence: UInt32, lastTSN: UInt32, streams: [UInt16]) -> [UInt8] {
    let parameter = be(UInt16(13)) + be(UInt16(16 + 2 * streams.count)) + be(sequence) + be(UInt32(0)) + be(lastTSN)
    return self.chunk(130, parameter + streams.flatMap { be($0) })
  }
}

func be<T: FixedWidthInteger & UnsignedInteger>(_ value: T) -> [UInt8] {
  (0..<MemoryLayout<T>.size).reversed().map { UInt8(truncatingIfNeeded: value >> T($0 * 8)) }
}

/// The chunks of a packet, by type.
func chunkTypes(_ packet: [UInt8]) -> [UInt8] {
  var types: [UInt8] = []
  var cursor = SpanCursor(packet.span)
  try? cursor.skip(12)
  while let chunk = try? Chunk(parsing: &cursor) { types.append(chunk.type) }
  return types
}

func chunkValue(_ type: UInt8, in packet: [UInt8]) -> [UInt8]? {
  var cursor = SpanCursor(packet.span)
  try? cursor.skip(12)
  while let chunk = try? Chunk(parsing: &cursor) { if chunk.type == type { return arrayCopy(chunk.value) } }
  return nil
}

extension Association {
  /// Takes a packet and says what leaves at once.
  mutating func answers(to packet: [UInt8], now: Instant) -> [[UInt8]] {
    self.receive(packet.span, now: now)
    var buffer = [UInt8](repeating: 0, count: 2048)
    var result: [[UInt8]] = []
    while let bytes = poll(&self, &buffer) { result.append(bytes) }
    return result
  }
}
