import Bytes
import CCrypto

/// Authenticated encryption in place under one kept key (NIST SP 800-38D, RFC 8439): 12-byte nonces, 16-byte tags.
///
/// The caller sees to it that no nonce comes twice.
@safe
public struct AEAD: ~Copyable, @unchecked Sendable {
  public enum Algorithm: Sendable {
    case aes128GCM
    case aes256GCM
    case chaCha20Poly1305

    /// Bytes of the key.
    public var keyLength: Int { self == .aes128GCM ? 16 : 32 }

    var code: CInt {
      switch self {
      case .aes128GCM: 0
      case .aes256GCM: 1
      case .chaCha20Poly1305: 2
      }
    }
  }

  public typealias Nonce = InlineArray<12, UInt8>
  public static var tagLength: Int { 16 }

  private let context: OpaquePointer

  /// `key` must hold `algorithm.keyLength` bytes, or is refused.
  public init(_ algorithm: Algorithm, key: Span<UInt8>) throws(CryptographyError) {
    guard key.count == algorithm.keyLength else { throw .rejected }
    let context = unsafe key.withUnsafeBufferPointer { unsafe crypto_aead_create(algorithm.code, $0.baseAddress) }
    guard let context = unsafe context else { throw .outOfMemory }
    unsafe self.context = context
  }

  private init(context: OpaquePointer) { unsafe self.context = context }

  deinit { unsafe crypto_aead_free(self.context) }

  /// A second context under the same key, for a fork of the machine that owns this one.
  public func fork() throws(CryptographyError) -> AEAD {
    guard let copy = unsafe crypto_aead_copy(self.context) else { throw .outOfMemory }
    return unsafe AEAD(context: copy)
  }

  /// Encrypts `range` of `buffer` in place and writes the tag into the 16 bytes behind it, which must exist.
  public mutating func seal(
    _ buffer: inout MutableSpan<UInt8>, in range: Range<Int>, nonce: Nonce, authenticating header: Span<UInt8>
  ) {
    precondition(range.lowerBound >= 0 && range.upperBound <= buffer.count &- AEAD.tagLength)
    let nonce = nonce.span
    unsafe buffer.withUnsafeMutableBufferPointer { buffer in
      unsafe header.withUnsafeBufferPointer { header in
        unsafe nonce.withUnsafeBufferPointer { nonce in
          let data = unsafe buffer.baseAddress! + range.lowerBound
          // Cannot fail for lengths that the precondition lets through: the key was accepted at creation.
          _ = unsafe crypto_aead_seal(
            self.context, nonce.baseAddress!, header.baseAddress, header.count, data, range.count, data + range.count)
        }
      }
    }
  }

  /// Decrypts `range` of `buffer`, which ends with the tag, in place; false where the tag is wrong, and then the range's
  /// content is lost.
  public mutating func open(
    _ buffer: inout MutableSpan<UInt8>, in range: Range<Int>, nonce: Nonce, authenticating header: Span<UInt8>
  ) -> Bool {
    guard range.count >= AEAD.tagLength else { return false }
    precondition(range.lowerBound >= 0 && range.upperBound <= buffer.count)
    let nonce = nonce.span
    return unsafe buffer.withUnsafeMutableBufferPointer { buffer in
      unsafe header.withUnsafeBufferPointer { header in
        unsafe nonce.withUnsafeBufferPointer { nonce in
          let data = unsafe buffer.baseAddress! + range.lowerBound
          let size = range.count &- AEAD.tagLength
          return unsafe crypto_aead_open(
            self.context, nonce.baseAddress!, header.baseAddress, header.count, data, size, data + size) == 0
        }
      }
    }
  }
}
