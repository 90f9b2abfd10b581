import Bytes
import Cryptography
import DTLS
import DataChannel
import ICE
import SCTP
import SDP
import STUN
import Time

#if Audio
import RTP
import SRTP
#endif

/// One peer: ICE, DTLS, SCTP, data channels, SRTP and RTP behind a single set of verbs.
///
/// It performs no I/O. A host tells it what arrived (`receive`), what time it is (`advance`), and what the user
/// and the signalling channel want; then it drains four things until each returns nil: `pollTransmit` for
/// datagrams, `pollEvent` for events, `receiveMessage` for messages, `receiveFrame` for audio and video. `nextDeadline` says when to call `advance`
/// again. Draining late delays; it never breaks or loses what was accepted. A peer's faults never throw: they are
/// counted in `statistics`, or end the connection with an event that says why.
///
///     makeOffer ─→ signalling ─→ setRemoteDescription(offer) · makeAnswer
///                                        │
///      datagrams ─→ first byte (RFC 7983): 0–3 ICE · 20–63 DTLS ─→ SCTP ─→ data channels
///                                          · 128–191 SRTP ─→ RTP and RTCP ─→ frames
///
/// A value that owns C contexts cannot be copied; `fork()` makes a second one that goes on byte for byte as this
/// one would. At most one of the forks may ever reach a network, for both would use the same nonces.
public struct PeerConnection: ~Copyable {
  @usableFromInline var storage: Indirect<Core>
  /// Exists once the DTLS role is known, that is with the answer.
  var dtls: Indirect<DTLS.Connection>?
  #if Audio
  /// The keys of audio and video, once the handshake has made them.
  var srtp: SRTP.Session?
  #endif

  /// - Parameters:
  ///   - identity: the certificate and key this peer proves itself with; peers may share one.
  ///   - seed: all randomness of this peer. Secret and fresh for every peer that reaches a network.
  @inline(never)
  public init(
    configuration: Configuration, identity: Identity, seed: SeededRandom.Seed, now: Instant
  ) throws(UsageError) {
    guard configuration.ice.isValid, configuration.dtls.isValid, configuration.channels.isValid else { throw .configuration }
    #if Audio
    guard configuration.rtp.isValid, configuration.srtp.isValid else { throw .configuration }
    #endif
    self.storage = Indirect { Core.make(configuration, identity: identity, random: SeededRandom(seed: seed), now: now) }
    self.dtls = nil
    #if Audio
    self.srtp = nil
    #endif
  }
}
