/// Who opens the DTLS association (RFC 4145 section 4, RFC 8842 section 5).
public enum Setup: Equatable, Sendable {
  /// Either: only an offer may leave it open.
  case actpass
  /// The DTLS client.
  case active
  /// The DTLS server.
  case passive
  /// Nobody, for now. DTLS forbids it (RFC 8842 section 5.2).
  case holdconn
}

/// `a=ice-options` (RFC 8839 section 5.6). Unknown options are left out.
public struct ICEOptions: OptionSet, Equatable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Candidates may follow (RFC 8838).
  public static let trickle = ICEOptions(rawValue: 1)
  /// The peer follows RFC 8445, not RFC 5245.
  public static let ice2 = ICEOptions(rawValue: 2)
  /// The controlling side may nominate again.
  public static let renomination = ICEOptions(rawValue: 4)
}

/// What sets up a transport. At session level it is the default for every section.
public struct TransportAttributes: Equatable, Sendable {
  public var iceUfrag: TextRange?
  public var icePassword: TextRange?
  public var iceOptions: ICEOptions?
  /// Those of known hash functions, in the description's order.
  public var fingerprints: [Fingerprint] = []
  public var setup: Setup?
  /// RFC 8842 section 4.
  public var tlsID: TextRange?
  /// No candidate follows (RFC 8838 section 13).
  public var endOfCandidates = false
  /// Values of `a=candidate`. At session level only a trickle fragment may have them.
  public var candidates: [TextRange] = []
}
