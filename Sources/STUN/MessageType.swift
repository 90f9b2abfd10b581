/// Which of the four kinds of message this is (RFC 8489 section 5).
public enum MessageClass: UInt8, Sendable {
  case request, indication, success, error
}

/// A message's class and method, which the first 14 bits interleave (RFC 8489 section 5, figure 3).
@frozen
public struct MessageType: Hashable, Sendable {
  public var rawValue: UInt16
  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

  public init(_ messageClass: MessageClass, method: UInt16) {
    let c = UInt16(messageClass.rawValue)
    self.rawValue =
      method & 0x000f | (method & 0x0070) &<< 1 | (method & 0x0f80) &<< 2 | (c & 1) &<< 4 | (c & 2) &<< 7
  }

  public static let bindingMethod: UInt16 = 1
  public static let bindingRequest = MessageType(rawValue: 0x0001)
  public static let bindingIndication = MessageType(rawValue: 0x0011)
  public static let bindingSuccess = MessageType(rawValue: 0x0101)
  public static let bindingError = MessageType(rawValue: 0x0111)

  public var messageClass: MessageClass {
    switch (self.rawValue &>> 4 & 1) | (self.rawValue &>> 7 & 2) {
    case 0: .request
    case 1: .indication
    case 2: .success
    default: .error
    }
  }

  public var method: UInt16 {
    self.rawValue & 0x000f | self.rawValue &>> 1 & 0x0070 | self.rawValue &>> 2 & 0x0f80
  }
}

/// An attribute's type; below 0x8000 a receiver must understand it (RFC 8489 section 14).
@frozen
public struct AttributeType: Hashable, Sendable {
  public var rawValue: UInt16
  @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }

  public static let mappedAddress = AttributeType(rawValue: 0x0001)
  public static let username = AttributeType(rawValue: 0x0006)
  public static let messageIntegrity = AttributeType(rawValue: 0x0008)
  public static let errorCode = AttributeType(rawValue: 0x0009)
  public static let unknownAttributes = AttributeType(rawValue: 0x000a)
  public static let realm = AttributeType(rawValue: 0x0014)
  public static let nonce = AttributeType(rawValue: 0x0015)
  public static let messageIntegritySHA256 = AttributeType(rawValue: 0x001c)
  public static let passwordAlgorithm = AttributeType(rawValue: 0x001d)
  public static let userHash = AttributeType(rawValue: 0x001e)
  public static let xorMappedAddress = AttributeType(rawValue: 0x0020)
  public static let priority = AttributeType(rawValue: 0x0024)
  public static let useCandidate = AttributeType(rawValue: 0x0025)
  public static let software = AttributeType(rawValue: 0x8022)
  public static let fingerprint = AttributeType(rawValue: 0x8028)
  public static let iceControlled = AttributeType(rawValue: 0x8029)
  public static let iceControlling = AttributeType(rawValue: 0x802a)

  @inlinable public var isComprehensionRequired: Bool { self.rawValue < 0x8000 }

  /// Whether a Binding exchange knows what to do with it, be it to ignore it.
  var isKnown: Bool {
    switch self {
    case .mappedAddress, .username, .messageIntegrity, .errorCode, .unknownAttributes, .realm, .nonce,
      .messageIntegritySHA256, .passwordAlgorithm, .userHash, .xorMappedAddress, .priority, .useCandidate:
      true
    default: false
    }
  }
}
