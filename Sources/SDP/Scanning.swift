import Bytes

extension Span<UInt8> {
  static var space: UInt8 { 0x20 }
  static var colon: UInt8 { 0x3a }

  /// Takes the next run of non-spaces off the front of `rest`; nil at its end. Runs of several spaces separate
  /// as one does: descriptions are edited by hand and by careless programs.
  @inline(never)
  func nextToken(of rest: inout Range<Int>) -> Range<Int>? {
    var start = rest.lowerBound
    while start < rest.upperBound, self[start] == Self.space { start &+= 1 }
    var end = start
    while end < rest.upperBound, self[end] != Self.space { end &+= 1 }
    rest = end..<rest.upperBound
    return start == end ? nil : start..<end
  }

  @inline(never)
  func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
    var i = range.lowerBound
    while i < range.upperBound {
      if self[i] == byte { return i }
      i &+= 1
    }
    return nil
  }

  @inline(never)
  func trimmingSpaces(_ range: Range<Int>) -> Range<Int> {
    var start = range.lowerBound
    var end = range.upperBound
    while start < end, self[start] == Self.space { start &+= 1 }
    while start < end, self[end &- 1] == Self.space { end &-= 1 }
    return start..<end
  }

  @inline(never)
  func equal(_ a: Range<Int>, _ b: Range<Int>) -> Bool {
    bytesEqual(self.extracting(a), self.extracting(b))
  }

  @inline(never)
  func matches(_ text: StaticString, in range: Range<Int>) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    var i = 0
    while i < range.count {
      guard unsafe self[range.lowerBound &+ i] == text.utf8Start[i] else { return false }
      i &+= 1
    }
    return true
  }

  /// `text` must be in lower case.
  @inline(never)
  func matchesIgnoringCase(_ text: StaticString, in range: Range<Int>) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    var i = 0
    while i < range.count {
      guard unsafe self[range.lowerBound &+ i].lowercasedASCII == text.utf8Start[i] else { return false }
      i &+= 1
    }
    return true
  }

  /// A decimal number; one too large for 64 bits reads as the largest. Nil where anything is not a digit.
  @inline(never)
  func decimal(in range: Range<Int>) -> UInt64? {
    guard !range.isEmpty else { return nil }
    var value: UInt64 = 0
    var i = range.lowerBound
    while i < range.upperBound {
      let digit = self[i] &- 0x30
      guard digit <= 9 else { return nil }
      let (tens, overflowed) = value.multipliedReportingOverflow(by: 10)
      let (sum, carried) = tens.addingReportingOverflow(UInt64(digit))
      value = overflowed || carried ? .max : sum
      i &+= 1
    }
    return value
  }

  func port(in range: Range<Int>) -> UInt16? {
    guard let value = self.decimal(in: range) else { return nil }
    return UInt16(exactly: value)
  }

  @inline(never)
  func allSatisfy(in range: Range<Int>, _ accepts: (UInt8) -> Bool) -> Bool {
    var i = range.lowerBound
    while i < range.upperBound {
      guard accepts(self[i]) else { return false }
      i &+= 1
    }
    return true
  }
}

extension UInt8 {
  var lowercasedASCII: UInt8 { self >= 0x41 && self <= 0x5a ? self &+ 0x20 : self }

  var isAlphanumeric: Bool {
    let lower = self.lowercasedASCII
    return lower >= 0x61 && lower <= 0x7a || self >= 0x30 && self <= 0x39
  }

  /// RFC 8839 section 5.1 allows letters, digits, '+' and '/'. Old stacks also drew from base64url, with padding.
  var isICECharacter: Bool {
    switch self {
    case 0x2b, 0x2f, 0x2d, 0x5f, 0x3d, 0x23: true
    default: self.isAlphanumeric
    }
  }

  /// RFC 8842 section 4.
  var isTLSIDCharacter: Bool {
    switch self {
    case 0x2b, 0x2f, 0x2d, 0x5f: true
    default: self.isAlphanumeric
    }
  }

  /// RFC 8866 section 9, token-char.
  var isTokenCharacter: Bool {
    switch self {
    case 0x21, 0x23...0x27, 0x2a...0x2b, 0x2d...0x2e, 0x30...0x39, 0x41...0x5a, 0x5e...0x7e: true
    default: false
    }
  }

  var hexadecimalValue: UInt8? {
    switch self {
    case 0x30...0x39: self &- 0x30
    case 0x41...0x46: self &- 0x37
    case 0x61...0x66: self &- 0x57
    default: nil
    }
  }
}
