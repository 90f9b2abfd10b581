import Bytes
import Cryptography
import DTLS
import DataChannel
import ICE
import RTP
import SCTP
import SDP
import SRTP
import STUN
import Time

extension PeerConnection {
  /// A second connection that goes on byte for byte as this one would: for replay, simulation and fuzzing. At most one
  /// of the two may reach a network. Throws `DTLS.UsageError.outOfMemory` where the providers have no memory for contexts.
  public func fork() throws(DTLS.UsageError) -> PeerConnection { try PeerConnection(forking: self) }

  private init(forking other: borrowing PeerConnection) throws(DTLS.UsageError) {
    self.configuration = other.configuration
    self.identity = other.identity
    self.random = other.random
    self.agent = other.agent
    self.dtls = try other.dtls?.fork()
    self.dtlsDeadline = other.dtlsDeadline
    self.recordHeadroom = other.recordHeadroom
    self.isAuthenticated = other.isAuthenticated
    self.channels = other.channels
    self.areChannelsStarted = other.areChannelsStarted
    self.media = other.media.map { Media(copying: $0) }
    do throws(SRTP.SRTPError) { self.srtp = try other.srtp?.fork() } catch { throw .outOfMemory }
    self.isMediaReady = other.isMediaReady
    self.mediaDeadline = other.mediaDeadline
    self.earlyMedia = other.earlyMedia
    self.isNegotiationNeeded = other.isNegotiationNeeded
    self.clock = other.clock
    self.signaling = other.signaling
    self.early = other.early
    self.events = other.events
    self.path = other.path
    self.localCandidates = other.localCandidates
    self.isGathered = other.isGathered
    self.isHandshakeStarted = other.isHandshakeStarted
    self.isClosing = other.isClosing
    self.connectionState = other.connectionState
    self.phase = other.phase
    self.failureReason = other.failureReason
    self.counters = other.counters
  }
}
