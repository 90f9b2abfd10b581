import Bytes
import Cryptography

/// RFC 5246 section 7.4.1.3.
struct ServerHello {
  var version: UInt16 = 0
  var random = InlineArray<32, UInt8>(repeating: 0)
  var cipherSuite: UInt16 = 0
  var compression: UInt8 = 0
  var srtpProfile: UInt16?
  var hasMKI = false
  var hasExtendedMasterSecret = false
  /// An extension that no ClientHello of ours holds.
  var hasUnsolicitedExtension = false

  @inline(never)
  init(parsing body: Span<UInt8>) throws(WireError) {
    var cursor = SpanCursor(body)
    self.version = try cursor.read()
    let random = try cursor.readBytes(32)
    self.random = InlineArray { random[$0] }
    guard try cursor.readVector(1).count <= 32 else { throw .malformed }
    self.cipherSuite = try cursor.read()
    self.compression = try cursor.read()
    if cursor.isAtEnd { return }
    var extensions = SpanCursor(try cursor.readVector(2))
    try cursor.finish()
    while !extensions.isAtEnd {
      let type = try extensions.read(UInt16.self)
      try self.read(ExtensionType(rawValue: type), try extensions.readVector(2))
    }
  }

  private mutating func read(_ type: ExtensionType?, _ content: Span<UInt8>) throws(WireError) {
    var cursor = SpanCursor(content)
    switch type {
    case .useSRTP:
      let profiles = try readNumbers(try cursor.readVector(2))
      guard profiles.count == 1 else { throw .malformed }
      self.srtpProfile = profiles[0]
      self.hasMKI = try cursor.readVector(1).count > 0
    case .extendedMasterSecret:
      self.hasExtendedMasterSecret = true
    case .renegotiationInfo:
      guard try cursor.readVector(1).count == 0 else { throw .malformed }
    case .ecPointFormats, .supportedGroups:
      return  // some servers repeat their groups; it does no harm
    case .signatureAlgorithms, .supportedVersions, nil:
      self.hasUnsolicitedExtension = true
      return
    }
    try cursor.finish()
  }

  static func write(
    random: Span<UInt8>, negotiated: Negotiated, cipherSuite: CipherSuite, answering hello: ClientHello, sequence: UInt16
  ) -> [UInt8] {
    MessageWriter.message(.serverHello, sequence: sequence) { writer in
      writer.write(RecordHeader.dtls12)
      writer.write(random)
      writer.vector(1) { _ in }
      writer.write(cipherSuite.rawValue)
      writer.write(UInt8(0))
      writer.vector(2) { extensions in
        if hello.hasRenegotiationInfo {
          extensions.writeExtension(.renegotiationInfo) { content in content.vector(1) { _ in } }
        }
        if hello.hasExtendedMasterSecret { extensions.writeExtension(.extendedMasterSecret) { _ in } }
        if hello.hasPointFormats {
          extensions.writeExtension(.ecPointFormats) { content in content.vector(1) { $0.write(UInt8(0)) } }
        }
        if let profile = negotiated.srtpProfile {
          extensions.writeExtension(.useSRTP) { content in
            content.vector(2) { $0.write(profile.rawValue) }
            content.vector(1) { _ in }
          }
        }
      }
    }
  }
}
