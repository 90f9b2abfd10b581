import Bytes
import Time

/// X.509 (RFC 5280) as far as WebRTC needs it: a certificate is a public key in a coat, trusted for its fingerprint
/// alone (RFC 8827 section 6.5).
public enum Certificate {
  /// When a certificate is valid, in seconds since 1970. Peers do not look (RFC 8827), tools do.
  public struct Validity: Sendable {
    public var notBefore: Int64
    public var notAfter: Int64
    public init(notBefore: Int64, notAfter: Int64) {
      self.notBefore = notBefore
      self.notAfter = notAfter
    }
    /// 2000 to 2049: for hosts that do not know the date.
    public static var always: Validity { Validity(notBefore: 946_684_800, notAfter: 2_524_607_999) }
  }

  /// A self-signed P-256 certificate in DER, about 280 bytes: version 3, no extensions.
  public static func selfSigned(
    _ key: SigningKey, commonName: Span<UInt8>, validity: Validity, random: inout SeededRandom
  ) throws(CryptographyError) -> [UInt8] {
    var serial: InlineArray<8, UInt8> = random.bytes()
    serial[0] = serial[0] & 0x3F | 0x40  // positive, and always of eight bytes (RFC 5280 section 4.1.2.2)
    let point = key.publicKey
    var signed = DERWriter()
    signed.sequence { certificate in
      certificate.element(DER.version) { $0.unsignedInteger([UInt8(2)].span) }
      certificate.unsignedInteger(serial.span)
      writeSignatureAlgorithm(&certificate)
      writeName(commonName, &certificate)
      certificate.sequence {
        writeTime(validity.notBefore, &$0)
        writeTime(validity.notAfter, &$0)
      }
      writeName(commonName, &certificate)
      certificate.sequence { information in
        information.sequence {
          $0.objectIdentifier(DER.ecPublicKey)
          $0.objectIdentifier(DER.secp256r1)
        }
        information.bitString { $0.raw(point.span) }
      }
    }
    let signature = try key.signature(of: Hash.sha256(signed.bytes.span))
    var whole = DERWriter()
    whole.sequence { certificate in
      certificate.raw(signed.bytes.span)
      writeSignatureAlgorithm(&certificate)
      certificate.bitString { $0.raw(signature.span) }
    }
    // It is kept for long: without the room that it grew into.
    return arrayCopy(whole.bytes.span)
  }

  /// The key that a certificate holds. Its names, dates, extensions and its own signature say nothing about a WebRTC
  /// peer and are passed over, within their bounds.
  public static func publicKey(of certificate: Span<UInt8>) throws(WireError) -> PublicKey {
    var file = DERReader(certificate)
    var outer = DERReader(try file.read(DER.sequence))
    try file.finish()
    var body = DERReader(try outer.read(DER.sequence))
    if body.nextTag == DER.version { try body.skip() }
    _ = try body.read(DER.integer)  // serial number
    _ = try body.read(DER.sequence)  // signature algorithm
    _ = try body.read(DER.sequence)  // issuer
    _ = try body.read(DER.sequence)  // validity
    _ = try body.read(DER.sequence)  // subject
    let information = try body.read(DER.sequence)
    while !body.isAtEnd { try body.skip() }  // unique identifiers and extensions
    _ = try outer.read(DER.sequence)
    _ = try outer.readBitString()
    try outer.finish()
    return try PublicKey(subjectPublicKeyInfo: information)
  }

  private static func writeSignatureAlgorithm(_ writer: inout DERWriter) {
    writer.sequence { $0.objectIdentifier(DER.ecdsaWithSHA256) }
  }

  private static func writeName(_ commonName: Span<UInt8>, _ writer: inout DERWriter) {
    let commonName = arrayCopy(commonName)
    writer.sequence { name in
      name.element(DER.set) { set in
        set.sequence {
          $0.objectIdentifier(DER.commonName)
          $0.element(DER.utf8String, bytes: commonName.span)
        }
      }
    }
  }

  /// UTCTime up to 2049, GeneralizedTime from then on (RFC 5280 section 4.1.2.5).
  private static func writeTime(_ seconds: Int64, _ writer: inout DERWriter) {
    let (days, time) = seconds.quotientAndRemainder(dividingBy: 86400)
    // Days to a civil date, in years that begin in March, so that the leap day comes last.
    let shifted = max(days, 0) &+ 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let march = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * march + 2) / 5 + 1
    let month = march < 10 ? march + 3 : march - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let isUTCTime = year < 2050
    writer.element(isUTCTime ? DER.utcTime : DER.generalizedTime) { writer in
      if !isUTCTime { writeTwoDigits(year / 100, &writer) }
      writeTwoDigits(year % 100, &writer)
      writeTwoDigits(month, &writer)
      writeTwoDigits(day, &writer)
      writeTwoDigits(max(time, 0) / 3600, &writer)
      writeTwoDigits(max(time, 0) / 60 % 60, &writer)
      writeTwoDigits(max(time, 0) % 60, &writer)
      writer.raw([UInt8(ascii: "Z")].span)
    }
  }

  private static func writeTwoDigits(_ number: Int64, _ writer: inout DERWriter) {
    writer.raw([UInt8(ascii: "0") &+ UInt8(number / 10 % 10), UInt8(ascii: "0") &+ UInt8(number % 10)].span)
  }
}
