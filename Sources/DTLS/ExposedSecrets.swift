import Bytes
import Cryptography

/// The secrets of one DTLS association, in the open: **whoever has them reads everything that was and will be said on it,
/// audio and video included, and can forge both sides.** They are for looking at recordings, which hold the seed that all of
/// this follows from anyway. Never log, store or send those of a peer that is at work.
public struct ExposedSecrets: Sendable {
  public var role: Role
  public var cipherSuite: CipherSuite
  public var srtpProfile: SRTPProfile?
  /// 48 bytes (RFC 5246 section 8.1).
  public var masterSecret: [UInt8]
  /// 32 bytes each, as in the hellos.
  public var clientRandom: [UInt8]
  public var serverRandom: [UInt8]
}

extension Connection {
  /// See `ExposedSecrets` for what giving them away means. Nil before the keys exist.
  public var exposedSecrets: ExposedSecrets? {
    guard self.records.canUnprotect, let suite = self.negotiated.cipherSuite else { return nil }
    let randoms = self.secrets.randoms
    return ExposedSecrets(
      role: self.role, cipherSuite: suite, srtpProfile: self.negotiated.srtpProfile,
      masterSecret: arrayCopy(self.secrets.master), clientRandom: arrayCopy(randoms.extracting(0..<32)),
      serverRandom: arrayCopy(randoms.extracting(32..<64)))
  }
}
