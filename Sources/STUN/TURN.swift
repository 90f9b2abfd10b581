import Bytes

/// The methods of TURN (RFC 8656 section 17).
extension MessageType {
  public static let allocateMethod: UInt16 = 3
  public static let refreshMethod: UInt16 = 4
  public static let sendMethod: UInt16 = 6
  public static let dataMethod: UInt16 = 7
  public static let createPermissionMethod: UInt16 = 8
  public static let channelBindMethod: UInt16 = 9
}

/// The attributes of TURN (RFC 8656 section 18).
extension AttributeType {
  public static let channelNumber = AttributeType(rawValue: 0x000c)
  public static let lifetime = AttributeType(rawValue: 0x000d)
  public static let xorPeerAddress = AttributeType(rawValue: 0x0012)
  public static let data = AttributeType(rawValue: 0x0013)
  public static let xorRelayedAddress = AttributeType(rawValue: 0x0016)
  public static let requestedAddressFamily = AttributeType(rawValue: 0x0017)
  public static let evenPort = AttributeType(rawValue: 0x0018)
  public static let requestedTransport = AttributeType(rawValue: 0x0019)
  public static let dontFragment = AttributeType(rawValue: 0x001a)
  public static let reservationToken = AttributeType(rawValue: 0x0022)
  public static let additionalAddressFamily = AttributeType(rawValue: 0x8000)
  public static let addressErrorCode = AttributeType(rawValue: 0x8001)
}

/// The header of data on a channel (RFC 8656 section 12.4).
public struct ChannelData: Equatable, Sendable {
  public static let headerSize = 4
  public static let numbers: ClosedRange<UInt16> = 0x4000...0x4fff

  public var number: UInt16
  /// Where the data lie in the datagram; what follows is padding.
  public var data: Range<Int>

  /// Refuses numbers that are no channel's, and lengths past the datagram's end (RFC 8656 section 12.6).
  public init(parsing datagram: Span<UInt8>) throws(WireError) {
    var cursor = SpanCursor(datagram)
    self.number = try cursor.read(UInt16.self)
    let length = Int(try cursor.read(UInt16.self))
    guard Self.numbers.contains(self.number) else { throw .malformed }
    guard cursor.remaining >= length else { throw .truncated }
    self.data = Self.headerSize..<(Self.headerSize &+ length)
  }
}

extension SpanWriter {
  /// At most 65,535 bytes of data.
  public mutating func writeChannelData(_ number: UInt16, _ data: Span<UInt8>) {
    self.write(number)
    self.write(UInt16(truncatingIfNeeded: data.count))
    self.write(data)
  }
}

/// What a message of TURN says, gathered in one pass. Trivial: ranges point into the message's bytes.
public struct TURNFields: Sendable {
  public static let maximumPeers = 8

  public var username: Range<Int>?
  public var realm: Range<Int>?
  public var nonce: Range<Int>?
  /// Seconds.
  public var lifetime: UInt32?
  public var channelNumber: UInt16?
  /// From XOR-PEER-ADDRESS, of which CreatePermission may have several.
  public var peers = InlineArray<8, TransportAddress>(repeating: TransportAddress(ip: .anyV6, port: 0))
  public var peerCount = 0
  /// From XOR-RELAYED-ADDRESS, of which a dual allocation has two; the first.
  public var relayedAddress: TransportAddress?
  public var secondRelayedAddress: TransportAddress?
  public var mappedAddress: TransportAddress?
  public var data: Range<Int>?
  /// 1: IPv4, 2: IPv6.
  public var addressFamily: UInt8?
  public var additionalAddressFamily: UInt8?
  /// Its R bit: whether the next port is to be kept.
  public var evenPort: Bool?
  /// An IP protocol number: 17 is UDP.
  public var transport: UInt8?
  public var hasReservationToken = false
  public var errorCode: UInt16?
  public var integrity: Int?
  public var fingerprint: Int?
  public var unknown = UnknownAttributes()

  public init() {}
}

extension Message {
  /// Reads the attributes that TURN knows, by the rules of `fields()`.
  public func turnFields() throws(WireError) -> TURNFields {
    var fields = TURNFields()
    var attributes = self.attributes
    while let attribute = try attributes.next() {
      guard fields.fingerprint == nil else { throw .malformed }
      if attribute.type == .fingerprint {
        guard attribute.value.count == 4 else { throw .malformed }
        fields.fingerprint = attribute.start
        continue
      }
      guard fields.integrity == nil else { continue }
      if attribute.type == .messageIntegrity {
        guard attribute.value.count == 20 else { throw .malformed }
        fields.integrity = attribute.start
        continue
      }
      try self.read(attribute, into: &fields)
    }
    return fields
  }

  private func read(_ attribute: Attribute, into fields: inout TURNFields) throws(WireError) {
    let value = attribute.value
    switch attribute.type {
    case .username where fields.username == nil:
      guard value.count <= 513 else { throw .malformed }
      fields.username = value
    case .realm where fields.realm == nil: fields.realm = value
    case .nonce where fields.nonce == nil: fields.nonce = value
    case .lifetime where fields.lifetime == nil:
      fields.lifetime = UInt32(truncatingIfNeeded: try self.number(value, size: 4))
    case .channelNumber where fields.channelNumber == nil:
      fields.channelNumber = UInt16(truncatingIfNeeded: try self.number(value, size: 4) &>> 16)
    case .xorPeerAddress:
      guard fields.peerCount < TURNFields.maximumPeers else { throw .malformed }
      fields.peers[fields.peerCount] = try self.address(value, isXored: true)
      fields.peerCount &+= 1
    case .xorRelayedAddress:
      let address = try self.address(value, isXored: true)
      if fields.relayedAddress == nil { fields.relayedAddress = address } else { fields.secondRelayedAddress = address }
    case .xorMappedAddress where fields.mappedAddress == nil:
      fields.mappedAddress = try self.address(value, isXored: true)
    case .data where fields.data == nil: fields.data = value
    case .requestedAddressFamily where fields.addressFamily == nil:
      fields.addressFamily = UInt8(truncatingIfNeeded: try self.number(value, size: 4) &>> 24)
    case .additionalAddressFamily where fields.additionalAddressFamily == nil:
      fields.additionalAddressFamily = UInt8(truncatingIfNeeded: try self.number(value, size: 4) &>> 24)
    case .evenPort where fields.evenPort == nil:
      fields.evenPort = try self.number(value, size: 1) & 0x80 != 0
    case .requestedTransport where fields.transport == nil:
      fields.transport = UInt8(truncatingIfNeeded: try self.number(value, size: 4) &>> 24)
    case .reservationToken:
      guard value.count == 8 else { throw .malformed }
      fields.hasReservationToken = true
    case .errorCode where fields.errorCode == nil: fields.errorCode = try self.errorCode(value)
    case .username, .realm, .nonce, .lifetime, .channelNumber, .xorMappedAddress, .data, .requestedAddressFamily, .evenPort,
      .requestedTransport, .errorCode, .dontFragment, .unknownAttributes, .mappedAddress:
      break
    default:
      if attribute.type.isComprehensionRequired { fields.unknown.append(attribute.type) }
    }
  }
}
