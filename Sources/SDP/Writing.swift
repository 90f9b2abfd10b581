import Bytes

/// Never inlined: the writer's own functions are, always, and a description has dozens of calls.
extension SpanWriter {
  @inline(never) @_lifetime(self: copy self)
  mutating func endLine() {
    self.write(UInt8(0x0d))
    self.write(UInt8(0x0a))
  }

  @inline(never) @_lifetime(self: copy self)
  mutating func writeLine(_ name: StaticString, _ value: Span<UInt8>) {
    self.put(name)
    self.put(value)
    self.endLine()
  }

  @inline(never) @_lifetime(self: copy self)
  mutating func put(_ text: StaticString) { self.write(text) }

  @inline(never) @_lifetime(self: copy self)
  mutating func put(_ text: Span<UInt8>) { self.write(text) }

  @inline(never) @_lifetime(self: copy self)
  mutating func writeLine(_ text: StaticString) {
    self.put(text)
    self.endLine()
  }

  @inline(never) @_lifetime(self: copy self)
  mutating func writeLine(_ name: StaticString, decimal value: UInt64) {
    self.put(name)
    self.writeDecimal(value)
    self.endLine()
  }

  @inline(never) @_lifetime(self: copy self)
  mutating func writeDecimal(_ value: UInt64) {
    var divisor: UInt64 = 1
    while value / divisor >= 10 { divisor &*= 10 }
    while divisor > 0 {
      self.write(0x30 &+ UInt8(truncatingIfNeeded: value / divisor % 10))
      divisor /= 10
    }
  }
}
