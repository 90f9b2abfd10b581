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
  /// Counts of this layer; they wrap.
  public struct Counters: Equatable, Sendable {
    public var datagramsReceived: UInt64 = 0
    public var bytesReceived: UInt64 = 0
    public var datagramsSent: UInt64 = 0
    public var bytesSent: UInt64 = 0
    /// Datagrams of no protocol spoken here.
    public var unknownDatagrams: UInt32 = 0
    /// Datagrams of a live session that came on a path which ICE knows nothing of.
    public var unacceptedDatagrams: UInt32 = 0
    /// Candidates from the peer that are malformed, of another transport, or too many.
    public var ignoredCandidates: UInt32 = 0
    public var ignoredLocalAddresses: UInt32 = 0
    public var sealFailures: UInt32 = 0
  }

  /// All layers' numbers at one moment (in the spirit of W3C getStats).
  public struct Statistics: Sendable {
    public var counters: Counters
    public var ice: ICE.Agent.Statistics
    public var dtls: DTLS.Statistics
    public var sctp: SCTP.Association.Statistics
    public var selectedPair: ICE.Agent.SelectedPair?
    /// Datagrams that came before they could be judged and found no room.
    public var droppedEarlyDatagrams: UInt32
    #if Audio
    /// Nil before there is any media.
    public var srtp: SRTP.Statistics?
    public var rtp: RTP.Session.Statistics?
    #endif
  }

  public var statistics: Statistics {
    let dtls: DTLS.Statistics
    switch self.dtls {
    case .some(let connection): dtls = connection.value.statistics
    case .none: dtls = DTLS.Statistics()
    }
    var result = Statistics(
      counters: self.core.counters, ice: self.core.agent.statistics, dtls: dtls,
      sctp: self.core.channels.statistics, selectedPair: self.core.agent.selectedPair,
      droppedEarlyDatagrams: self.core.early.dropped)
    #if Audio
    result.droppedEarlyDatagrams &+= self.core.earlyMedia.dropped
    switch self.srtp {
    case .some(let session): result.srtp = session.statistics
    case .none: break
    }
    result.rtp = self.core.media?.session.statistics
    #endif
    return result
  }

  public var iceState: ICE.Agent.State { self.core.agent.state }
  public var signalingState: SignalingState { self.core.signaling.state }
  /// The pair in use; nil until one works.
  public var selectedPair: ICE.Agent.SelectedPair? { self.core.agent.selectedPair }
  /// The user name fragment by which a shared socket tells this peer's checks from others'.
  public var localUfrag: [UInt8] { self.core.agent.localCredentials.ufrag }

  /// Whether ICE has authenticated a packet from `remote` to `local`: a shared socket may give this peer what comes that way.
  public func accepts(from remote: TransportAddress, to local: TransportAddress) -> Bool {
    self.core.agent.accepts(from: remote, to: local)
  }
}
