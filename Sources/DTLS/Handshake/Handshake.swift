import Bytes
import Cryptography

/// What the handshake, as far as it has come, settled.
struct Negotiated: Sendable {
  var cipherSuite: CipherSuite?
  var group: KeyExchange.Group?
  var srtpProfile: SRTPProfile?
  var usesExtendedMasterSecret = false
  var peerFingerprint: Fingerprint?
}

/// What the peer did that ends the connection, while one of its messages is handled.
enum Fault: Error {
  case alert(Alert)
  case fingerprintMismatch
  case outOfMemory

  init(_ error: CryptographyError, orElse alert: Alert) {
    self = error == .outOfMemory ? .outOfMemory : .alert(alert)
  }
}

/// Everything that a handshake needs while it lasts; let go once the connection stands.
struct Handshake: Sendable {
  /// The message that comes next.
  enum Expectation: Equatable {
    case nothing
    // As client
    case serverHello
    case serverCertificate
    case serverKeyExchange
    case certificateRequestOrDone
    case serverHelloDone
    case serverFinished
    // As server
    case clientHello
    case clientCertificate
    case clientKeyExchange
    case certificateVerify
    case clientFinished
  }

  var expectation = Expectation.nothing
  /// All messages of both sides in order, as if unfragmented (RFC 6347 section 4.2.6): hashed when a hash is needed, since the
  /// hash function is known only after the first two.
  var transcript: [UInt8] = []
  var clientRandom = InlineArray<32, UInt8>(repeating: 0)
  var serverRandom = InlineArray<32, UInt8>(repeating: 0)
  var exchange: KeyExchange?
  var peerExchangeKey: [UInt8] = []
  var peerKey: PublicKey?
  var peerCertificate: [UInt8] = []
  var isCertificateRequested = false
  /// The number of the latest record that brought a fragment.
  var latestRecordNumber: UInt64 = 0
  /// message_seq of the next message of ours.
  var nextSequence: UInt16 = 0
}
