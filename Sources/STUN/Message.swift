import Bytes

/// The fixed value in bytes 4 to 7 of every message (RFC 8489 section 5).
public let magicCookie: UInt32 = 0x2112_a442

/// Whether a datagram is STUN, told from its first byte and the magic cookie (RFC 7983, RFC 8489 section 6.3).
public func isSTUN(_ datagram: Span<UInt8>) -> Bool {
  datagram.count >= Message.headerSize && datagram[0] < 4 && datagram[4] == 0x21 && datagram[5] == 0x12
    && datagram[6] == 0xa4 && datagram[7] == 0x42
}

/// A message whose frame was checked (length, cookie, and every attribute within bounds), borrowed from its datagram.
public struct Message: ~Escapable {
  public static let headerSize = 20

  /// The whole message, header included.
  public let bytes: Span<UInt8>
  public let type: MessageType
  public let transactionID: TransactionID

  /// Refuses anything but exactly one well-formed message: trailing bytes, a length that is no multiple of four
  /// and an attribute that reaches past the end are errors (RFC 8489 sections 5, 6.3 and 14).
  @_lifetime(copy datagram)
  public init(parsing datagram: Span<UInt8>) throws(WireError) {
    var cursor = SpanCursor(datagram)
    let type = try cursor.read(UInt16.self)
    guard type & 0xc000 == 0 else { throw .malformed }
    let length = Int(try cursor.read(UInt16.self))
    guard try cursor.read(UInt32.self) == magicCookie, length & 3 == 0 else { throw .malformed }
    let high = try cursor.read(UInt32.self)
    let low = try cursor.read(UInt64.self)
    guard cursor.remaining >= length else { throw .truncated }
    guard cursor.remaining == length else { throw .malformed }
    self.bytes = datagram
    self.type = MessageType(rawValue: type)
    self.transactionID = TransactionID(high: high, low: low)
    var attributes = Attributes(cursor)
    while try attributes.next() != nil {}
  }

  /// The attributes in order, read as the caller asks for them.
  public var attributes: Attributes {
    @_lifetime(copy self) get {
      var cursor = SpanCursor(self.bytes)
      try? cursor.skip(Self.headerSize)
      return Attributes(cursor)
    }
  }

  /// Where an attribute lies in the message.
  @frozen
  public struct Attribute: Sendable {
    public var type: AttributeType
    /// The value without its padding, as a range of `Message.bytes`.
    public var value: Range<Int>
    /// The offset of the attribute's header.
    public var start: Int { self.value.lowerBound &- 4 }
  }

  public struct Attributes: ~Escapable {
    var cursor: SpanCursor

    @_lifetime(copy cursor)
    init(_ cursor: SpanCursor) { self.cursor = cursor }

    public mutating func next() throws(WireError) -> Attribute? {
      guard !self.cursor.isAtEnd else { return nil }
      let type = try self.cursor.read(UInt16.self)
      let length = Int(try self.cursor.read(UInt16.self))
      let start = self.cursor.offset
      try self.cursor.skip(length &+ (4 &- length & 3) & 3)
      return Attribute(type: AttributeType(rawValue: type), value: start..<(start &+ length))
    }
  }
}
