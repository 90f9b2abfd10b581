import Bytes
import CCrypto

/// The hash that goes into a signature.
public enum SignatureHash: Equatable, Sendable {
  case sha256
  case sha384
  case sha512
}

/// A peer's public key, as its certificate holds it (RFC 5280 section 4.1.2.7).
public enum PublicKey: Sendable {
  case secp256r1(InlineArray<65, UInt8>)
  case rsa(modulus: [UInt8], exponent: [UInt8])

  /// Reads a SubjectPublicKeyInfo's content: P-256 (RFC 5480), or RSA of 1024 to 8192 bits (RFC 3279 section 2.3.1).
  init(subjectPublicKeyInfo: Span<UInt8>) throws(WireError) {
    var info = DERReader(subjectPublicKeyInfo)
    var algorithm = DERReader(try info.read(DER.sequence))
    let key = try info.readBitString()
    try info.finish()
    let identifier = try algorithm.read(DER.objectIdentifier)
    if bytesEqual(identifier, DER.ecPublicKey.span) {
      let curve = try algorithm.read(DER.objectIdentifier)
      try algorithm.finish()
      guard bytesEqual(curve, DER.secp256r1.span), key.count == 65, key[0] == 4 else { throw .malformed }
      self = .secp256r1(InlineArray { key[$0] })
    } else if bytesEqual(identifier, DER.rsaEncryption.span) {
      var outer = DERReader(key)
      var numbers = DERReader(try outer.read(DER.sequence))
      try outer.finish()
      let modulus = try numbers.readUnsignedInteger()
      let exponent = try numbers.readUnsignedInteger()
      try numbers.finish()
      // Bounds on what verification may cost.
      guard modulus.count >= 128, modulus.count <= 1024, exponent.count >= 1, exponent.count <= 4 else {
        throw .malformed
      }
      self = .rsa(modulus: arrayCopy(modulus), exponent: arrayCopy(exponent))
    } else {
      throw .malformed
    }
  }

  public init(_ key: SigningKey) { self = .secp256r1(key.publicKey) }

  /// Whether `signature` (ECDSA: Ecdsa-Sig-Value in DER; RSA: RSASSA-PKCS1-v1_5) signs the concatenation of the
  /// message's two parts under this key.
  ///
  /// Curve tables of `tables` save a third of the time.
  public func verifies(
    _ signature: Span<UInt8>, hash: SignatureHash, of first: Span<UInt8>, _ second: Span<UInt8>,
    tables: SigningKey? = nil
  ) -> Bool {
    switch hash {
    case .sha256: self.verifies(signature, CRYPTO_SHA256, Hash.sha256(first, second).span, tables)
    case .sha384: self.verifies(signature, CRYPTO_SHA384, Hash.sha384(first, second).span, tables)
    case .sha512: self.verifies(signature, CRYPTO_SHA512, Hash.sha512(first, second).span, tables)
    }
  }

  private func verifies(
    _ signature: Span<UInt8>, _ algorithm: crypto_hash, _ digest: Span<UInt8>, _ tables: SigningKey?
  ) -> Bool {
    switch self {
    case .secp256r1(let point):
      guard let (r, s) = try? PublicKey.readSignature(signature) else { return false }
      let (point, first, second) = (point.span, r.span, s.span)
      return unsafe point.withUnsafeBufferPointer { point in
        unsafe digest.withUnsafeBufferPointer { digest in
          unsafe first.withUnsafeBufferPointer { r in
            unsafe second.withUnsafeBufferPointer { s in
              unsafe crypto_verify_ecdsa(
                tables?.context.pointer, point.baseAddress, digest.baseAddress, digest.count, r.baseAddress,
                s.baseAddress) == 0
            }
          }
        }
      }
    case .rsa(let modulus, let exponent):
      return unsafe modulus.withUnsafeBufferPointer { modulus in
        unsafe exponent.withUnsafeBufferPointer { exponent in
          unsafe digest.withUnsafeBufferPointer { digest in
            unsafe signature.withUnsafeBufferPointer { signature in
              unsafe crypto_verify_rsa(
                modulus.baseAddress, modulus.count, exponent.baseAddress, exponent.count, CInt(algorithm.rawValue),
                digest.baseAddress, signature.baseAddress, signature.count) == 0
            }
          }
        }
      }
    }
  }

  private static func readSignature(
    _ signature: Span<UInt8>
  ) throws(WireError) -> (InlineArray<32, UInt8>, InlineArray<32, UInt8>) {
    var outer = DERReader(signature)
    var numbers = DERReader(try outer.read(DER.sequence))
    try outer.finish()
    let r = try PublicKey.widen(try numbers.readUnsignedInteger())
    let s = try PublicKey.widen(try numbers.readUnsignedInteger())
    try numbers.finish()
    return (r, s)
  }

  private static func widen(_ number: Span<UInt8>) throws(WireError) -> InlineArray<32, UInt8> {
    guard number.count <= 32 else { throw .malformed }
    let padding = 32 &- number.count
    return InlineArray { $0 < padding ? 0 : number[$0 &- padding] }
  }
}

extension PublicKey {
  public var isRSA: Bool {
    switch self {
    case .rsa: true
    case .secp256r1: false
    }
  }
}
