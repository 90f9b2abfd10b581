import Bytes

extension IPAddress {
  /// Parses all of `text` as dotted IPv4 or as IPv6 (RFC 4291 section 2.2: `::` and an embedded IPv4 tail
  /// included). Zone identifiers, leading zeros in IPv4 and anything left over are refused.
  public init(text: Span<UInt8>) throws(WireError) {
    var hasColon = false
    for i in text.indices where text[i] == UInt8(ascii: ":") { hasColon = true }
    if hasColon {
      self = try Self.parseV6(text)
    } else {
      self.init(v4: try Self.parseV4(text))
    }
  }

  static func parseV4(_ text: Span<UInt8>) throws(WireError) -> UInt32 {
    var value: UInt32 = 0
    var i = 0
    for octet in 0..<4 {
      if octet > 0 {
        guard i < text.count else { throw .truncated }
        guard text[i] == UInt8(ascii: ".") else { throw .malformed }
        i &+= 1
      }
      let start = i
      var number: UInt32 = 0
      while i < text.count, let digit = decimalDigit(text[i]), i &- start < 3 {
        number = number &* 10 &+ digit
        i &+= 1
      }
      guard i > start else { throw i == text.count ? .truncated : .malformed }
      guard number <= 255, i &- start == 1 || text[start] != UInt8(ascii: "0") else { throw .malformed }
      value = value &<< 8 | number
    }
    guard i == text.count else { throw .malformed }
    return value
  }

  static func parseV6(_ text: Span<UInt8>) throws(WireError) -> IPAddress {
    var groups = InlineArray<8, UInt16>(repeating: 0)
    var count = 0
    var gap: Int?
    var i = 0
    if text.count >= 2, text[0] == UInt8(ascii: ":"), text[1] == UInt8(ascii: ":") {
      gap = 0
      i = 2
    }
    while i < text.count {
      guard count < 8 else { throw .malformed }
      let start = i
      var number: UInt32 = 0
      while i < text.count, i &- start < 4, let digit = hexDigit(text[i]) {
        number = number &<< 4 | digit
        i &+= 1
      }
      if i < text.count, text[i] == UInt8(ascii: ".") {
        guard count <= 6 else { throw .malformed }
        let tail = try Self.parseV4(text.extracting(start..<text.count))
        groups[count] = UInt16(truncatingIfNeeded: tail &>> 16)
        groups[count &+ 1] = UInt16(truncatingIfNeeded: tail)
        count &+= 2
        i = text.count
        break
      }
      guard i > start else { throw .malformed }
      groups[count] = UInt16(truncatingIfNeeded: number)
      count &+= 1
      guard i < text.count else { break }
      guard text[i] == UInt8(ascii: ":") else { throw .malformed }
      i &+= 1
      guard i < text.count else { throw .truncated }  // one colon may not end an address
      if text[i] == UInt8(ascii: ":") {
        guard gap == nil else { throw .malformed }
        gap = count
        i &+= 1
      }
    }
    if let gap {
      guard count < 8 else { throw .malformed }  // `::` stands for at least one group
      let moved = count &- gap
      for k in 0..<moved {
        groups[7 &- k] = groups[count &- 1 &- k]
      }
      for k in gap..<(8 &- moved) { groups[k] = 0 }
    } else {
      guard count == 8 else { throw .truncated }
    }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for k in 0..<4 {
      high = high &<< 16 | UInt64(groups[k])
      low = low &<< 16 | UInt64(groups[k &+ 4])
    }
    return IPAddress(high: high, low: low)
  }

  /// Writes the address as text: dotted decimals, or RFC 5952's canonical IPv6 form (lower case, the first
  /// longest run of two or more zero groups as `::`).
  public func write(into writer: inout SpanWriter) {
    if self.isV4 {
      for i in 12..<16 {
        if i > 12 { writer.write(UInt8(ascii: ".")) }
        writer.writeDecimal(UInt32(self[i]))
      }
      return
    }
    var bestStart = 8
    var bestCount = 1  // a single zero group is written out (RFC 5952 section 4.2.2)
    var start = 0
    while start < 8 {
      var end = start
      while end < 8, self.group(end) == 0 { end &+= 1 }
      if end &- start > bestCount {
        bestStart = start
        bestCount = end &- start
      }
      start = max(end, start &+ 1)
    }
    var i = 0
    while i < 8 {
      if i == bestStart {
        writer.write("::")
        i &+= bestCount
        continue
      }
      if i > 0, i != bestStart &+ bestCount || bestStart == 8 { writer.write(UInt8(ascii: ":")) }
      writer.writeHex(self.group(i))
      i &+= 1
    }
  }

  func group(_ index: Int) -> UInt16 { UInt16(self[index &* 2]) &<< 8 | UInt16(self[index &* 2 &+ 1]) }
}

@inline(__always)
func decimalDigit(_ byte: UInt8) -> UInt32? {
  byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? UInt32(byte &- UInt8(ascii: "0")) : nil
}

@inline(__always)
func hexDigit(_ byte: UInt8) -> UInt32? {
  if let digit = decimalDigit(byte) { return digit }
  let lower = byte | 0x20
  return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "f") ? UInt32(lower &- UInt8(ascii: "a")) &+ 10 : nil
}

extension SpanWriter {
  /// Writes a number in decimal digits.
  public mutating func writeDecimal(_ value: UInt32) {
    var divisor: UInt32 = 1
    while value / divisor >= 10 { divisor &*= 10 }
    while divisor > 0 {
      self.write(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value / divisor % 10))
      divisor /= 10
    }
  }

  /// Writes a number in lower-case hexadecimal without leading zeros.
  mutating func writeHex(_ value: UInt16) {
    var shift: UInt16 = 12
    while shift > 0, value &>> shift == 0 { shift &-= 4 }
    while true {
      let digit = UInt8(truncatingIfNeeded: value &>> shift & 15)
      self.write(digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "a") &+ digit &- 10)
      if shift == 0 { return }
      shift &-= 4
    }
  }
}
