import Bytes

/// What a Binding message says, gathered in one pass. Trivial: ranges point into the message's bytes.
public struct MessageFields: Sendable {
  public var username: Range<Int>?
  public var software: Range<Int>?
  public var priority: UInt32?
  public var useCandidate = false
  /// The peer's tie-breaker, where it says that it controls.
  public var iceControlling: UInt64?
  /// The peer's tie-breaker, where it says that it is controlled.
  public var iceControlled: UInt64?
  /// From XOR-MAPPED-ADDRESS, or from MAPPED-ADDRESS where only that is there.
  public var mappedAddress: TransportAddress?
  /// 300...699.
  public var errorCode: UInt16?
  /// The offset of MESSAGE-INTEGRITY's header.
  public var integrity: Int?
  /// The offset of FINGERPRINT's header.
  public var fingerprint: Int?
  /// The first comprehension-required attributes that are not known, for a 420 response.
  public var unknown = UnknownAttributes()

  public init() {}
}

/// Up to eight attribute types; more are not worth reporting.
public struct UnknownAttributes: Sendable {
  var types = InlineArray<8, UInt16>(repeating: 0)
  public private(set) var count = 0

  public init() {}

  public var isEmpty: Bool { self.count == 0 }

  public subscript(index: Int) -> AttributeType { AttributeType(rawValue: self.types[index]) }

  mutating func append(_ type: AttributeType) {
    guard self.count < 8 else { return }
    self.types[self.count] = type.rawValue
    self.count &+= 1
  }
}

extension Message {
  /// Reads the attributes that a Binding exchange knows. The first of equal attributes counts; those after
  /// MESSAGE-INTEGRITY are ignored but for FINGERPRINT, which must be last (RFC 8489 sections 14, 14.5 and 14.7).
  public func fields() throws(WireError) -> MessageFields {
    var fields = MessageFields()
    var hasXorMapped = false
    var attributes = self.attributes
    while let attribute = try attributes.next() {
      guard fields.fingerprint == nil else { throw .malformed }
      if attribute.type == .fingerprint {
        guard attribute.value.count == 4 else { throw .malformed }
        fields.fingerprint = attribute.start
        continue
      }
      guard fields.integrity == nil else { continue }
      switch attribute.type {
      case .username where fields.username == nil:
        guard attribute.value.count <= 513 else { throw .malformed }  // RFC 8489 section 14.3
        fields.username = attribute.value
      case .software where fields.software == nil:
        fields.software = attribute.value
      case .priority where fields.priority == nil:
        fields.priority = UInt32(truncatingIfNeeded: try self.number(attribute.value, size: 4))
      case .useCandidate:
        fields.useCandidate = true
      case .iceControlling where fields.iceControlling == nil:
        fields.iceControlling = try self.number(attribute.value, size: 8)
      case .iceControlled where fields.iceControlled == nil:
        fields.iceControlled = try self.number(attribute.value, size: 8)
      case .xorMappedAddress where !hasXorMapped:
        fields.mappedAddress = try self.address(attribute.value, isXored: true)
        hasXorMapped = true
      case .mappedAddress where fields.mappedAddress == nil:
        fields.mappedAddress = try self.address(attribute.value, isXored: false)
      case .errorCode where fields.errorCode == nil:
        fields.errorCode = try self.errorCode(attribute.value)
      case .messageIntegrity:
        guard attribute.value.count == 20 else { throw .malformed }
        fields.integrity = attribute.start
      default:
        if attribute.type.isComprehensionRequired, !attribute.type.isKnown { fields.unknown.append(attribute.type) }
      }
    }
    return fields
  }

  func number(_ range: Range<Int>, size: Int) throws(WireError) -> UInt64 {
    guard range.count == size else { throw .malformed }
    var value: UInt64 = 0
    for i in range { value = value &<< 8 | UInt64(self.bytes[i]) }
    return value
  }

  /// RFC 8489 sections 14.1 and 14.2: the port is XORed with the cookie's first half, the address with the cookie
  /// and, for IPv6, the transaction identifier.
  func address(_ range: Range<Int>, isXored: Bool) throws(WireError) -> TransportAddress {
    var cursor = SpanCursor(self.bytes.extracting(range))
    _ = try cursor.read(UInt8.self)
    let family = try cursor.read(UInt8.self)
    var port = try cursor.read(UInt16.self)
    if isXored { port ^= UInt16(truncatingIfNeeded: magicCookie &>> 16) }
    let ip: IPAddress
    switch family {
    case 1:
      let value = try cursor.read(UInt32.self)
      ip = IPAddress(v4: isXored ? value ^ magicCookie : value)
    case 2:
      let high = try cursor.read(UInt64.self)
      let low = try cursor.read(UInt64.self)
      let mask = isXored ? self.transactionID.addressMask : (high: 0, low: 0)
      ip = IPAddress(high: high ^ mask.high, low: low ^ mask.low)
    default: throw .malformed
    }
    guard cursor.isAtEnd else { throw .malformed }
    return TransportAddress(ip: ip, port: port)
  }

  /// RFC 8489 section 14.8: the class in the low three bits of byte 2, the rest of the number in byte 3.
  func errorCode(_ range: Range<Int>) throws(WireError) -> UInt16 {
    guard range.count >= 4 else { throw .malformed }
    let hundreds = UInt16(self.bytes[range.lowerBound &+ 2] & 7)
    let rest = UInt16(self.bytes[range.lowerBound &+ 3])
    guard hundreds >= 3, hundreds <= 6, rest < 100 else { throw .malformed }
    return hundreds &* 100 &+ rest
  }
}

extension TransactionID {
  /// What an IPv6 address is XORed with: the cookie followed by the identifier.
  var addressMask: (high: UInt64, low: UInt64) { (UInt64(magicCookie) &<< 32 | UInt64(self.high), self.low) }
}
