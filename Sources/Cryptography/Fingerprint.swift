import Bytes

/// The hash of a certificate that signalling carries (RFC 8122 section 5).
public struct Fingerprint: Equatable, Sendable {
  public enum Algorithm: Equatable, Sendable {
    case sha256
    case sha384
    case sha512

    /// Bytes of the hash.
    public var length: Int {
      switch self {
      case .sha256: 32
      case .sha384: 48
      case .sha512: 64
      }
    }

    /// As SDP names it.
    public var name: StaticString {
      switch self {
      case .sha256: "sha-256"
      case .sha384: "sha-384"
      case .sha512: "sha-512"
      }
    }

    /// From SDP, in either case of letters. Weaker hashes are not known here.
    public init?(name: Span<UInt8>) {
      guard name.count == 7 else { return nil }
      for candidate in [Algorithm.sha256, .sha384, .sha512] {
        var equal = true
        for i in 0..<7 {
          let byte = name[i]
          let lowered = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
          if unsafe lowered != candidate.name.utf8Start[i] { equal = false }
        }
        if equal {
          self = candidate
          return
        }
      }
      return nil
    }
  }

  public let algorithm: Algorithm
  private var storage: InlineArray<64, UInt8>

  /// Nil where the number of bytes is not the algorithm's.
  public init?(_ algorithm: Algorithm, bytes: Span<UInt8>) {
    guard bytes.count == algorithm.length else { return nil }
    self.algorithm = algorithm
    self.storage = InlineArray { $0 < bytes.count ? bytes[$0] : 0 }
  }

  /// The fingerprint of a certificate in DER.
  public init(_ algorithm: Algorithm, of certificate: Span<UInt8>) {
    self.algorithm = algorithm
    switch algorithm {
    case .sha256:
      let digest = Hash.sha256(certificate)
      self.storage = InlineArray { $0 < 32 ? digest[$0] : 0 }
    case .sha384:
      let digest = Hash.sha384(certificate)
      self.storage = InlineArray { $0 < 48 ? digest[$0] : 0 }
    case .sha512:
      self.storage = Hash.sha512(certificate)
    }
  }

  public var bytes: Span<UInt8> {
    @_lifetime(borrow self) get { self.storage.span.extracting(first: self.algorithm.length) }
  }

  public static func == (a: Fingerprint, b: Fingerprint) -> Bool {
    a.algorithm == b.algorithm && constantTimeEqual(a.storage.span, b.storage.span)
  }

  /// Whether the certificate has this fingerprint.
  public func matches(_ certificate: Span<UInt8>) -> Bool { self == Fingerprint(self.algorithm, of: certificate) }
}
