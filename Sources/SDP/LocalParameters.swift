/// What we say of ourselves in an offer or an answer for data channels.
public struct LocalParameters: Equatable, Sendable {
  /// 4 to 256 ICE characters (RFC 8839 section 5.4).
  public var iceUfrag: [UInt8]
  /// 22 to 256 ICE characters.
  public var icePassword: [UInt8]
  /// Of our certificate; one at least.
  public var fingerprints: [Fingerprint]
  /// In an offer what is offered; in an answer what is preferred where the offer leaves the choice. `actpass`
  /// leaves it to us, and we are active: the handshake then need not wait for the answer to arrive (RFC 8829
  /// section 5.3.1).
  public var setup: Setup
  public var sctpPort: UInt16 = 5000
  /// The largest message we take, in bytes; 0: any (RFC 8841 section 6.1).
  public var maximumMessageSize: UInt64 = 262_144
  /// Values of `a=candidate`, that is, what follows the colon.
  public var candidates: [[UInt8]] = []
  /// No candidate will follow those.
  public var endOfCandidates = false
  /// Whether candidates may follow in fragments; also tells the peer that its own may.
  public var trickles = true
  /// Kept for the session's life; 63 bits count (RFC 8829 section 5.2.1).
  public var sessionID: UInt64
  /// Goes up by one with every new description of the session.
  public var sessionVersion: UInt64 = 1
  /// The section's mid in an offer; an answer takes the offer's.
  public var mid: [UInt8] = [0x30]
  /// 20 to 255 letters, digits, '+', '/', '-' and '_', at random; empty: none is sent (RFC 8842 section 4).
  public var tlsID: [UInt8] = []

  public init(
    iceUfrag: [UInt8], icePassword: [UInt8], fingerprints: [Fingerprint], sessionID: UInt64, setup: Setup = .actpass
  ) {
    self.iceUfrag = iceUfrag
    self.icePassword = icePassword
    self.fingerprints = fingerprints
    self.sessionID = sessionID
    self.setup = setup
  }

  /// Whether it can be written without breaking a line or a rule of the grammar.
  var isValid: Bool {
    let ice = self.iceUfrag.span
    let password = self.icePassword.span
    guard ice.count >= 4, ice.count <= 256, ice.allSatisfy(in: 0..<ice.count, { $0.isICECharacter }) else {
      return false
    }
    guard password.count >= 22, password.count <= 256,
      password.allSatisfy(in: 0..<password.count, { $0.isICECharacter })
    else { return false }
    let limits = SessionDescription.Limits()
    guard !self.fingerprints.isEmpty, self.fingerprints.count <= limits.fingerprints else { return false }
    for fingerprint in self.fingerprints where fingerprint.bytes.count != fingerprint.algorithm.length { return false }
    guard self.setup != .holdconn, self.sctpPort != 0, self.candidates.count <= limits.candidatesPerSection else {
      return false
    }
    for candidate in self.candidates where !isLineText(candidate) { return false }
    let mid = self.mid.span
    guard mid.count > 0, mid.count <= maximumValueLength,
      mid.allSatisfy(in: 0..<mid.count, { $0.isTokenCharacter })
    else { return false }
    let tlsID = self.tlsID.span
    return tlsID.isEmpty
      || tlsID.count >= 20 && tlsID.count <= 255
        && tlsID.allSatisfy(in: 0..<tlsID.count, { $0.isTLSIDCharacter })
  }
}

/// Bytes of a candidate or a mid, far beyond any real one.
let maximumValueLength = 1024

/// Whether the bytes can be an attribute's value: something, and all on one line.
@inline(never)
func isLineText(_ bytes: [UInt8]) -> Bool {
  let span = bytes.span
  return span.count > 0 && span.count <= maximumValueLength
    && span.allSatisfy(in: 0..<span.count, { $0 != 0 && $0 != 0x0a && $0 != 0x0d })
}
