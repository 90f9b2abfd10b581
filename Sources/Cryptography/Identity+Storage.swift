import Bytes
import CCrypto

extension SigningKey {
  /// The key itself, as a 32-byte big-endian number: to store an identity, or to record a session. Keep it secret.
  public var privateKey: InlineArray<32, UInt8> {
    var key = InlineArray<32, UInt8>(repeating: 0)
    var span = key.mutableSpan
    unsafe span.withUnsafeMutableBufferPointer { unsafe crypto_signer_private_key(self.context.pointer, $0.baseAddress) }
    return key
  }
}

extension Identity {
  /// An identity that was stored; `.rejected` where the certificate is not one for the key.
  public init(privateKey: Span<UInt8>, certificate: [UInt8]) throws(CryptographyError) {
    let key = try SigningKey(privateKey: privateKey)
    guard case .secp256r1(let certified)? = try? Certificate.publicKey(of: certificate.span) else { throw .rejected }
    let own = key.publicKey
    guard bytesEqual(certified.span, own.span) else { throw .rejected }
    self.key = key
    self.certificate = certificate
  }
}
