import Bytes
import Cryptography

/// The master secret and the randoms, all that is left of a handshake once it is over: the exporter needs them.
struct SessionSecrets: ~Copyable {
  private var storage = SecretBytes(count: 48 + 64)

  init() {}
  private init(storage: consuming SecretBytes) { self.storage = storage }
  func fork() -> SessionSecrets { SessionSecrets(storage: self.storage.fork()) }

  var master: Span<UInt8> {
    @_lifetime(borrow self) get { self.storage.bytes.extracting(0..<48) }
  }
  /// The client's, then the server's.
  var randoms: Span<UInt8> {
    @_lifetime(borrow self) get { self.storage.bytes.extracting(48..<112) }
  }

  /// RFC 7627 section 4, or, without the extension, RFC 5246 section 8.1.
  mutating func derive(
    premaster: InlineArray<32, UInt8>, clientRandom: InlineArray<32, UInt8>, serverRandom: InlineArray<32, UInt8>,
    prf: PRF, extendedOver transcript: Span<UInt8>?
  ) {
    var master = InlineArray<48, UInt8>(repeating: 0)
    var output = master.mutableSpan
    let empty = clientRandom.span.extracting(first: 0)
    if let transcript {
      switch prf {
      case .sha256:
        prf.derive(
          secret: premaster.span, label: "extended master secret", seed: Hash.sha256(transcript).span, empty,
          into: &output)
      case .sha384:
        prf.derive(
          secret: premaster.span, label: "extended master secret", seed: Hash.sha384(transcript).span, empty,
          into: &output)
      }
    } else {
      prf.derive(
        secret: premaster.span, label: "master secret", seed: clientRandom.span, serverRandom.span, into: &output)
    }
    var bytes = self.storage.mutableBytes
    for i in 0..<48 {
      bytes[i] = output[i]
      output[i] = 0
    }
    for i in 0..<32 {
      bytes[48 &+ i] = clientRandom[i]
      bytes[80 &+ i] = serverRandom[i]
    }
  }

  /// The key with which the side of this role writes (RFC 5246 section 6.3).
  func makeProtection(_ suite: CipherSuite, of writer: Role) throws(CryptographyError) -> RecordProtection {
    let keyLength = suite.algorithm.keyLength
    let ivLength = suite.ivLength
    var block = SecretBytes(count: 2 &* (keyLength &+ ivLength))
    var output = block.mutableBytes
    // The seed is the server's random, then the client's.
    suite.prf.derive(
      secret: self.master, label: "key expansion", seed: self.randoms.extracting(32..<64),
      self.randoms.extracting(0..<32), into: &output)
    let bytes = block.bytes
    let key = writer == .client ? 0 : keyLength
    let iv = 2 &* keyLength &+ (writer == .client ? 0 : ivLength)
    return try RecordProtection(
      suite, key: bytes.extracting(key..<(key &+ keyLength)), iv: bytes.extracting(iv..<(iv &+ ivLength)))
  }
}
