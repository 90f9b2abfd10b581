/// Writes big-endian fields into memory that the caller owns.
///
/// Running out of room sets `overflowed` and stops writing, so a serialiser checks once, at its end.
@frozen
public struct SpanWriter: ~Copyable, ~Escapable {
  @usableFromInline var bytes: MutableSpan<UInt8>
  @usableFromInline var written: Int
  @usableFromInline var didOverflow: Bool

  /// Starts writing at `offset`, leaving room for a header that is filled in later.
  @inlinable @inline(__always) @_lifetime(copy bytes)
  public init(_ bytes: consuming MutableSpan<UInt8>, at offset: Int = 0) {
    self.bytes = bytes
    self.written = offset
    self.didOverflow = false
  }

  /// Bytes written so far, those before the start offset included.
  @inlinable public var count: Int { @inline(__always) get { self.written } }
  /// Whether something did not fit. What was written before it stays.
  @inlinable public var overflowed: Bool { @inline(__always) get { self.didOverflow } }
  @inlinable public var capacity: Int { @inline(__always) get { self.bytes.count } }
  @inlinable public var remaining: Int { @inline(__always) get { self.bytes.count &- self.count } }

  @inlinable @inline(__always)
  mutating func fits(_ size: Int) -> Bool {
    guard !self.overflowed, self.bytes.count &- self.count >= size else {
      self.didOverflow = true
      return false
    }
    return true
  }

  #if hasFeature(Embedded)
  @inline(never)
  #else
  @inline(__always)
  #endif
  @inlinable
  public mutating func write<T: FixedWidthInteger & UnsignedInteger>(_ value: T) {
    guard self.fits(MemoryLayout<T>.size) else { return }
    self.store(value, at: self.count)
    self.written &+= MemoryLayout<T>.size
  }

  /// Writes the low 24 bits, as TLS wants them.
  #if hasFeature(Embedded)
  @inline(never)
  #else
  @inline(__always)
  #endif
  @inlinable
  public mutating func write24(_ value: UInt32) {
    guard self.fits(3) else { return }
    self.store24(value, at: self.count)
    self.written &+= 3
  }

  #if hasFeature(Embedded)
  @inline(never)
  #else
  @inline(__always)
  #endif
  @inlinable
  public mutating func write(_ source: Span<UInt8>) {
    guard self.fits(source.count) else { return }
    copyBytes(from: source, to: &self.bytes, at: self.count)
    self.written &+= source.count
  }

  @inlinable
  public mutating func write(_ source: [UInt8]) { self.write(source.span) }

  @inlinable
  public mutating func write(_ source: StaticString) {
    guard self.fits(source.utf8CodeUnitCount) else { return }
    var i = 0
    while i < source.utf8CodeUnitCount {
      self.bytes[self.count &+ i] = unsafe source.utf8Start[i]
      i &+= 1
    }
    self.written &+= source.utf8CodeUnitCount
  }

  @inlinable
  public mutating func writeZeros(_ count: Int) {
    guard self.fits(count) else { return }
    var i = 0
    while i < count {
      self.bytes[self.count &+ i] = 0
      i &+= 1
    }
    self.written &+= count
  }

  /// Leaves `count` bytes as they are, to be filled by `mutableBytes(in:)` or `patch`.
  #if hasFeature(Embedded)
  @inline(never)
  #else
  @inline(__always)
  #endif
  @inlinable
  public mutating func skip(_ count: Int) {
    guard self.fits(count) else { return }
    self.written &+= count
  }

  /// Forgets what was written from `count` on, an overflow included.
  @inlinable @inline(__always)
  public mutating func rewind(to count: Int) {
    self.written = min(count, self.bytes.count)
    self.didOverflow = false
  }

  /// Overwrites a field written earlier, such as a length that is known only at the end.
  #if hasFeature(Embedded)
  @inline(never)
  #else
  @inline(__always)
  #endif
  @inlinable
  public mutating func patch<T: FixedWidthInteger & UnsignedInteger>(_ value: T, at offset: Int) {
    guard !self.overflowed, offset >= 0, offset &+ MemoryLayout<T>.size <= self.count else { return }
    self.store(value, at: offset)
  }

  #if hasFeature(Embedded)
  @inline(never)
  #else
  @inline(__always)
  #endif
  @inlinable
  public mutating func patch24(_ value: UInt32, at offset: Int) {
    guard !self.overflowed, offset >= 0, offset &+ 3 <= self.count else { return }
    self.store24(value, at: offset)
  }

  /// What lies in `range` of the buffer, to read.
  #if hasFeature(Embedded)
  @inline(never)
  #else
  @inline(__always)
  #endif
  @inlinable @_lifetime(borrow self)
  public func bytes(in range: Range<Int>) -> Span<UInt8> { self.bytes.span.extracting(range) }

  /// What lies in `range` of the buffer, to change in place (encryption, for one). The range may reach past `count`.
  #if hasFeature(Embedded)
  @inline(never)
  #else
  @inline(__always)
  #endif
  @inlinable @_lifetime(&self)
  public mutating func mutableBytes(in range: Range<Int>) -> MutableSpan<UInt8> {
    self.bytes._mutatingExtracting(range)
  }

  @inlinable @inline(__always)
  mutating func store<T: FixedWidthInteger & UnsignedInteger>(_ value: T, at offset: Int) {
    let size = MemoryLayout<T>.size
    var i = 0
    while i < size {
      self.bytes[offset &+ i] = UInt8(truncatingIfNeeded: value &>> T(truncatingIfNeeded: (size &- 1 &- i) &* 8))
      i &+= 1
    }
  }

  @inlinable @inline(__always)
  mutating func store24(_ value: UInt32, at offset: Int) {
    self.bytes[offset] = UInt8(truncatingIfNeeded: value &>> 16)
    self.bytes[offset &+ 1] = UInt8(truncatingIfNeeded: value &>> 8)
    self.bytes[offset &+ 2] = UInt8(truncatingIfNeeded: value)
  }
}

/// Copies all of `source` into `destination` from `offset` on; traps where it does not fit.
@inlinable @inline(__always)
public func copyBytes(from source: Span<UInt8>, to destination: inout MutableSpan<UInt8>, at offset: Int) {
  guard source.count > 0 else { return }
  precondition(offset >= 0 && source.count <= destination.count &- offset)
  unsafe destination.withUnsafeMutableBufferPointer { target in
    unsafe source.withUnsafeBufferPointer { bytes in
      unsafe (target.baseAddress! + offset).update(from: bytes.baseAddress!, count: bytes.count)
    }
  }
}

/// A copy of the span's bytes on the heap: for tests, tools and set-up, not for a per-packet path.
@inlinable
public func arrayCopy(_ bytes: Span<UInt8>) -> [UInt8] {
  unsafe bytes.withUnsafeBufferPointer { unsafe [UInt8]($0) }
}

/// Whether two spans hold the same bytes. Not constant in time: never for secrets or tags.
@inlinable
public func bytesEqual(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
  guard a.count == b.count else { return false }
  var i = 0
  while i < a.count {
    if a[i] != b[i] { return false }
    i &+= 1
  }
  return true
}
