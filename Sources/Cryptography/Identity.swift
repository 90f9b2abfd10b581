import Bytes
import Time

/// A private key and its self-signed certificate. Costs a millisecond or two to make; share one among peers.
public struct Identity: Sendable {
  public let key: SigningKey
  /// In DER.
  public let certificate: [UInt8]

  /// Draws a key and writes a certificate for it.
  public init(random: inout SeededRandom, validity: Certificate.Validity = .always) throws(CryptographyError) {
    self.key = try SigningKey(random: &random)
    let name: [UInt8] = [
      UInt8(ascii: "W"), UInt8(ascii: "e"), UInt8(ascii: "b"), UInt8(ascii: "R"), UInt8(ascii: "T"), UInt8(ascii: "C"),
    ]
    self.certificate = try Certificate.selfSigned(self.key, commonName: name.span, validity: validity, random: &random)
  }

  /// A key and a certificate that were kept. Nothing checks that they belong together; peers will.
  public init(key: SigningKey, certificate: [UInt8]) {
    self.key = key
    self.certificate = certificate
  }

  /// What signalling announces.
  public var fingerprint: Fingerprint { Fingerprint(.sha256, of: self.certificate.span) }
}
