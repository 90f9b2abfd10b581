/// Reads big-endian fields from borrowed bytes, front to back. Every read is bounds-checked and throws
/// `WireError.truncated` where the bytes end early; a failed read moves nothing.
@frozen
public struct SpanCursor: ~Escapable {
  public let bytes: Span<UInt8>
  @usableFromInline var position: Int

  @inlinable @inline(__always) @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>) {
    self.bytes = bytes
    self.position = 0
  }

  /// How many bytes have been read.
  @inlinable public var offset: Int { @inline(__always) get { self.position } }

  @inlinable public var remaining: Int { @inline(__always) get { self.bytes.count &- self.offset } }
  @inlinable public var isAtEnd: Bool { @inline(__always) get { self.offset == self.bytes.count } }

  @inlinable @inline(__always)
  public mutating func read<T: FixedWidthInteger & UnsignedInteger>(_: T.Type = T.self) throws(WireError) -> T {
    guard self.remaining >= MemoryLayout<T>.size else { throw .truncated }
    var value: T = 0
    var i = 0
    while i < MemoryLayout<T>.size {
      value = value &<< 8 | T(truncatingIfNeeded: self.bytes[self.offset &+ i])
      i &+= 1
    }
    self.position &+= MemoryLayout<T>.size
    return value
  }

  /// Reads a 24-bit field, as TLS has them.
  @inlinable @inline(__always)
  public mutating func read24() throws(WireError) -> UInt32 {
    guard self.remaining >= 3 else { throw .truncated }
    let value =
      UInt32(self.bytes[self.offset]) &<< 16 | UInt32(self.bytes[self.offset &+ 1]) &<< 8
      | UInt32(self.bytes[self.offset &+ 2])
    self.position &+= 3
    return value
  }

  /// The next `count` bytes, borrowed from the same owner as the cursor's own.
  @inlinable @inline(__always) @_lifetime(copy self)
  public mutating func readBytes(_ count: Int) throws(WireError) -> Span<UInt8> {
    guard count >= 0, self.remaining >= count else { throw .truncated }
    let start = self.offset
    self.position &+= count
    return self.bytes.extracting(start..<(start &+ count))
  }

  @inlinable @inline(__always)
  public mutating func skip(_ count: Int) throws(WireError) {
    guard count >= 0, self.remaining >= count else { throw .truncated }
    self.position &+= count
  }
}
