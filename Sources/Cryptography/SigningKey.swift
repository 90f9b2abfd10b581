import Bytes
import CCrypto
import Time

/// An ECDSA P-256 private key. Copies share one immutable context, so it may be used from several threads.
public struct SigningKey: Sendable {
  let context: SigningContext

  /// Draws a key.
  public init(random: inout SeededRandom) throws(CryptographyError) {
    while true {
      let bytes: InlineArray<32, UInt8> = random.bytes()
      do throws(CryptographyError) {
        try self.init(privateKey: bytes.span)
        return
      } catch {
        guard error == .rejected else { throw error }
      }
    }
  }

  /// Takes a 32-byte big-endian number; `.rejected` where it is not in 1..<n.
  public init(privateKey: Span<UInt8>) throws(CryptographyError) {
    guard privateKey.count == 32 else { throw .rejected }
    self.context = try SigningContext.make(privateKey: privateKey)
  }

  /// The public key as an uncompressed point (SEC 1 section 2.3.3).
  public var publicKey: InlineArray<65, UInt8> {
    var point = InlineArray<65, UInt8>(repeating: 0)
    var span = point.mutableSpan
    unsafe span.withUnsafeMutableBufferPointer { unsafe crypto_signer_public_key(self.context.pointer, $0.baseAddress) }
    return point
  }

  /// The deterministic signature (RFC 6979) of a SHA-256 digest, as TLS and X.509 write it: Ecdsa-Sig-Value in DER
  /// (RFC 3279 section 2.2.3), 70 to 72 bytes as a rule.
  public func signature(of digest: InlineArray<32, UInt8>) throws(CryptographyError) -> [UInt8] {
    var r = InlineArray<32, UInt8>(repeating: 0)
    var s = InlineArray<32, UInt8>(repeating: 0)
    var first = r.mutableSpan
    var second = s.mutableSpan
    let digest = digest.span
    let code = unsafe digest.withUnsafeBufferPointer { digest in
      unsafe first.withUnsafeMutableBufferPointer { r in
        unsafe second.withUnsafeMutableBufferPointer { s in
          unsafe crypto_signer_sign(self.context.pointer, digest.baseAddress, r.baseAddress, s.baseAddress)
        }
      }
    }
    if let error = CryptographyError(code: code) { throw error }
    var writer = DERWriter()
    writer.sequence { writer in
      writer.unsignedInteger(r.span)
      writer.unsignedInteger(s.span)
    }
    return writer.bytes
  }
}

/// Owns the provider's signing context, which never changes after its creation.
@safe
final class SigningContext: @unchecked Sendable {
  let pointer: OpaquePointer

  private init(_ pointer: OpaquePointer) { unsafe self.pointer = pointer }

  /// Not an initialiser: an object of a class whose initialiser throws is not given back in Embedded Swift (6.3).
  static func make(privateKey: Span<UInt8>) throws(CryptographyError) -> SigningContext {
    var signer: OpaquePointer?
    let code = unsafe privateKey.withUnsafeBufferPointer { unsafe crypto_signer_create($0.baseAddress, &signer) }
    if let error = CryptographyError(code: code) { throw error }
    guard let signer = unsafe signer else { throw .outOfMemory }
    return unsafe SigningContext(signer)
  }

  deinit { unsafe crypto_signer_free(self.pointer) }
}
