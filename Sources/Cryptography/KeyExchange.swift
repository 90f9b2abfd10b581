import Bytes
import CCrypto
import Time

/// One side of an elliptic-curve Diffie-Hellman exchange (RFC 7748, RFC 8422).
public struct KeyExchange: Sendable {
  /// The raw value is TLS's NamedCurve (RFC 8422 section 5.1.1).
  public enum Group: UInt16, Equatable, Sendable {
    case secp256r1 = 23
    case x25519 = 29

    /// Bytes of a public key: an uncompressed point, or an x-coordinate alone.
    public var publicKeyLength: Int { self == .x25519 ? 32 : 65 }
  }

  public let group: Group
  private var privateKey: InlineArray<32, UInt8>
  private var point: InlineArray<65, UInt8>

  /// Draws a key pair.
  public init(_ group: Group, random: inout SeededRandom) throws(CryptographyError) {
    while true {
      do throws(CryptographyError) {
        try self.init(group, privateKey: random.bytes())
        return
      } catch {
        guard error == .rejected else { throw error }  // one number in 2^32 is no P-256 key
      }
    }
  }

  /// Takes a private key: a big-endian number for P-256 (`.rejected` where it is not in 1..<n), any 32 bytes for X25519.
  public init(_ group: Group, privateKey: InlineArray<32, UInt8>) throws(CryptographyError) {
    self.group = group
    self.privateKey = privateKey
    self.point = InlineArray(repeating: 0)
    let key = self.privateKey.span
    var point = self.point.mutableSpan
    let code = unsafe key.withUnsafeBufferPointer { key in
      unsafe point.withUnsafeMutableBufferPointer { point in
        unsafe crypto_key_exchange_public(CInt(group.rawValue), key.baseAddress, point.baseAddress)
      }
    }
    if let error = CryptographyError(code: code) { throw error }
  }

  public var publicKey: Span<UInt8> {
    @_lifetime(borrow self) get { self.point.span.extracting(first: self.group.publicKeyLength) }
  }

  /// The shared secret. A point of the wrong length, off the curve or of small order is `.rejected`.
  public func sharedSecret(with peer: Span<UInt8>) throws(CryptographyError) -> InlineArray<32, UInt8> {
    var secret = InlineArray<32, UInt8>(repeating: 0)
    var output = secret.mutableSpan
    let key = self.privateKey.span
    let code = unsafe key.withUnsafeBufferPointer { key in
      unsafe peer.withUnsafeBufferPointer { peer in
        unsafe output.withUnsafeMutableBufferPointer { output in
          unsafe crypto_key_exchange_shared(
            CInt(self.group.rawValue), key.baseAddress, peer.baseAddress, peer.count, output.baseAddress)
        }
      }
    }
    if let error = CryptographyError(code: code) { throw error }
    return secret
  }
}
