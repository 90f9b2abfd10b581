import Bytes

extension SpanWriter {
  @_lifetime(self: copy self)
  mutating func endLine() {
    self.write(UInt8(0x0d))
    self.write(UInt8(0x0a))
  }

  @_lifetime(self: copy self)
  mutating func writeLine(_ name: StaticString, _ value: Span<UInt8>) {
    self.write(name)
    self.write(value)
    self.endLine()
  }

  @_lifetime(self: copy self)
  mutating func writeLine(_ text: StaticString) {
    self.write(text)
    self.endLine()
  }

  @_lifetime(self: copy self)
  mutating func writeLine(_ name: StaticString, decimal value: UInt64) {
    self.write(name)
    self.writeDecimal(value)
    self.endLine()
  }

  @_lifetime(self: copy self)
  mutating func writeDecimal(_ value: UInt64) {
    var divisor: UInt64 = 1
    while value / divisor >= 10 { divisor &*= 10 }
    while divisor > 0 {
      self.write(0x30 &+ UInt8(truncatingIfNeeded: value / divisor % 10))
      divisor /= 10
    }
  }
}
