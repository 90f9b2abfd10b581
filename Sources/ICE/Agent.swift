import Bytes
import STUN
import Time

/// A full ICE agent for one data stream with one component over UDP (RFC 8445, RFC 8838, RFC 7675).
public struct Agent: Sendable {
  public enum State: UInt8, Sendable {
    case new, checking, connected, completed, disconnected, failed, closed
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
    case localCandidate(Candidate)
    case gatheringComplete
    case selectedPairChanged(local: TransportAddress, remote: TransportAddress)
    case roleChanged(Role)
  }

  public struct Transmit: Equatable, Sendable {
    public var source: TransportAddress
    public var destination: TransportAddress
  }

  public struct SelectedPair: Equatable, Sendable {
    public var local: TransportAddress
    public var remote: TransportAddress
    public var localKind: Candidate.Kind
    public var remoteKind: Candidate.Kind
    public var roundTrip: Interval?
  }

  public private(set) var localCredentials: Credentials
  public private(set) var role: Role
  public private(set) var state = State.new
  let configuration: Configuration

  public init(configuration: Configuration, random: SeededRandom, now: Instant) throws(UsageError) {
    guard configuration.isValid else { throw .invalidConfiguration }
    var random = random
    self.localCredentials = Credentials(random: &random)
    self.role = configuration.role
    self.configuration = configuration
  }

  public var isRemoteCredentialsSet: Bool { false }
  public var selectedPair: SelectedPair? { nil }
  public var mayConsentSend: Bool { false }
  public var nextDeadline: Instant? { nil }
  public mutating func setRole(_ role: Role) { self.role = role }
  public mutating func setRemoteCredentials(_ credentials: Credentials, now: Instant) throws(UsageError) {}
  public mutating func addLocalAddress(_ base: TransportAddress, localPreference: UInt16, now: Instant) throws(UsageError) {}
  public mutating func removeLocalAddress(_ base: TransportAddress, now: Instant) {}
  public mutating func localAddressesComplete(now: Instant) {}
  public mutating func addRemoteCandidate(_ candidate: Candidate, now: Instant) throws(UsageError) {}
  public mutating func remoteCandidatesComplete(now: Instant) {}
  public mutating func receive(_ packet: Span<UInt8>, from remote: TransportAddress, to local: TransportAddress, now: Instant) {}
  public mutating func didReceiveData(from remote: TransportAddress, to local: TransportAddress, now: Instant) {}
  public func accepts(from remote: TransportAddress, to local: TransportAddress) -> Bool { false }
  public mutating func restart(now: Instant) {}
  public mutating func close() { self.state = .closed }
  public mutating func advance(to now: Instant) {}
  public mutating func pollTransmit(into writer: inout SpanWriter) -> Transmit? { nil }
  public mutating func pollEvent() -> Event? { nil }
}
