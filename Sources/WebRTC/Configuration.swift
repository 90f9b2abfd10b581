import Bytes
import DTLS
import DataChannel
import ICE
import SDP
import Time

#if Audio
import RTP
import SRTP
#endif

extension PeerConnection {
  /// Everything tunable about a peer. The defaults suit a server or a desktop; every buffer and time-out is in
  /// one of the layers' own configurations.
  public struct Configuration: Sendable {
    /// Candidates, checks, nomination and consent (RFC 8445, 7675). The ICE role is set by the offer/answer
    /// exchange (RFC 8445 section 6.1.1), whatever stands here.
    public var ice = ICE.Agent.Configuration(role: .controlled)
    /// Handshake timers, MTU and SRTP profiles. The DTLS role is set by `a=setup` (RFC 8842), whatever stands here.
    public var dtls = DTLS.Connection.Configuration(role: .server)
    /// Bounds on channels, and the buffers, windows and retransmission of the SCTP association below them.
    public var channels = DataChannels.Configuration()
    /// As answerer to `a=setup:actpass`: take the active role (DTLS client), as RFC 8842 section 5.3 recommends.
    public var answersActive = true
    /// Datagrams kept that arrive before the remote description or before ICE has validated their path.
    public var maximumEarlyDatagrams = 16
    /// An offer of ours has a section for data channels from the beginning. Where false it has one once a channel was opened.
    public var offersDataChannels = true
    /// A section for data channels that the peer offers is taken. Where false it is rejected.
    public var acceptsDataChannels = true
    #if Audio
    /// What audio sections of ours offer and take.
    public var audio = MediaCapabilities.audio
    public var video = MediaCapabilities.video
    /// Media that the peer offers and that no transceiver of ours waits for is received, as W3C's connections do: there is a
    /// `trackAdded` event, and the host takes the frames. Where false it is rejected.
    public var receivesOfferedMedia = true
    /// Packet sizes, pacing, repair, reports, jitter buffers, and the bounds of each.
    public var rtp = RTP.Session.Configuration()
    /// Replay windows, and how many streams there may be.
    public var srtp = SRTP.Configuration()
    #endif

    public init() {
      #if Audio
      self.dtls.srtpProfiles = [.aeadAES128GCM, .aeadAES256GCM, .aes128CMHMACSHA1_80]
      #endif
    }
  }
}

/// What never changes, in one place for all copies: it is large, and would be moved with everything that holds it.
final class Shared<Value: Sendable>: Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
