import Bytes
import CESPPeer
import Cryptography
import Time

/// The certificate that peers of one process share. It is kept as bytes, in C: every peer makes its own objects of it, in its own memory.
enum SharedIdentity {
  /// Nil where there is no randomness, or no memory.
  static func take() -> Identity? {
    if let kept = Self.load() { return kept }
    guard var random = SeededRandom.fromSystem(), let made = try? Identity(random: &random) else { return nil }
    let key = made.key.privateKey
    unsafe key.span.withUnsafeBufferPointer { key in
      unsafe made.certificate.withUnsafeBufferPointer { certificate in
        unsafe swift_peer_share_identity(key.baseAddress, certificate.baseAddress, certificate.count)
      }
    }
    // Another thread may have been faster: then its certificate is the one.
    return Self.load() ?? made
  }

  private static func load() -> Identity? {
    var key = InlineArray<32, UInt8>(repeating: 0)
    var certificate = [UInt8](repeating: 0, count: Int(SWIFT_PEER_CERTIFICATE_SIZE))
    var keySpan = key.mutableSpan
    let size = unsafe keySpan.withUnsafeMutableBufferPointer { key in
      unsafe certificate.withUnsafeMutableBufferPointer { certificate in
        unsafe swift_peer_shared_identity(key.baseAddress, certificate.baseAddress)
      }
    }
    guard size > 0 else { return nil }
    certificate.removeLast(certificate.count &- size)
    return try? Identity(privateKey: key.span, certificate: certificate)
  }
}

extension SeededRandom {
  /// Seeded by the system; nil where it has no randomness, without which there can be no keys.
  static func fromSystem() -> SeededRandom? {
    guard let seed = SeededRandom.Seed.fromSystem() else { return nil }
    return SeededRandom(seed: seed)
  }
}

extension SeededRandom.Seed {
  static func fromSystem() -> SeededRandom.Seed? {
    var bytes = InlineArray<32, UInt8>(repeating: 0)
    var span = bytes.mutableSpan
    let result = unsafe span.withUnsafeMutableBufferPointer { unsafe port_random($0.baseAddress, $0.count) }
    guard result == CInt(PORT_OK) else { return nil }
    return SeededRandom.Seed(bytes: bytes)
  }
}
