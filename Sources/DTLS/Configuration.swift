import Bytes
import Cryptography
import Time

/// Which side of the handshake an endpoint takes: SDP's `a=setup:active` is the client, `passive` the server.
public enum Role: Equatable, Sendable {
  case client
  case server
}

/// Caller misuse. A peer's faults are never thrown.
public enum UsageError: Error, Equatable, Sendable {
  /// A value of the configuration lies outside its documented range.
  case invalidConfiguration
  /// There are no keys yet, or none any more.
  case notConnected
  /// The buffer lacks the headroom or the tailroom that a record needs.
  case insufficientRoom
  /// More than 16,384 bytes of plaintext (RFC 5246 section 6.2.1).
  case messageTooLarge
  /// 2^48 records were written under one key (RFC 6347 section 4.1).
  case sequenceNumbersExhausted
  /// The cryptographic provider could not allocate a context.
  case outOfMemory
}

extension Connection {
  public struct Configuration: Sendable {
    public var role: Role
    /// Largest handshake datagram written, in bytes: 128 to 16,384. After two timeouts of a flight the path is
    /// taken to be narrower and 548 bytes are not exceeded (RFC 6347 section 4.1.1.1).
    public var maximumTransmissionUnit = 1200
    /// How long the first transmission of a flight waits for an answer. RFC 6347 section 4.2.4.1 proposes one
    /// second for want of knowledge; ICE has measured the path, so the caller should do better
    /// (RFC 9147 section 5.8.2). Raised to 50 ms where it is less.
    public var initialTimeout = Interval.seconds(1)
    /// Where doubling stops.
    public var maximumTimeout = Interval.seconds(60)
    /// How long the whole handshake may take, from the first flight on.
    public var handshakeTimeout = Interval.seconds(30)
    /// SRTP protection profiles to offer or accept, best first; empty: no use_srtp (RFC 5764).
    public var srtpProfiles: [SRTPProfile] = []
    /// Cipher suites to offer or accept, best first. A server leaves out those that need an RSA key of its own.
    public var cipherSuites: [CipherSuite] = CipherSuite.all
    /// Key exchange groups to offer or accept, best first.
    public var groups: [KeyExchange.Group] = [.x25519, .secp256r1]
    /// As server: answer a ClientHello without a valid cookie by HelloVerifyRequest (RFC 6347 section 4.2.1). Behind
    /// ICE, which has verified the path, it only costs a round trip.
    public var requiresCookie = false
    /// Whether a peer without extended_master_secret (RFC 7627) is refused. Its absence is an attack's precondition
    /// only where sessions are resumed or renegotiated, which this implementation never does; so the default
    /// is to accept, and to tell through `Connection.usesExtendedMasterSecret`.
    public var requiresExtendedMasterSecret = false
    /// How many bytes of records are kept that came before their keys or before the peer was authenticated.
    public var maximumEarlyBytes = 8192
    /// The largest handshake message accepted, in bytes; all those in reassembly take at most twice as much.
    public var maximumHandshakeMessageSize = 8192

    public init(role: Role) { self.role = role }
  }
}

/// An SRTP protection profile (RFC 5764 section 4.1.2, RFC 7714 section 14.2).
public enum SRTPProfile: UInt16, Equatable, Sendable {
  case aes128CMHMACSHA1_80 = 0x0001
  case aeadAES128GCM = 0x0007
  case aeadAES256GCM = 0x0008

  /// Bytes of one master key.
  public var keyLength: Int { self == .aeadAES256GCM ? 32 : 16 }
  /// Bytes of one master salt.
  public var saltLength: Int { self == .aes128CMHMACSHA1_80 ? 14 : 12 }
  /// What to export under the label `EXTRACTOR-dtls_srtp`: client key, server key, client salt, server salt
  /// (RFC 5764 section 4.2).
  public var keyingMaterialLength: Int { 2 * (self.keyLength + self.saltLength) }
}

/// The TLS 1.2 cipher suites spoken here: ECDHE with AEAD alone (RFC 5289, RFC 7905).
public enum CipherSuite: UInt16, Equatable, Sendable {
  case ecdheECDSAWithAES128GCM = 0xC02B
  case ecdheRSAWithAES128GCM = 0xC02F
  case ecdheECDSAWithAES256GCM = 0xC02C
  case ecdheRSAWithAES256GCM = 0xC030
  case ecdheECDSAWithChaCha20Poly1305 = 0xCCA9
  case ecdheRSAWithChaCha20Poly1305 = 0xCCA8

  public static var all: [CipherSuite] {
    [
      .ecdheECDSAWithAES128GCM, .ecdheRSAWithAES128GCM, .ecdheECDSAWithAES256GCM, .ecdheRSAWithAES256GCM,
      .ecdheECDSAWithChaCha20Poly1305, .ecdheRSAWithChaCha20Poly1305,
    ]
  }
}
