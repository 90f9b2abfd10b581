/// Reads big-endian numbers from bytes that may end anywhere.
struct ByteReader {
  private let bytes: [UInt8]
  private(set) var offset: Int
  private let end: Int

  init(_ bytes: [UInt8], in range: Range<Int>? = nil) {
    self.bytes = bytes
    self.offset = range?.lowerBound ?? 0
    self.end = range?.upperBound ?? bytes.count
  }

  var remaining: Int { self.end - self.offset }

  /// The next `size` bytes as a number, 8 at most; nil where there are fewer.
  mutating func number(_ size: Int) -> UInt64? {
    guard self.remaining >= size else { return nil }
    var value: UInt64 = 0
    for i in 0..<size { value = value << 8 | UInt64(self.bytes[self.offset + i]) }
    self.offset += size
    return value
  }

  mutating func take(_ size: Int) -> [UInt8]? {
    guard size >= 0, self.remaining >= size else { return nil }
    defer { self.offset += size }
    return Array(self.bytes[self.offset..<self.offset + size])
  }

  mutating func rest() -> [UInt8] { self.take(self.remaining) ?? [] }
}
