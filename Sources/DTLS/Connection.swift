import Bytes
import Cryptography
import Time

/// One DTLS 1.2 association, as WebRTC uses it.
public struct Connection: ~Copyable, Sendable {
  public enum Phase: Equatable, Sendable {
    /// A client before `start`, a server before the first whole ClientHello.
    case idle
    case handshaking
    /// The peer has proved its key, but signalling has not told its fingerprint yet.
    case awaitingFingerprint
    case connected
    case closed
    case failed
  }

  let configuration: Configuration
  let identity: Identity
  public internal(set) var phase = Phase.idle
  public internal(set) var statistics = Statistics()

  /// Throws `.invalidConfiguration`.
  public init(
    configuration: Configuration, identity: Identity, random: SeededRandom, now: Instant
  ) throws(UsageError) {
    guard (128...16384).contains(configuration.maximumTransmissionUnit) else { throw .invalidConfiguration }
    self.configuration = configuration
    self.identity = identity
  }

  public var isConnected: Bool { self.phase == .connected }
  public var negotiatedCipherSuite: CipherSuite? { nil }
  public var negotiatedGroup: KeyExchange.Group? { nil }
  public var negotiatedSRTPProfile: SRTPProfile? { nil }
  public var usesExtendedMasterSecret: Bool { false }
  /// The SHA-256 fingerprint of the certificate that the peer sent.
  public var peerFingerprint: Fingerprint? { nil }

  /// As client: sends the ClientHello from here on. Nothing to a server, which answers whenever it is asked.
  public mutating func start(now: Instant) {}
  /// The fingerprints that signalling announced, of which one must match. May come late: the handshake then waits.
  public mutating func setRemoteFingerprints(_ fingerprints: [Fingerprint], now: Instant) {}
  /// How long the next flights wait for an answer, from what ICE has measured since.
  public mutating func setInitialTimeout(_ timeout: Interval) {}

  /// Processes ONE record at `offset` of the datagram and moves `offset` past it; returns where in the datagram
  /// decrypted application data lies, if the record brought some. Call until `offset == datagram.count`.
  public mutating func receive(
    _ datagram: inout MutableSpan<UInt8>, from offset: inout Int, now: Instant
  ) -> Range<Int>? {
    offset = datagram.count
    return nil
  }
  /// Application data that came before the handshake's end: writes one record's plaintext; false when there is no more.
  /// To be called after `.connected`.
  public mutating func receiveEarlyData(into writer: inout SpanWriter) -> Bool { false }

  /// What a record may put before its plaintext, in bytes: a header of 13, an explicit nonce of 8.
  public static var recordHeadroom: Int { 21 }
  /// What a record puts behind its plaintext: the tag.
  public static var recordTailroom: Int { 16 }
  /// Encrypts in place the plaintext that lies in `plaintext` of `buffer`, with `recordHeadroom` bytes before and
  /// `recordTailroom` behind it; returns the record's range.
  public mutating func seal(
    _ buffer: inout MutableSpan<UInt8>, plaintext: Range<Int>
  ) throws(UsageError) -> Range<Int> { throw .notConnected }

  public mutating func advance(to now: Instant) {}
  public var nextDeadline: Instant? { nil }
  /// Writes one datagram of handshake messages or alerts at `writer.count`; false when there is none.
  public mutating func pollTransmit(into writer: inout SpanWriter) -> Bool { false }
  public mutating func pollEvent() -> Event? { nil }

  /// Keying material for another protocol (RFC 5705), without a context.
  public func exportKeyingMaterial(
    label: StaticString, into output: inout MutableSpan<UInt8>
  ) throws(UsageError) { throw .notConnected }
  /// Keying material for another protocol (RFC 5705), bound to a context of at most 65,535 bytes.
  public func exportKeyingMaterial(
    label: StaticString, context: Span<UInt8>, into output: inout MutableSpan<UInt8>
  ) throws(UsageError) { throw .notConnected }

  /// Says close_notify and is done.
  public mutating func close() {}

  /// A second connection that goes on byte for byte as this one would.
  public func fork() throws(UsageError) -> Connection { throw .outOfMemory }
}
