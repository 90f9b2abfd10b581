import Bytes
import STUN

/// Who decides which pair is used (RFC 8445 section 4).
public enum Role: UInt8, Sendable {
  case controlling, controlled
}

/// An address at which a peer may be reached, and how it was found (RFC 8445 section 5.1.1).
public struct Candidate: Hashable, Sendable {
  public enum Kind: UInt8, Sendable {
    case host, serverReflexive, peerReflexive, relayed

    /// The recommended type preference (RFC 8445 section 5.1.2.2).
    public var preference: UInt32 {
      switch self {
      case .host: 126
      case .peerReflexive: 110
      case .serverReflexive: 100
      case .relayed: 0
      }
    }
  }

  public var kind: Kind
  /// 1...256; the agent uses component 1 alone (rtcp-mux).
  public var component: UInt16
  public var foundation: Foundation
  /// 1...2^31-1.
  public var priority: UInt32
  public var address: TransportAddress
  /// What packets are sent from: of a reflexive candidate the host address behind it, else the address itself.
  public var base: TransportAddress
  /// For diagnostics only (RFC 8839 section 5.1, rel-addr and rel-port).
  public var relatedAddress: TransportAddress?

  public init(
    kind: Kind, component: UInt16 = 1, foundation: Foundation, priority: UInt32, address: TransportAddress,
    base: TransportAddress, relatedAddress: TransportAddress? = nil
  ) {
    self.kind = kind
    self.component = component
    self.foundation = foundation
    self.priority = priority
    self.address = address
    self.base = base
    self.relatedAddress = relatedAddress
  }

  /// RFC 8445 section 5.1.2.1.
  public static func priority(kind: Kind, localPreference: UInt16, component: UInt16 = 1) -> UInt32 {
    kind.preference &<< 24 | UInt32(localPreference) &<< 8 | (256 &- UInt32(min(component, 256)))
  }
}

/// 1 to 32 characters that are equal for candidates of the same kind, base address and server (RFC 8445 section 5.1.1.3).
public struct Foundation: Hashable, Sendable {
  private var a: UInt64 = 0
  private var b: UInt64 = 0
  private var c: UInt64 = 0
  private var d: UInt64 = 0
  public private(set) var count: UInt8 = 0

  /// Nil unless `text` is 1...32 `ice-char`s (RFC 8839 section 5.1).
  public init?(text: Span<UInt8>) {
    guard text.count >= 1, text.count <= 32 else { return nil }
    for i in text.indices {
      guard isICECharacter(text[i]) else { return nil }
      self.append(text[i])
    }
  }

  /// The number in decimal.
  public init(_ number: UInt32) {
    var divisor: UInt32 = 1_000_000_000
    while divisor > 1, number < divisor { divisor /= 10 }
    while divisor > 0 {
      self.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number / divisor % 10))
      divisor /= 10
    }
  }

  public subscript(index: Int) -> UInt8 {
    let word = index < 8 ? self.a : index < 16 ? self.b : index < 24 ? self.c : self.d
    return UInt8(truncatingIfNeeded: word &>> UInt64((index & 7) &* 8))
  }

  public func write(into writer: inout SpanWriter) {
    for i in 0..<Int(self.count) { writer.write(self[i]) }
  }

  /// A short stand-in, for comparing foundations of pairs: a clash only delays a check.
  var digest: UInt32 {
    let word = self.a ^ self.b &* 3 ^ self.c &* 5 ^ self.d &* 7
    return UInt32(truncatingIfNeeded: word ^ word &>> 32)
  }

  private mutating func append(_ byte: UInt8) {
    let value = UInt64(byte) &<< UInt64((self.count & 7) &* 8)
    switch self.count &>> 3 {
    case 0: self.a |= value
    case 1: self.b |= value
    case 2: self.c |= value
    default: self.d |= value
    }
    self.count &+= 1
  }
}

/// `ice-char`: a letter, a digit, `+` or `/` (RFC 8839 section 5.1).
func isICECharacter(_ byte: UInt8) -> Bool {
  let lower = byte | 0x20
  return (lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z"))
    || (byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")) || byte == UInt8(ascii: "+")
    || byte == UInt8(ascii: "/")
}
