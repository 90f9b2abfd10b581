import STUN
import Time

extension Agent {
  public enum State: UInt8, Sendable {
    /// No pair to check yet.
    case new
    case checking
    /// Some valid pair is in use; data may flow (RFC 8445 section 12.1). None is nominated yet.
    case connected
    /// The pair in use is the nominated one.
    case completed
    /// The pair in use went silent or its interface went away; every pair is being checked again.
    case disconnected
    /// No pair was found in time, or consent was lost (RFC 7675 section 5.1). Only `restart(now:)` leads out.
    case failed
    case closed
  }

  public enum UsageError: Error, Equatable, Sendable {
    case invalidConfiguration
    /// Already known for this session and different: `restart(now:)` begins another.
    case credentialsAlreadySet
    /// The bound on local or remote candidates is reached.
    case tooManyCandidates
    /// An unspecified or multicast address, a port 0, another component than 1.
    case invalidCandidate
    case closed
  }

  public enum Event: Equatable, Sendable {
    case stateChanged(State)
    /// To be signalled to the peer. After a restart all of them are reported again, for the new session.
    case localCandidate(Candidate)
    /// No more local candidates will come in this session: signal end-of-candidates (RFC 8838 section 13).
    case gatheringComplete
    /// Data is to be sent on this path from now on. Reported for the first usable pair, and again whenever another
    /// takes its place: when a nomination settles on a different one, a better one is found, or the path moves.
    case selectedPairChanged(local: TransportAddress, remote: TransportAddress)
    /// A role conflict was repaired by changing sides (RFC 8445 section 7.3.1.1).
    case roleChanged(Role)
  }

  /// Where a packet goes. `source` is the local base that it must leave from.
  public struct Transmit: Equatable, Sendable {
    public var source: TransportAddress
    public var destination: TransportAddress

    public init(source: TransportAddress, destination: TransportAddress) {
      self.source = source
      self.destination = destination
    }
  }

  public struct SelectedPair: Equatable, Sendable {
    public var local: TransportAddress
    public var remote: TransportAddress
    public var localKind: Candidate.Kind
    public var remoteKind: Candidate.Kind
    /// Smoothed; nil until measured.
    public var roundTrip: Interval?
  }

  public struct Statistics: Equatable, Sendable {
    public var checksSent: UInt64 = 0
    public var consentChecksSent: UInt64 = 0
    public var responsesSent: UInt64 = 0
    public var requestsReceived: UInt64 = 0
    public var responsesReceived: UInt64 = 0
    /// Packets that are no well-formed Binding message, or carry a wrong fingerprint.
    public var malformed: UInt64 = 0
    /// Requests to an address that is not a local base.
    public var misdirected: UInt64 = 0
    /// Requests answered with 400.
    public var badRequests: UInt64 = 0
    /// Requests answered with 401: wrong user name or integrity.
    public var unauthenticatedRequests: UInt64 = 0
    /// Requests answered with 420.
    public var unknownAttributes: UInt64 = 0
    /// Requests answered with 487 and such answers received.
    public var roleConflicts: UInt64 = 0
    /// Responses with an identifier that is not outstanding.
    public var unmatchedResponses: UInt64 = 0
    /// Responses without valid integrity, or to gathering from elsewhere than the server.
    public var unauthenticatedResponses: UInt64 = 0
    /// Responses from or to another address than the request's (RFC 8445 section 7.2.5.2.1).
    public var asymmetricResponses: UInt64 = 0
    /// Responses never sent: the queue or the caller's buffer was full.
    public var droppedResponses: UInt64 = 0
    /// Candidates that were signalled after the end of candidates.
    public var lateCandidates: UInt64 = 0
    /// Checks from new addresses that the bounds left no room for.
    public var refusedCandidates: UInt64 = 0
  }
}
