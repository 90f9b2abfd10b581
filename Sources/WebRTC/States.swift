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

/// W3C RTCPeerConnectionState.
public enum ConnectionState: UInt8, Equatable, Sendable {
  case new, connecting, connected, disconnected, failed, closed
}

/// Where a connection stands in its life, in the steps that firmware written for esp_peer knows. What happens to
/// channels is told by events of their own.
public enum Phase: UInt8, Equatable, Sendable {
  /// Over, by either side's wish.
  case closed
  /// The path is lost; consent may still return (RFC 7675).
  case disconnected
  /// Created; nothing exchanged yet.
  case newConnection
  /// Local candidates are being gathered.
  case candidateGathering
  /// Connectivity checks run.
  case pairing
  /// A candidate pair works.
  case paired
  /// The DTLS handshake runs.
  case connecting
  /// Both sides are authenticated; data may flow.
  case connected
  /// Over, with a `FailureReason`.
  case connectFailed
}

/// W3C RTCSignalingState, without provisional answers.
public enum SignalingState: UInt8, Equatable, Sendable {
  case stable, haveLocalOffer, haveRemoteOffer, closed
}

/// Why a connection failed.
public enum FailureReason: Equatable, Sendable {
  /// No candidate pair worked, or consent expired and no other pair did.
  case ice
  case dtls(DTLS.Failure)
  case sctp(SCTP.Association.CloseReason)
  /// The SRTP session could not be made: out of memory.
  case srtp
}

extension PeerConnection {
  public enum Event: Equatable, Sendable {
    case connectionStateChanged(ConnectionState)
    case phaseChanged(Phase)
    case iceStateChanged(ICE.Agent.State)
    case signalingStateChanged(SignalingState)
    /// A candidate to be signalled (trickle, RFC 8838); `Candidate.write(into:)` makes its text.
    case localCandidate(Candidate)
    case gatheringComplete
    case selectedPairChanged(local: TransportAddress, remote: TransportAddress)
    /// Precedes the change to `failed`. After `.ice` a restart may mend the connection; every other reason is final.
    case failed(FailureReason)
    /// The SCTP association is up: channels can carry data.
    case dataChannelsConnected
    /// A channel can carry messages; `remote` tells whether the peer opened it.
    case channelOpened(Channel, remote: Bool)
    case channelClosed(Channel)
    case bufferedAmountLow(Channel)
    /// A `send` was refused with `wouldBlock`; the send buffer has room again.
    case writable
    /// Something changed that the peer has to hear of: make an offer when it suits (W3C negotiationneeded).
    case negotiationNeeded
    #if Audio
    /// The peer's description has a track that we receive (W3C track).
    case trackAdded(Transceiver)
    /// It has it no more, or we do not receive it.
    case trackRemoved(Transceiver)
    /// The first packet of a stream has come, and says what it is. A track may have several, one after another or at once.
    case streamAdded(Transceiver, ssrc: UInt32, Codec)
    /// The stream said BYE, fell silent for long, or is received no more.
    case streamRemoved(Transceiver, ssrc: UInt32)
    /// The peer cannot go on without a key frame (PLI or FIR, RFC 4585 section 6.3.1, RFC 5104 section 4.3.1).
    case keyFrameRequested(Transceiver)
    /// How much the peer estimates that it can receive (REMB), over all streams.
    case bandwidthEstimated(bitsPerSecond: UInt64)
    #endif
  }

  /// The caller's own mistakes.
  public enum UsageError: Error, Equatable, Sendable {
    /// The call does not fit the signalling state (an answer without an offer, for one).
    case wrongState
    /// `close` was called, or the connection failed for good.
    case closed
    case configuration
    /// The writer has no room for the description.
    case noRoom
  }

  /// Why a remote description or candidate was refused; the connection is as it was before.
  public enum DescriptionError: Error, Equatable, Sendable {
    case usage(UsageError)
    case malformed(SDPError)
    /// The description changes what cannot change in a live session, the peer's certificate for one.
    case incompatible
  }
}

/// Where a datagram leaves from and goes to.
public struct Transmit: Equatable, Sendable {
  /// One of the addresses that `addLocalAddress` told.
  public var source: TransportAddress
  public var destination: TransportAddress

  public init(source: TransportAddress, destination: TransportAddress) {
    self.source = source
    self.destination = destination
  }
}
