import Bytes
import Cryptography
import DTLS
import SRTP

/// Reads what was encrypted, both ways, from the session's secrets.
///
/// It is a reader of its own beside the engine's: what the engine refused is shown too, and the engine's own state is
/// not touched.
struct Decryption: ~Copyable {
  /// The keys with which the client and the server write records.
  private var client: RecordKey?
  private var server: RecordKey?
  private var isClient = false
  /// Both are receivers: one of what came, one, with the roles exchanged, of what was sent.
  private var incoming: SRTP.Session?
  private var outgoing: SRTP.Session?

  init(_ secrets: DTLS.ExposedSecrets?) {
    guard let secrets else { return }
    self.isClient = secrets.role == .client
    let suite = secrets.cipherSuite
    // RFC 5246 section 6.3: the client's key, the server's, then their IVs.
    let (key, iv) = (suite.keyLength, suite.ivLength)
    var block = [UInt8](repeating: 0, count: 2 * (key + iv))
    var span = block.mutableSpan
    suite.prf.derive(
      secret: secrets.masterSecret.span, label: "key expansion", seed: secrets.serverRandom.span,
      secrets.clientRandom.span, into: &span)
    self.client = RecordKey(suite, key: block[0..<key], iv: block[2 * key..<2 * key + iv])
    self.server = RecordKey(suite, key: block[key..<2 * key], iv: block[2 * key + iv..<2 * (key + iv)])
    guard let profile = secrets.srtpProfile.flatMap({ ProtectionProfile(rawValue: $0.rawValue) }) else { return }
    var material = [UInt8](repeating: 0, count: profile.keyingMaterialLength)
    var output = material.mutableSpan
    suite.prf.derive(
      secret: secrets.masterSecret.span, label: "EXTRACTOR-dtls_srtp", seed: secrets.clientRandom.span,
      secrets.serverRandom.span, into: &output)
    self.incoming = try? SRTP.Session(profile: profile, keyingMaterial: material.span, isDTLSClient: self.isClient)
    self.outgoing = try? SRTP.Session(profile: profile, keyingMaterial: material.span, isDTLSClient: !self.isClient)
  }

  /// The plaintext of the protected record of which `header` (13 bytes) and fragment are given.
  mutating func open(_ record: [UInt8], _ direction: PathDirection) -> [UInt8]? {
    if (direction == .outgoing) == self.isClient { return self.client?.open(record) ?? nil }
    return self.server?.open(record) ?? nil
  }

  /// The RTP or RTCP packet in an SRTP packet. Nil also for a packet that was seen before: nothing new is in it.
  mutating func unprotect(_ packet: [UInt8], isControl: Bool, _ direction: PathDirection) -> [UInt8]? {
    var bytes = packet
    var span = bytes.mutableSpan
    let count: Int?
    switch (direction, isControl) {
    case (.incoming, false): count = self.incoming?.unprotect(&span) ?? nil
    case (.incoming, true): count = self.incoming?.unprotectControl(&span) ?? nil
    case (.outgoing, false): count = self.outgoing?.unprotect(&span) ?? nil
    case (.outgoing, true): count = self.outgoing?.unprotectControl(&span) ?? nil
    }
    return count.map { Array(bytes[0..<$0]) }
  }
}

/// One direction's key of epoch 1.
private struct RecordKey: ~Copyable {
  private var aead: AEAD
  private let iv: [UInt8]
  private let hasExplicitNonce: Bool

  init?(_ suite: CipherSuite, key: ArraySlice<UInt8>, iv: ArraySlice<UInt8>) {
    let key = Array(key)
    guard let aead = try? AEAD(suite.algorithm, key: key.span) else { return nil }
    self.aead = aead
    self.iv = Array(iv)
    self.hasExplicitNonce = suite.algorithm != .chaCha20Poly1305
  }

  /// `record`: header and fragment (RFC 5246 section 6.2.3.3, RFC 5288, RFC 7905).
  mutating func open(_ record: [UInt8]) -> [UInt8]? {
    let start = 13 + (self.hasExplicitNonce ? 8 : 0)
    let length = record.count - start - AEAD.tagLength
    guard length >= 0 else { return nil }
    var nonce = AEAD.Nonce(repeating: 0)
    for i in 0..<min(self.iv.count, 12) { nonce[i] = self.iv[i] }
    for i in 0..<8 {
      if self.hasExplicitNonce { nonce[4 + i] = record[13 + i] } else { nonce[4 + i] ^= record[3 + i] }
    }
    let header = Array(record[3..<11]) + record[0..<3] + [UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length)]
    var bytes = record
    var span = bytes.mutableSpan
    guard self.aead.open(&span, in: start..<record.count, nonce: nonce, authenticating: header.span) else { return nil }
    return Array(bytes[start..<start + length])
  }
}

extension CipherSuite {
  fileprivate var algorithm: AEAD.Algorithm {
    switch self {
    case .ecdheECDSAWithAES128GCM, .ecdheRSAWithAES128GCM: .aes128GCM
    case .ecdheECDSAWithAES256GCM, .ecdheRSAWithAES256GCM: .aes256GCM
    case .ecdheECDSAWithChaCha20Poly1305, .ecdheRSAWithChaCha20Poly1305: .chaCha20Poly1305
    }
  }

  fileprivate var keyLength: Int { self.algorithm.keyLength }
  fileprivate var ivLength: Int { self.algorithm == .chaCha20Poly1305 ? 12 : 4 }
  fileprivate var prf: PRF { self.algorithm == .aes256GCM ? .sha384 : .sha256 }

  var name: String {
    switch self {
    case .ecdheECDSAWithAES128GCM: "ECDHE-ECDSA-AES128-GCM"
    case .ecdheRSAWithAES128GCM: "ECDHE-RSA-AES128-GCM"
    case .ecdheECDSAWithAES256GCM: "ECDHE-ECDSA-AES256-GCM"
    case .ecdheRSAWithAES256GCM: "ECDHE-RSA-AES256-GCM"
    case .ecdheECDSAWithChaCha20Poly1305: "ECDHE-ECDSA-ChaCha20-Poly1305"
    case .ecdheRSAWithChaCha20Poly1305: "ECDHE-RSA-ChaCha20-Poly1305"
    }
  }
}
