import Bytes

/// Reads DER (X.690) strictly from borrowed bytes: definite lengths in their shortest form, tag numbers below 31.
public struct DERReader: ~Escapable {
  private var cursor: SpanCursor

  @_lifetime(copy bytes)
  public init(_ bytes: Span<UInt8>) { self.cursor = SpanCursor(bytes) }

  public var isAtEnd: Bool { self.cursor.isAtEnd }
  /// How many bytes have been read.
  public var offset: Int { self.cursor.offset }

  /// The next element's tag, which is not consumed.
  public var nextTag: UInt8? { self.cursor.isAtEnd ? nil : self.cursor.bytes[self.cursor.offset] }

  /// The content of the next element, which must have this tag.
  @_lifetime(copy self)
  public mutating func read(_ tag: UInt8) throws(WireError) -> Span<UInt8> {
    guard try self.cursor.read(UInt8.self) == tag else { throw .malformed }
    let length = try self.readLength()
    return try self.cursor.readBytes(length)
  }

  /// Passes over one element of whatever tag.
  public mutating func skip() throws(WireError) {
    guard try self.cursor.read(UInt8.self) & 0x1F != 0x1F else { throw .malformed }
    let length = try self.readLength()
    try self.cursor.skip(length)
  }

  /// A non-negative INTEGER without the zero that may lead it; negative and padded ones are malformed.
  @_lifetime(copy self)
  public mutating func readUnsignedInteger() throws(WireError) -> Span<UInt8> {
    let content = try self.read(DER.integer)
    guard content.count > 0, content[0] & 0x80 == 0 else { throw .malformed }
    guard content[0] == 0, content.count > 1 else { return content }
    guard content[1] & 0x80 != 0 else { throw .malformed }
    return content.extracting(droppingFirst: 1)
  }

  /// A BIT STRING of whole bytes.
  @_lifetime(copy self)
  public mutating func readBitString() throws(WireError) -> Span<UInt8> {
    let content = try self.read(DER.bitString)
    guard content.count > 0, content[0] == 0 else { throw .malformed }
    return content.extracting(droppingFirst: 1)
  }

  public func finish() throws(WireError) {
    guard self.isAtEnd else { throw .malformed }
  }

  private mutating func readLength() throws(WireError) -> Int {
    let first = try self.cursor.read(UInt8.self)
    switch first {
    case 0..<0x80: return Int(first)
    case 0x81:
      let length = try self.cursor.read(UInt8.self)
      guard length >= 0x80 else { throw .malformed }
      return Int(length)
    case 0x82:
      let length = try self.cursor.read(UInt16.self)
      guard length >= 0x100 else { throw .malformed }
      return Int(length)
    default: throw .malformed  // indefinite, or longer than any certificate here may be
    }
  }
}
