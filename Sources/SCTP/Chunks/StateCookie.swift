import Bytes
import Cryptography
import Time

/// All that INIT ACK promises, kept by the peer instead of by us (RFC 9260 section 5.1.3): an INIT costs no memory.
/// The layout is ours alone; HMAC-SHA256 over it comes last.
struct StateCookie: Equatable, Sendable {
  static let size = bodySize &+ macSize
  private static let bodySize = 44
  private static let macSize = 32

  var issuedAt: Instant
  /// What we promised: our tag and our first TSN.
  var localTag: UInt32
  var localInitialTSN: UInt32
  var peer: EndpointParameters
  /// The tags of the association that existed then, 0 if none did (section 5.2.2).
  var localTieTag: UInt32
  var peerTieTag: UInt32

  init(
    issuedAt: Instant, localTag: UInt32, localInitialTSN: UInt32, peer: EndpointParameters, localTieTag: UInt32,
    peerTieTag: UInt32
  ) {
    self.issuedAt = issuedAt
    self.localTag = localTag
    self.localInitialTSN = localInitialTSN
    self.peer = peer
    self.localTieTag = localTieTag
    self.peerTieTag = peerTieTag
  }

  private static func mac(_ key: InlineArray<32, UInt8>, of body: Span<UInt8>) -> InlineArray<32, UInt8> {
    HMAC.sha256(key: key.span, body, body.extracting(0..<0))
  }

  func write(key: InlineArray<32, UInt8>, into writer: inout SpanWriter) {
    let start = writer.count
    writer.write(self.issuedAt.nanoseconds)
    writer.write(self.localTag)
    writer.write(self.localInitialTSN)
    writer.write(self.peer.tag)
    writer.write(self.peer.receiveWindow)
    writer.write(self.peer.initialTSN)
    writer.write(self.peer.outboundStreams)
    writer.write(self.peer.inboundStreams)
    writer.write(self.localTieTag)
    writer.write(self.peerTieTag)
    writer.write(
      UInt32(self.peer.supportsForwardTSN ? 1 : 0) | (self.peer.supportsReconfig ? 2 : 0)
        | (self.peer.acceptsZeroChecksum ? 4 : 0))
    guard !writer.overflowed else { return }
    let mac = Self.mac(key, of: writer.bytes(in: start..<writer.count))
    writer.write(mac.span)
  }

  /// Throws where the cookie is not ours, bit for bit.
  init(parsing bytes: Span<UInt8>, key: InlineArray<32, UInt8>) throws(WireError) {
    guard bytes.count == Self.size else { throw .malformed }
    let body = bytes.extracting(0..<Self.bodySize)
    let mac = Self.mac(key, of: body)
    guard constantTimeEqual(mac.span, bytes.extracting(Self.bodySize..<Self.size)) else { throw .malformed }
    var cursor = SpanCursor(body)
    self.issuedAt = Instant(nanoseconds: try cursor.read())
    self.localTag = try cursor.read()
    self.localInitialTSN = try cursor.read()
    self.peer = EndpointParameters()
    self.peer.tag = try cursor.read()
    self.peer.receiveWindow = try cursor.read()
    self.peer.initialTSN = try cursor.read()
    self.peer.outboundStreams = try cursor.read()
    self.peer.inboundStreams = try cursor.read()
    self.localTieTag = try cursor.read()
    self.peerTieTag = try cursor.read()
    let features = try cursor.read(UInt32.self)
    self.peer.supportsForwardTSN = features & 1 != 0
    self.peer.supportsReconfig = features & 2 != 0
    self.peer.acceptsZeroChecksum = features & 4 != 0
  }
}
