import Bytes
import Time

/// The user name fragment and the password of one side for one ICE session (RFC 8839 section 5.4).
public struct Credentials: Equatable, Sendable {
  public let ufrag: [UInt8]
  public let password: [UInt8]

  /// Nil unless `ufrag` is 4...256 and `password` 22...256 `ice-char`s.
  public init?(ufrag: [UInt8], password: [UInt8]) {
    guard (4...256).contains(ufrag.count), (22...256).contains(password.count) else { return nil }
    for byte in ufrag where !isICECharacter(byte) { return nil }
    for byte in password where !isICECharacter(byte) { return nil }
    self.ufrag = ufrag
    self.password = password
  }

  /// 48 random bits of name, so that requests meant for another session are told apart, and 144 of password.
  init(random: inout SeededRandom) {
    self.ufrag = Self.text(count: 8, random: &random)
    self.password = Self.text(count: 24, random: &random)
  }

  static func text(count: Int, random: inout SeededRandom) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(count)
    for _ in 0..<count {
      let value = UInt8(truncatingIfNeeded: random.nextWord() & 63)
      switch value {
      case 0..<26: text.append(UInt8(ascii: "A") &+ value)
      case 26..<52: text.append(UInt8(ascii: "a") &+ value &- 26)
      case 52..<62: text.append(UInt8(ascii: "0") &+ value &- 52)
      case 62: text.append(UInt8(ascii: "+"))
      default: text.append(UInt8(ascii: "/"))
      }
    }
    return text
  }
}
