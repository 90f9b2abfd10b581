import Bytes
import CSRTP

/// SRTP and SRTCP of one DTLS association, both directions (RFC 3711, 5764, 7714), by libsrtp2.
///
/// Packets are changed in place. Per packet nothing is allocated here, except once for each new SSRC. What a peer does
/// wrong is refused and counted. An unauthenticated packet changes nothing but a counter.
///
/// Buffers should begin at a multiple of four: libsrtp2 reads words, and some devices read none elsewhere.
///
/// libsrtp2 neither copies a session nor tells its state, so the session keeps what a copy needs: the highest packet index
/// of each SSRC, the SRTCP index, and the replay windows. See `fork()`.
@safe
public struct Session: ~Copyable, @unchecked Sendable {
  /// Bytes of room that protection needs behind a packet, for any profile: a tag and, for RTCP, an index.
  public static let tailroom = 20
  /// No RTP or RTCP packet is longer than a UDP datagram.
  static let maximumSize = 65_535

  public let profile: ProtectionProfile
  public let configuration: Configuration
  public internal(set) var statistics = Statistics()

  let context: OpaquePointer
  var sending = SendStreams()
  var receiving: ReceiveStreams

  /// - Parameters:
  ///   - keyingMaterial: what the DTLS exporter gave for "EXTRACTOR-dtls_srtp": client key, server key, client salt,
  ///     server salt (RFC 5764 section 4.2), `profile.keyingMaterialLength` bytes in all.
  ///   - isDTLSClient: the client's key protects what this side sends.
  public init(
    profile: ProtectionProfile, keyingMaterial: Span<UInt8>, isDTLSClient: Bool, configuration: Configuration = .init()
  ) throws(SRTPError) {
    guard configuration.isValid else { throw .invalidConfiguration }
    guard keyingMaterial.count == profile.keyingMaterialLength else { throw .invalidKeyingMaterial }
    let key = profile.keyLength
    let salt = profile.saltLength
    let localKey = isDTLSClient ? 0 : key
    let remoteKey = key &- localKey
    let localSalt = 2 &* key &+ (isDTLSClient ? 0 : salt)
    let remoteSalt = 2 &* key &+ (isDTLSClient ? salt : 0)
    let replayWindow = (configuration.replayWindow &+ 63) & ~63
    let repeatWindow = (configuration.repeatWindow &+ 63) & ~63
    let context = unsafe keyingMaterial.withUnsafeBufferPointer { bytes -> OpaquePointer? in
      guard let base = bytes.baseAddress else { return nil }
      return unsafe csrtp_create(
        CInt(profile.rawValue), base + localKey, base + localSalt, base + remoteKey, base + remoteSalt, key, salt,
        replayWindow, repeatWindow)
    }
    guard let context = unsafe context else { throw .unavailable }
    unsafe self.context = context
    self.profile = profile
    self.configuration = configuration
    self.receiving = ReceiveStreams(window: replayWindow)
  }

  init(
    context: OpaquePointer, profile: ProtectionProfile, configuration: Configuration, statistics: Statistics,
    sending: SendStreams, receiving: ReceiveStreams
  ) {
    unsafe self.context = context
    self.profile = profile
    self.configuration = configuration
    self.statistics = statistics
    self.sending = sending
    self.receiving = receiving
  }

  deinit { unsafe csrtp_free(self.context) }
}
