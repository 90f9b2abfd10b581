import Bytes

/// The hash of a certificate (RFC 8122 section 5).
public struct Fingerprint: Equatable, Sendable {
  /// MD2 and MD5 are no members: RFC 8122 forbids them, so a fingerprint of theirs counts as absent.
  public enum Algorithm: Equatable, Sendable {
    case sha1, sha224, sha256, sha384, sha512
  }

  public var algorithm: Algorithm
  /// As long as the algorithm's output.
  public var bytes: [UInt8]

  public init(algorithm: Algorithm, bytes: [UInt8]) {
    self.algorithm = algorithm
    self.bytes = bytes
  }
}

extension Fingerprint.Algorithm {
  /// The output's length in bytes.
  public var length: Int {
    switch self {
    case .sha1: 20
    case .sha224: 28
    case .sha256: 32
    case .sha384: 48
    case .sha512: 64
    }
  }

  var name: StaticString {
    switch self {
    case .sha1: "sha-1"
    case .sha224: "sha-224"
    case .sha256: "sha-256"
    case .sha384: "sha-384"
    case .sha512: "sha-512"
    }
  }

  /// Hash function names are compared without regard to case (RFC 8122 section 5).
  init?(_ text: Span<UInt8>, in range: Range<Int>) {
    if text.matchesIgnoringCase("sha-256", in: range) {
      self = .sha256
    } else if text.matchesIgnoringCase("sha-384", in: range) {
      self = .sha384
    } else if text.matchesIgnoringCase("sha-512", in: range) {
      self = .sha512
    } else if text.matchesIgnoringCase("sha-224", in: range) {
      self = .sha224
    } else if text.matchesIgnoringCase("sha-1", in: range) {
      self = .sha1
    } else {
      return nil
    }
  }
}

extension Fingerprint {
  /// Nil for a hash function that is unknown or forbidden. Lower-case digits are taken too, although the grammar
  /// has capitals only.
  static func parse(_ text: Span<UInt8>, in range: Range<Int>) throws(SDPError.Reason) -> Fingerprint? {
    var rest = range
    guard let name = text.nextToken(of: &rest), let value = text.nextToken(of: &rest) else {
      throw .malformedFingerprint
    }
    guard let algorithm = Algorithm(text, in: name) else { return nil }
    var bytes: [UInt8] = []
    var i = value.lowerBound
    while true {
      guard i &+ 2 <= value.upperBound, let high = text[i].hexadecimalValue, let low = text[i &+ 1].hexadecimalValue
      else { throw .fingerprintNotHexadecimal }
      guard bytes.count < algorithm.length else { throw .fingerprintOfWrongLength }
      bytes.append(high &<< 4 | low)
      i &+= 2
      if i == value.upperBound { break }
      guard text[i] == Span<UInt8>.colon else { throw .fingerprintNotHexadecimal }
      i &+= 1
    }
    guard bytes.count == algorithm.length else { throw .fingerprintOfWrongLength }
    return Fingerprint(algorithm: algorithm, bytes: bytes)
  }

  func write(into writer: inout SpanWriter) {
    writer.write(self.algorithm.name)
    var separator: UInt8 = Span<UInt8>.space
    for byte in self.bytes {
      writer.write(separator)
      writer.write(Self.digit(byte &>> 4))
      writer.write(Self.digit(byte & 15))
      separator = Span<UInt8>.colon
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 &+ value : 0x37 &+ value }
}
