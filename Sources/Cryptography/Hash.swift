import Bytes
import CCrypto

/// Secure hashes (FIPS 180-4), of the concatenation of two parts where a second is given.
public enum Hash {
  public static func sha1(_ data: Span<UInt8>) -> InlineArray<20, UInt8> { digest(CRYPTO_SHA1, data) }
  public static func sha256(_ data: Span<UInt8>) -> InlineArray<32, UInt8> { digest(CRYPTO_SHA256, data) }
  public static func sha384(_ data: Span<UInt8>) -> InlineArray<48, UInt8> { digest(CRYPTO_SHA384, data) }
  public static func sha512(_ data: Span<UInt8>) -> InlineArray<64, UInt8> { digest(CRYPTO_SHA512, data) }

  public static func sha256(_ first: Span<UInt8>, _ second: Span<UInt8>) -> InlineArray<32, UInt8> {
    digest(CRYPTO_SHA256, first, second)
  }
  public static func sha384(_ first: Span<UInt8>, _ second: Span<UInt8>) -> InlineArray<48, UInt8> {
    digest(CRYPTO_SHA384, first, second)
  }
  public static func sha512(_ first: Span<UInt8>, _ second: Span<UInt8>) -> InlineArray<64, UInt8> {
    digest(CRYPTO_SHA512, first, second)
  }

  private static func digest<let size: Int>(_ algorithm: crypto_hash, _ data: Span<UInt8>) -> InlineArray<size, UInt8> {
    digest(algorithm, data, data.extracting(first: 0))
  }

  private static func digest<let size: Int>(
    _ algorithm: crypto_hash, _ first: Span<UInt8>, _ second: Span<UInt8>
  ) -> InlineArray<size, UInt8> {
    var result = InlineArray<size, UInt8>(repeating: 0)
    var span = result.mutableSpan
    unsafe span.withUnsafeMutableBufferPointer { output in
      unsafe first.withUnsafeBufferPointer { first in
        unsafe second.withUnsafeBufferPointer { second in
          unsafe crypto_hash(
            CInt(algorithm.rawValue), first.baseAddress, first.count, second.baseAddress, second.count,
            output.baseAddress)
        }
      }
    }
    return result
  }
}

/// Keyed hashes (RFC 2104). The message is the concatenation of two parts, so that a header that must be
/// hashed in a changed form (STUN's length) need not be copied together with the rest.
public enum HMAC {
  public static func sha1(key: Span<UInt8>, _ first: Span<UInt8>, _ second: Span<UInt8>) -> InlineArray<20, UInt8> {
    authenticate(CRYPTO_SHA1, key, first, second)
  }
  public static func sha256(key: Span<UInt8>, _ first: Span<UInt8>, _ second: Span<UInt8>) -> InlineArray<32, UInt8> {
    authenticate(CRYPTO_SHA256, key, first, second)
  }
  public static func sha384(key: Span<UInt8>, _ first: Span<UInt8>, _ second: Span<UInt8>) -> InlineArray<48, UInt8> {
    authenticate(CRYPTO_SHA384, key, first, second)
  }

  private static func authenticate<let size: Int>(
    _ algorithm: crypto_hash, _ key: Span<UInt8>, _ first: Span<UInt8>, _ second: Span<UInt8>
  ) -> InlineArray<size, UInt8> {
    var result = InlineArray<size, UInt8>(repeating: 0)
    var span = result.mutableSpan
    unsafe span.withUnsafeMutableBufferPointer { output in
      unsafe key.withUnsafeBufferPointer { key in
        unsafe first.withUnsafeBufferPointer { first in
          unsafe second.withUnsafeBufferPointer { second in
            unsafe crypto_hmac(
              CInt(algorithm.rawValue), key.baseAddress, key.count, first.baseAddress, first.count,
              second.baseAddress, second.count, output.baseAddress)
          }
        }
      }
    }
    return result
  }
}

/// Whether two tags, keys or fingerprints are the same, in time that depends on their length alone.
public func constantTimeEqual(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
  guard a.count == b.count else { return false }
  return unsafe a.withUnsafeBufferPointer { a in
    unsafe b.withUnsafeBufferPointer { b in
      unsafe crypto_equal(a.baseAddress, b.baseAddress, a.count) == 1
    }
  }
}
