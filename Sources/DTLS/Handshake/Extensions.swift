import Bytes
import Cryptography

/// Hello extensions that mean something here; all others, GREASE among them, are passed over.
enum ExtensionType: UInt16 {
  /// RFC 8422 section 5.1.1.
  case supportedGroups = 10
  /// RFC 8422 section 5.1.2.
  case ecPointFormats = 11
  /// RFC 5246 section 7.4.1.4.1.
  case signatureAlgorithms = 13
  /// RFC 5764 section 4.1.1.
  case useSRTP = 14
  /// RFC 7627 section 5.1.
  case extendedMasterSecret = 23
  /// RFC 8446 section 4.2.1.
  case supportedVersions = 43
  /// RFC 5746 section 3.2.
  case renegotiationInfo = 0xFF01
}

/// How a handshake signature was made (RFC 5246 section 7.4.1.4.1).
struct SignatureAlgorithm: Equatable {
  var hash: SignatureHash
  var usesRSA: Bool

  /// The only one that this side makes.
  static var ecdsaWithSHA256: SignatureAlgorithm { SignatureAlgorithm(hash: .sha256, usesRSA: false) }
  /// Those that it verifies, best first.
  static var verified: [SignatureAlgorithm] {
    [
      .ecdsaWithSHA256, SignatureAlgorithm(hash: .sha384, usesRSA: false),
      SignatureAlgorithm(hash: .sha512, usesRSA: false), SignatureAlgorithm(hash: .sha256, usesRSA: true),
      SignatureAlgorithm(hash: .sha384, usesRSA: true), SignatureAlgorithm(hash: .sha512, usesRSA: true),
    ]
  }

  init(hash: SignatureHash, usesRSA: Bool) {
    self.hash = hash
    self.usesRSA = usesRSA
  }

  init?(rawValue: UInt16) {
    switch rawValue {
    case 0x0401: self.init(hash: .sha256, usesRSA: true)
    case 0x0501: self.init(hash: .sha384, usesRSA: true)
    case 0x0601: self.init(hash: .sha512, usesRSA: true)
    case 0x0403: self.init(hash: .sha256, usesRSA: false)
    case 0x0503: self.init(hash: .sha384, usesRSA: false)
    case 0x0603: self.init(hash: .sha512, usesRSA: false)
    default: return nil
    }
  }

  var rawValue: UInt16 {
    let hash: UInt16 =
      switch self.hash {
      case .sha256: 0x0400
      case .sha384: 0x0500
      case .sha512: 0x0600
      }
    return hash | (self.usesRSA ? 1 : 3)
  }

  /// Whether a list as the wire has it names ECDSA with SHA-256.
  static func listAllowsOurs(_ list: Span<UInt8>) throws(WireError) -> Bool {
    var cursor = SpanCursor(list)
    var found = false
    while !cursor.isAtEnd {
      if try cursor.read(UInt16.self) == SignatureAlgorithm.ecdsaWithSHA256.rawValue { found = true }
    }
    return found
  }

  static func writeVerified(into writer: inout MessageWriter) {
    writer.vector(2) { list in
      for algorithm in SignatureAlgorithm.verified { list.write(algorithm.rawValue) }
    }
  }
}

extension MessageWriter {
  mutating func writeExtension(_ type: ExtensionType, _ body: (inout MessageWriter) -> Void) {
    self.write(type.rawValue)
    self.vector(2, body)
  }
}
