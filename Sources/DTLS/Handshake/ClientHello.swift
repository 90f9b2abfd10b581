import Bytes
import Cryptography

/// What a server reads from a ClientHello (RFC 5246 section 7.4.1.2, RFC 6347 section 4.2.1). Browsers offer much more, and in
/// more than one datagram.
struct ClientHello {
  var version: UInt16 = 0
  var random = InlineArray<32, UInt8>(repeating: 0)
  var cookie: [UInt8] = []
  var cipherSuites: [UInt16] = []
  /// Nil where the extension is absent, which allows any (RFC 8422 section 4).
  var groups: [UInt16]?
  var srtpProfiles: [UInt16] = []
  var allowsOurSignature = false
  var hasPointFormats = false
  var acceptsUncompressedPoints = true
  var acceptsNullCompression = false
  var hasExtendedMasterSecret = false
  var hasRenegotiationInfo = false
  /// Whether supported_versions, where present, names DTLS 1.2.
  var acceptsDTLS12 = true

  @inline(never)
  init(parsing body: Span<UInt8>) throws(WireError) {
    var cursor = SpanCursor(body)
    self.version = try cursor.read()
    let random = try cursor.readBytes(32)
    self.random = InlineArray { random[$0] }
    guard try cursor.readVector(1).count <= 32 else { throw .malformed }  // session_id: nothing is resumed
    self.cookie = arrayCopy(try cursor.readVector(1))
    self.cipherSuites = try readNumbers(try cursor.readVector(2))
    guard !self.cipherSuites.isEmpty else { throw .malformed }
    let compressions = try cursor.readVector(1)
    for i in compressions.indices where compressions[i] == 0 { self.acceptsNullCompression = true }
    // TLS_EMPTY_RENEGOTIATION_INFO_SCSV, RFC 5746 section 3.3.
    self.hasRenegotiationInfo = self.cipherSuites.contains(0x00FF)
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
    case .supportedGroups:
      self.groups = try readNumbers(try cursor.readVector(2))
    case .ecPointFormats:
      self.hasPointFormats = true
      self.acceptsUncompressedPoints = false
      let formats = try cursor.readVector(1)
      for i in formats.indices where formats[i] == 0 { self.acceptsUncompressedPoints = true }
    case .signatureAlgorithms:
      self.allowsOurSignature = try SignatureAlgorithm.listAllowsOurs(try cursor.readVector(2))
    case .useSRTP:
      self.srtpProfiles = try readNumbers(try cursor.readVector(2))
      _ = try cursor.readVector(1)  // an MKI: not used here, and so not answered (RFC 5764 section 4.1.3)
    case .extendedMasterSecret:
      self.hasExtendedMasterSecret = true
    case .supportedVersions:
      self.acceptsDTLS12 = try readNumbers(try cursor.readVector(1)).contains(RecordHeader.dtls12)
    case .renegotiationInfo:
      self.hasRenegotiationInfo = true
      // Not empty: a renegotiation, on what must be a first handshake (RFC 5746 section 3.6).
      guard try cursor.readVector(1).count == 0 else { throw .malformed }
    case nil: return
    }
    try cursor.finish()
  }

  static func write(
    _ configuration: Connection.Configuration, random: Span<UInt8>, cookie: [UInt8], sequence: UInt16
  ) -> [UInt8] {
    MessageWriter.message(.clientHello, sequence: sequence) { writer in
      writer.write(RecordHeader.dtls12)
      writer.write(random)
      writer.vector(1) { _ in }
      writer.vector(1) { $0.write(cookie) }
      writer.vector(2) { for suite in configuration.cipherSuites { $0.write(suite.rawValue) } }
      writer.vector(1) { $0.write(UInt8(0)) }
      writer.vector(2) { extensions in
        extensions.writeExtension(.supportedGroups) { content in
          content.vector(2) { for group in configuration.groups { $0.write(group.rawValue) } }
        }
        extensions.writeExtension(.ecPointFormats) { content in content.vector(1) { $0.write(UInt8(0)) } }
        extensions.writeExtension(.signatureAlgorithms) { SignatureAlgorithm.writeVerified(into: &$0) }
        extensions.writeExtension(.extendedMasterSecret) { _ in }
        extensions.writeExtension(.renegotiationInfo) { content in content.vector(1) { _ in } }
        if !configuration.srtpProfiles.isEmpty {
          extensions.writeExtension(.useSRTP) { content in
            content.vector(2) { for profile in configuration.srtpProfiles { $0.write(profile.rawValue) } }
            content.vector(1) { _ in }
          }
        }
      }
    }
  }
}

/// A list of 16-bit numbers that fills the span.
func readNumbers(_ list: Span<UInt8>) throws(WireError) -> [UInt16] {
  var cursor = SpanCursor(list)
  var numbers: [UInt16] = []
  while !cursor.isAtEnd { numbers.append(try cursor.read()) }
  return numbers
}
