import Bytes
import DTLS
import DataChannel
import ICE
import SCTP
import Time

extension PeerConnection {
  /// Everything tunable about a peer. The defaults suit a server or a desktop; every buffer and time-out is in
  /// one of the layers' own configurations.
  public struct Configuration: Sendable {
    /// Candidates, checks, nomination and consent (RFC 8445, 7675). The ICE role is set by the offer/answer
    /// exchange (RFC 8445 section 6.1.1), whatever stands here.
    public var ice = ICE.Agent.Configuration()
    /// Handshake timers, MTU and SRTP profiles. The DTLS role is set by `a=setup` (RFC 8842), whatever stands here.
    public var dtls = DTLS.Connection.Configuration()
    /// Buffers, windows and retransmission of the SCTP association.
    public var sctp = SCTP.Association.Configuration()
    /// How many data channels may exist at a time, those opened by the peer included.
    public var maximumChannels = 1024
    /// As answerer to `a=setup:actpass`: take the active role (DTLS client), as RFC 8842 section 5.3 recommends.
    public var answersActive = true
    /// Datagrams kept that arrive before the remote description or before ICE has validated their path.
    public var maximumEarlyDatagrams = 16

    public init() {}
  }
}
