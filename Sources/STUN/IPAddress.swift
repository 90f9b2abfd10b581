/// An IPv4 or IPv6 address in 16 bytes.
///
/// IPv4 is held in its IPv4-mapped form (RFC 4291 section 2.5.5.2), so `::ffff:192.0.2.1` and `192.0.2.1` are one
/// address: what a dual-stack socket reports compares equal to what a candidate says.
@frozen
public struct IPAddress: Hashable, Sendable {
  public var high: UInt64
  public var low: UInt64

  static let mappedPrefix: UInt64 = 0xffff

  /// From the two halves of the 16-byte form, in host order.
  @inlinable public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The IPv4 address `a.b.c.d`.
  public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    self.init(v4: UInt32(a) &<< 24 | UInt32(b) &<< 16 | UInt32(c) &<< 8 | UInt32(d))
  }

  /// An IPv4 address given as a number in host order.
  public init(v4 value: UInt32) {
    self.high = 0
    self.low = Self.mappedPrefix &<< 32 | UInt64(value)
  }

  /// From 4 or 16 bytes in network order; nil for any other count.
  public init?(bytes: Span<UInt8>) {
    switch bytes.count {
    case 4: self.init(bytes[0], bytes[1], bytes[2], bytes[3])
    case 16:
      var high: UInt64 = 0
      var low: UInt64 = 0
      for i in 0..<8 {
        high = high &<< 8 | UInt64(bytes[i])
        low = low &<< 8 | UInt64(bytes[i &+ 8])
      }
      self.init(high: high, low: low)
    default: return nil
    }
  }

  /// The unspecified IPv6 address `::`.
  public static let anyV6 = IPAddress(high: 0, low: 0)
  /// The unspecified IPv4 address `0.0.0.0`.
  public static let anyV4 = IPAddress(v4: 0)

  public var isV4: Bool { self.high == 0 && self.low &>> 32 == Self.mappedPrefix }
  public var isV6: Bool { !self.isV4 }

  /// The IPv4 address as a number in host order; meaningless for IPv6.
  public var v4: UInt32 { UInt32(truncatingIfNeeded: self.low) }

  /// Byte `index` (0...15) of the 16-byte form; an IPv4 address has its four in 12...15.
  public subscript(index: Int) -> UInt8 {
    let word = index < 8 ? self.high : self.low
    return UInt8(truncatingIfNeeded: word &>> UInt64((7 &- index & 7) &* 8))
  }

  /// `127.0.0.0/8` or `::1`.
  public var isLoopback: Bool { self.isV4 ? self.v4 &>> 24 == 127 : self.high == 0 && self.low == 1 }

  /// `169.254.0.0/16` (RFC 3927) or `fe80::/10` (RFC 4291).
  public var isLinkLocal: Bool { self.isV4 ? self.v4 &>> 16 == 0xa9fe : self.high &>> 54 == 0xfe80 &>> 6 }

  /// The unspecified address of either family.
  public var isAny: Bool { self.isV4 ? self.v4 == 0 : self.high == 0 && self.low == 0 }

  /// `224.0.0.0/4` or `ff00::/8`.
  public var isMulticast: Bool { self.isV4 ? self.v4 &>> 28 == 14 : self.high &>> 56 == 0xff }
}

/// An IP address and a UDP port.
@frozen
public struct TransportAddress: Hashable, Sendable {
  public var ip: IPAddress
  public var port: UInt16

  @inlinable public init(ip: IPAddress, port: UInt16) {
    self.ip = ip
    self.port = port
  }
}
