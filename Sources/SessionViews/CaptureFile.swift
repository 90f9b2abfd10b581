import Time

/// Writes the blocks of a pcapng file (draft-ietf-opsawg-pcapng), little-endian.
struct CaptureFile {
  enum LinkType: UInt16 {
    /// IPv4 or IPv6, which its first bits tell.
    case raw = 101
    /// LINKTYPE_WIRESHARK_UPPER_PDU.
    case upperPDU = 252
  }

  private(set) var bytes: [UInt8] = []
  private var interfaces: UInt32 = 0

  /// The Section Header Block: of a length that is not told.
  mutating func section() {
    var body: [UInt8] = []
    body.append(little: 0x1A2B_3C4D as UInt32)
    body.append(little: 1 as UInt16)
    body.append(little: 0 as UInt16)
    body.append(little: UInt64.max)
    body.append(option: 4, Array("swift-rtc peer replay".utf8))
    body.append(option: 0, [])
    self.block(0x0A0D_0D0A, body)
  }

  /// A Decryption Secrets Block with lines of a TLS key log.
  mutating func decryptionSecrets(_ keyLog: String) {
    let lines = Array(keyLog.utf8)
    var body: [UInt8] = []
    body.append(little: 0x544C_534B as UInt32)
    body.append(little: UInt32(lines.count))
    body.append(padded: lines)
    self.block(0x0000_000A, body)
  }

  /// An Interface Description Block; gives its number.
  mutating func interface(_ link: LinkType, name: String, _ description: String) -> UInt32 {
    var body: [UInt8] = []
    body.append(little: link.rawValue)
    body.append(little: 0 as UInt16)
    body.append(little: 0 as UInt32)
    body.append(option: 2, Array(name.utf8.prefix(1000)))
    body.append(option: 3, Array(description.utf8.prefix(1000)))
    body.append(option: 9, [9])  // times are in nanoseconds
    body.append(option: 0, [])
    self.block(0x0000_0001, body)
    self.interfaces += 1
    return self.interfaces - 1
  }

  /// An Enhanced Packet Block.
  mutating func packet(_ packet: CapturedPacket) {
    var body: [UInt8] = []
    body.append(little: packet.interface)
    body.append(little: UInt32(truncatingIfNeeded: packet.time.nanoseconds >> 32))
    body.append(little: UInt32(truncatingIfNeeded: packet.time.nanoseconds))
    body.append(little: UInt32(packet.bytes.count))
    body.append(little: UInt32(packet.bytes.count))
    body.append(padded: packet.bytes)
    body.append(option: 2, packet.direction == .incoming ? [1, 0, 0, 0] : [2, 0, 0, 0])
    body.append(option: 0, [])
    self.block(0x0000_0006, body)
  }

  private mutating func block(_ type: UInt32, _ body: [UInt8]) {
    self.bytes.append(little: type)
    self.bytes.append(little: UInt32(body.count + 12))
    self.bytes += body
    self.bytes.append(little: UInt32(body.count + 12))
  }
}

extension [UInt8] {
  fileprivate mutating func append<T: FixedWidthInteger>(little value: T) {
    for i in 0..<T.bitWidth / 8 { self.append(UInt8(truncatingIfNeeded: value >> T(8 * i))) }
  }

  fileprivate mutating func append(padded bytes: [UInt8]) {
    self += bytes
    self += [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
  }

  fileprivate mutating func append(option code: UInt16, _ value: [UInt8]) {
    self.append(little: code)
    self.append(little: UInt16(value.count))
    self.append(padded: value)
  }
}
