import Bytes

/// The header of an RTP packet (RFC 3550 section 5.1) with what its extensions say (RFC 8285). Trivial: the payload and the
/// contributing sources stay in the packet.
@frozen
public struct PacketHeader: Equatable, Sendable {
  /// 0 to 127.
  public var payloadType: UInt8
  public var marker: Bool
  public var sequenceNumber: UInt16
  public var timestamp: UInt32
  public var ssrc: UInt32
  public var contributingSources: UInt8 = 0
  public var extensions = ExtensionValues()
  /// The payload in its packet, padding left out.
  public var payloadOffset = 0
  public var payloadCount = 0
  /// Bytes of padding behind the payload.
  public var paddingCount: UInt8 = 0

  /// The fixed part (RFC 3550 section 5.1).
  public static let fixedSize = 12

  public init(
    payloadType: UInt8, marker: Bool = false, sequenceNumber: UInt16 = 0, timestamp: UInt32 = 0, ssrc: UInt32 = 0
  ) {
    self.payloadType = payloadType
    self.marker = marker
    self.sequenceNumber = sequenceNumber
    self.timestamp = timestamp
    self.ssrc = ssrc
  }

  /// Reads the header of a whole decrypted packet. Extensions that `map` does not know are passed over (RFC 8285 section 4.2).
  public init(parsing packet: Span<UInt8>, extensions map: HeaderExtensionMap) throws(WireError) {
    guard packet.count >= Self.fixedSize else { throw .truncated }
    guard packet.count <= Int(UInt16.max), packet[0] &>> 6 == 2 else { throw .malformed }
    self.payloadType = packet[1] & 0x7F
    self.marker = packet[1] & 0x80 != 0
    self.sequenceNumber = UInt16(packet[2]) &<< 8 | UInt16(packet[3])
    self.timestamp = load32(packet, at: 4)
    self.ssrc = load32(packet, at: 8)
    self.contributingSources = packet[0] & 0x0F
    var offset = Self.fixedSize &+ Int(self.contributingSources) &* 4
    guard packet.count >= offset else { throw .truncated }
    if packet[0] & 0x10 != 0 {
      guard packet.count >= offset &+ 4 else { throw .truncated }
      let profile = UInt16(packet[offset]) &<< 8 | UInt16(packet[offset &+ 1])
      let size = Int(UInt16(packet[offset &+ 2]) &<< 8 | UInt16(packet[offset &+ 3])) &* 4
      offset &+= 4
      guard packet.count &- offset >= size else { throw .truncated }
      self.extensions.read(packet, from: offset, to: offset &+ size, profile: profile, map: map)
      offset &+= size
    }
    self.payloadOffset = offset
    self.payloadCount = packet.count &- offset
    if packet[0] & 0x20 != 0 {
      // RFC 3550 section 5.1: the last byte counts the padding, itself included.
      let padding = packet[packet.count &- 1]
      guard padding > 0, Int(padding) <= self.payloadCount else { throw .malformed }
      self.paddingCount = padding
      self.payloadCount &-= Int(padding)
    }
  }

  /// The payload, padding left out; `packet` is the one that the header was read from.
  @inlinable @_lifetime(copy packet)
  public func payload(of packet: Span<UInt8>) -> Span<UInt8> {
    let start = min(max(self.payloadOffset, 0), packet.count)
    let end = min(max(start &+ self.payloadCount, start), packet.count)
    return packet.extracting(start..<end)
  }
}

@inline(__always)
func load32(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
  UInt32(bytes[offset]) &<< 24 | UInt32(bytes[offset &+ 1]) &<< 16 | UInt32(bytes[offset &+ 2]) &<< 8
    | UInt32(bytes[offset &+ 3])
}

@inline(__always)
func load64(_ bytes: Span<UInt8>, at offset: Int) -> UInt64 {
  UInt64(load32(bytes, at: offset)) &<< 32 | UInt64(load32(bytes, at: offset &+ 4))
}
