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

extension PeerConnection {
  /// Everything of a connection that can be copied. It lies in a place of its own, for it is large.
  @usableFromInline
  struct Core {
    fileprivate let settings: Shared<Configuration>
    var configuration: Configuration { self.settings.value }
    let identity: Identity
    var random: SeededRandom
    @usableFromInline var agent: ICE.Agent
    @usableFromInline var channels: DataChannels
    var areChannelsStarted = false
    #if Audio
    /// Audio and video, once there is any.
    var media: Media?
    var isMediaReady = false
    #endif
    /// What the DTLS connection and the RTP session say of themselves: asking them costs more.
    @usableFromInline var dtlsDeadline: Instant?
    #if Audio
    @usableFromInline var mediaDeadline: Instant?
    #endif
    var recordHeadroom = 0
    var isAuthenticated = false
    /// Whether something changed that the peer has to hear of in a description.
    var isNegotiationNeeded = false
    /// The latest time that the host told: packets are stamped with it when they are written.
    var clock: Instant
    var signaling: Signaling
    var early: EarlyDatagrams
    #if Audio
    var earlyMedia: EarlyDatagrams
    #endif
    var events = EventRing<Event>(capacity: 64)
    /// The pair in use; nil until one works.
    var path: Transmit?
    /// Those told by events since the last ICE restart.
    var localCandidates: [Candidate] = []
    var isGathered = false
    var isHandshakeStarted = false
    /// What is left to do after `close` and after a final failure: the peer is told, then there is silence.
    @usableFromInline var isClosing = false
    var connectionState = ConnectionState.new
    var phase = Phase.newConnection
    var failureReason: FailureReason?
    var counters = Counters()

    /// By way of the memberwise initialiser: one with a body would build the value up in a place of its own and move it then.
    @inline(__always)
    static func make(_ configuration: Configuration, identity: Identity, random: SeededRandom, now: Instant) -> Core {
      var random = random
      let agent = ICE.Agent(checked: configuration.ice, random: random.split(), now: now)
      let channels = DataChannels(checked: configuration.channels, isDTLSClient: nil, random: random.split(), now: now)
      let signaling = Signaling(random: &random)
      #if Audio
      return Core(
        settings: Shared(configuration), identity: identity, random: random, agent: agent, channels: channels, clock: now,
        signaling: signaling, early: EarlyDatagrams(capacity: configuration.maximumEarlyDatagrams),
        earlyMedia: EarlyDatagrams(capacity: configuration.maximumEarlyDatagrams))
      #else
      return Core(
        settings: Shared(configuration), identity: identity, random: random, agent: agent, channels: channels, clock: now,
        signaling: signaling, early: EarlyDatagrams(capacity: configuration.maximumEarlyDatagrams))
      #endif
    }
  }

  @usableFromInline var core: Core {
    @inline(__always) unsafeAddress { unsafe self.storage.address }
    @inline(__always) unsafeMutableAddress { unsafe self.storage.mutableAddress }
  }

  public var configuration: Configuration { self.core.configuration }
  public var connectionState: ConnectionState { self.core.connectionState }
  public var phase: Phase { self.core.phase }
  /// Why the connection is in the state `failed`.
  public var failureReason: FailureReason? { self.core.failureReason }
  public var counters: Counters { self.core.counters }
  /// Whether something changed that the peer has to hear of in a description (W3C negotiationneeded).
  public var isNegotiationNeeded: Bool { self.core.isNegotiationNeeded }
}
