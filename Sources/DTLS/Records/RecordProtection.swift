import Bytes
import Cryptography

/// The key of one direction of one epoch, and how its nonces are made.
struct RecordProtection: ~Copyable {
  private var aead: AEAD
  /// AES-GCM: the 4 bytes that precede the explicit nonce (RFC 5288 section 3); ChaCha20-Poly1305: the 12 that the sequence
  /// number is added to (RFC 7905 section 2).
  private let iv: AEAD.Nonce
  let explicitNonceLength: Int

  init(_ suite: CipherSuite, key: Span<UInt8>, iv: Span<UInt8>) throws(CryptographyError) {
    self.aead = try AEAD(suite.algorithm, key: key)
    self.iv = InlineArray { $0 < iv.count ? iv[$0] : 0 }
    self.explicitNonceLength = suite.explicitNonceLength
  }

  private init(aead: consuming AEAD, iv: AEAD.Nonce, explicitNonceLength: Int) {
    self.aead = aead
    self.iv = iv
    self.explicitNonceLength = explicitNonceLength
  }

  func fork() throws(CryptographyError) -> RecordProtection {
    RecordProtection(aead: try self.aead.fork(), iv: self.iv, explicitNonceLength: self.explicitNonceLength)
  }

  /// Writes header and explicit nonce before the plaintext and the tag behind it; returns the record's range. The caller has
  /// seen to the room and to a new sequence number.
  @inline(__always)
  mutating func seal(
    _ buffer: inout MutableSpan<UInt8>, plaintext: Range<Int>, type: UInt8, epochAndSequenceNumber number: UInt64
  ) -> Range<Int> {
    let start = plaintext.lowerBound &- self.explicitNonceLength &- RecordHeader.length
    let end = plaintext.upperBound &+ AEAD.tagLength
    let header = RecordProtection.authenticatedData(type: type, number: number, length: plaintext.count)
    // The header on the wire has epoch and number behind type and version, the authenticated data before them.
    for i in 0..<3 { buffer[start &+ i] = header[8 &+ i] }
    for i in 0..<8 { buffer[start &+ 3 &+ i] = header[i] }
    let length = end &- start &- RecordHeader.length
    buffer[start &+ 11] = UInt8(truncatingIfNeeded: length &>> 8)
    buffer[start &+ 12] = UInt8(truncatingIfNeeded: length)
    // The explicit nonce is epoch and number, which never come twice under a key.
    for i in 0..<self.explicitNonceLength { buffer[start &+ RecordHeader.length &+ i] = header[i] }
    let nonce = self.explicitNonceLength == 0 ? self.nonce(adding: number) : self.nonce(appending: number)
    self.aead.seal(&buffer, in: plaintext, nonce: nonce, authenticating: header.span)
    return start..<end
  }

  /// Decrypts the fragment (explicit nonce, ciphertext, tag) that lies in `range`; returns the plaintext's range, or nil where
  /// the record is not authentic.
  @inline(__always)
  mutating func open(
    _ buffer: inout MutableSpan<UInt8>, in range: Range<Int>, type: UInt8, epochAndSequenceNumber number: UInt64
  ) -> Range<Int>? {
    let length = range.count &- self.explicitNonceLength &- AEAD.tagLength
    guard length >= 0 else { return nil }
    let nonce: AEAD.Nonce
    if self.explicitNonceLength == 0 {
      nonce = self.nonce(adding: number)
    } else {
      var explicit: UInt64 = 0
      for i in 0..<8 { explicit = explicit &<< 8 | UInt64(buffer[range.lowerBound &+ i]) }
      nonce = self.nonce(appending: explicit)
    }
    let header = RecordProtection.authenticatedData(type: type, number: number, length: length)
    let start = range.lowerBound &+ self.explicitNonceLength
    guard self.aead.open(&buffer, in: start..<range.upperBound, nonce: nonce, authenticating: header.span) else {
      return nil
    }
    return start..<(start &+ length)
  }

  private func nonce(appending number: UInt64) -> AEAD.Nonce {
    var nonce = self.iv
    for i in 0..<8 { nonce[4 &+ i] = UInt8(truncatingIfNeeded: number &>> UInt64(56 &- 8 &* i)) }
    return nonce
  }

  private func nonce(adding number: UInt64) -> AEAD.Nonce {
    var nonce = self.iv
    for i in 0..<8 { nonce[4 &+ i] ^= UInt8(truncatingIfNeeded: number &>> UInt64(56 &- 8 &* i)) }
    return nonce
  }

  /// seq_num (with the epoch), type, version, length (RFC 5246 section 6.2.3.3, RFC 6347 section 4.1.2.1).
  private static func authenticatedData(type: UInt8, number: UInt64, length: Int) -> InlineArray<13, UInt8> {
    var data = InlineArray<13, UInt8>(repeating: 0)
    for i in 0..<8 { data[i] = UInt8(truncatingIfNeeded: number &>> UInt64(56 &- 8 &* i)) }
    data[8] = type
    data[9] = UInt8(RecordHeader.dtls12 &>> 8)
    data[10] = UInt8(truncatingIfNeeded: RecordHeader.dtls12)
    data[11] = UInt8(truncatingIfNeeded: length &>> 8)
    data[12] = UInt8(truncatingIfNeeded: length)
    return data
  }
}

extension CipherSuite {
  var algorithm: AEAD.Algorithm {
    switch self {
    case .ecdheECDSAWithAES128GCM, .ecdheRSAWithAES128GCM: .aes128GCM
    case .ecdheECDSAWithAES256GCM, .ecdheRSAWithAES256GCM: .aes256GCM
    case .ecdheECDSAWithChaCha20Poly1305, .ecdheRSAWithChaCha20Poly1305: .chaCha20Poly1305
    }
  }

  var explicitNonceLength: Int { self.algorithm == .chaCha20Poly1305 ? 0 : 8 }
  /// Bytes of the key block's IV.
  var ivLength: Int { self.algorithm == .chaCha20Poly1305 ? 12 : 4 }
  var prf: PRF { self.algorithm == .aes256GCM ? .sha384 : .sha256 }

  var authenticatesWithRSA: Bool {
    switch self {
    case .ecdheRSAWithAES128GCM, .ecdheRSAWithAES256GCM, .ecdheRSAWithChaCha20Poly1305: true
    default: false
    }
  }
}
