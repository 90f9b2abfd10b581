import Bytes
import STUN
import Time

/// A full ICE agent for one data stream with one component over UDP (RFC 8445, RFC 8838, RFC 7675).
///
/// The driver adds its local addresses, signals the candidates that events report, and passes on what the peer
/// signalled. It gives every STUN datagram to `receive`, sends what `pollTransmit` writes, and calls `advance` at
/// `nextDeadline`. After each of these calls it polls transmits and events until nil.
///
/// Three loops run inside. *Checks*: a check list in the order of priority, from which one check is begun every Ta;
/// checks that the peer's checks trigger go first. Each check is a transaction of its own, and stays answerable when
/// later ones follow. *Nomination*: the first valid pair is used at once; the controlling side nominates the best one
/// as soon as no better is pending, or after a short wait. *Consent*: the selected path is asked every five seconds;
/// silence leads to `disconnected`, where every pair is checked again, and then to `failed`.
public struct Agent: Sendable {
  @usableFromInline enum Timer: Int, Sendable { case checks, consent, liveness, consentExpiry, nomination, checksTimeout, gathering }
  enum Notice: Sendable {
    case state(State)
    case selected(local: TransportAddress, remote: TransportAddress)
    case role(Role)
  }

  static let maximumTransactions = 128
  static let maximumResponses = 16
  static let maximumEarlyChecks = 8
  static let maximumNotices = 32
  /// No two checks may be sent closer than this (RFC 8445 section 14.2).
  static let checkFloor = Interval.milliseconds(5)

  let configuration: Configuration
  public internal(set) var localCredentials: Credentials
  public internal(set) var role: Role
  public internal(set) var state = State.new
  public internal(set) var statistics = Statistics()

  var random: SeededRandom
  var tieBreaker: UInt64
  var now: Instant
  @usableFromInline var timers = TimerTable<Timer, 7>()

  var remoteCredentials: Credentials?
  var previousLocalCredentials: Credentials?
  var previousRemoteCredentials: Credentials?

  var locals: [Candidate] = []
  var remotes: [Candidate] = []
  var gatherings: [Gathering] = []
  var areLocalAddressesComplete = false
  var areRemoteCandidatesComplete = false
  var lastGathering = Instant.zero

  /// The check list, highest priority first.
  @usableFromInline var pairs: [Pair] = []
  var lastPairID: UInt32 = 0
  var lastTicket: UInt32 = 0
  var lastCheck: Instant?
  /// Whether the last ordinary check repeated an unanswered one; new and repeated checks take turns.
  var didRepeatLast = false
  @usableFromInline var selection: Selection?
  /// Every pair is being checked again since then.
  var recoveringSince: Instant?
  /// A pair without an answer since then is not chosen.
  var freshSince = Instant.zero
  /// A nominated pair that takes over unless the selected one answers; 0 where there is none.
  var challenger: UInt32 = 0

  var transactions: [Transaction] = []
  var dueTransactions = 0
  var responses: [PendingResponse] = []
  @usableFromInline var earlyChecks: [EarlyCheck] = []

  var notices: [Notice] = []
  /// How many of `locals` were reported.
  var reportedLocals = 0
  var didReportGatheringComplete = false

  /// Makes an agent with fresh credentials. Throws `invalidConfiguration` for values out of their ranges.
  public init(configuration: Configuration, random: SeededRandom, now: Instant) throws(UsageError) {
    guard configuration.isValid else { throw .invalidConfiguration }
    self.init(checked: configuration, random: random, now: now)
  }

  /// As `init(configuration:)`, with a configuration that is known to be valid.
  package init(checked configuration: Configuration, random: SeededRandom, now: Instant) {
    self.configuration = configuration
    self.random = random
    self.localCredentials = Credentials(random: &self.random)
    self.tieBreaker = self.random.next()
    self.role = configuration.role
    self.now = now
  }

  public var isRemoteCredentialsSet: Bool { self.remoteCredentials != nil }

  /// The path that data is to take; nil before the first valid pair and after failure.
  public var selectedPair: SelectedPair? {
    guard let selection = self.selection else { return nil }
    return SelectedPair(
      local: selection.local, remote: selection.remote, localKind: selection.localKind,
      remoteKind: selection.remoteKind, roundTrip: selection.roundTrip == .zero ? nil : selection.roundTrip)
  }

  /// Whether the peer consents to be sent data on the selected pair (RFC 7675 section 5.1).
  @inlinable public var mayConsentSend: Bool { self.selection != nil }

  /// When `advance(to:)` has something to do; after it has, always later than its `now`.
  @inlinable public var nextDeadline: Instant? { self.timers.next }

  @inline(__always) var isOver: Bool { self.state == .closed || self.state == .failed }

  /// Sets the role before checks begin, or when signalling settles it later; checks then continue in the new role.
  public mutating func setRole(_ role: Role) {
    guard role != self.role, self.state != .closed else { return }
    self.changeRole(to: role)
    self.settle(self.now)
  }

  /// Whether a packet that came this way may be taken as the peer's: on the selected pair, a valid one, or one on which
  /// an authenticated check was received, so that DTLS may begin before our own check is answered.
  @inlinable @inline(__always) public func accepts(from remote: TransportAddress, to local: TransportAddress) -> Bool {
    if let selection = self.selection, selection.remote == remote, selection.local == local { return true }
    return Self.isKnown(remote, local, self.pairs, self.earlyChecks)
  }

  /// Without `self`: whatever is handed a whole agent to look at gets a copy, and this is asked for every datagram.
  @usableFromInline
  static func isKnown(
    _ remote: TransportAddress, _ local: TransportAddress, _ pairs: [Pair], _ earlyChecks: [EarlyCheck]
  ) -> Bool {
    for i in pairs.indices
    where (pairs[i].isValid || pairs[i].wasChecked) && pairs[i].remote == remote && pairs[i].local == local { return true }
    for check in earlyChecks where check.remote == remote && check.local == local { return true }
    return false
  }

  /// Ends the agent: nothing is sent or received any more.
  public mutating func close() {
    guard self.state != .closed else { return }
    self.stop()
    self.earlyChecks.removeAll()
    self.gatherings.removeAll()
    self.setState(.closed)
  }

  /// The next event, until nil.
  public mutating func pollEvent() -> Event? {
    if self.reportedLocals < self.locals.count {
      self.reportedLocals &+= 1
      return .localCandidate(self.locals[self.reportedLocals &- 1])
    }
    if !self.didReportGatheringComplete, self.isGatheringComplete {
      self.didReportGatheringComplete = true
      return .gatheringComplete
    }
    guard !self.notices.isEmpty else { return nil }
    switch self.notices.removeFirst() {
    case .state(let state): return .stateChanged(state)
    case .selected(let local, let remote): return .selectedPairChanged(local: local, remote: remote)
    case .role(let role): return .roleChanged(role)
    }
  }

  mutating func notify(_ notice: Notice) {
    // A caller that never polls loses the oldest news, not memory.
    if self.notices.count == Self.maximumNotices { self.notices.removeFirst() }
    self.notices.append(notice)
  }

  mutating func setState(_ state: State) {
    guard state != self.state else { return }
    self.state = state
    self.notify(.state(state))
  }

  /// Forgets all that could send or wait.
  mutating func stop() {
    self.selection = nil
    self.recoveringSince = nil
    self.pairs.removeAll()
    self.transactions.removeAll()
    self.dueTransactions = 0
    self.responses.removeAll()
    self.timers = TimerTable()
  }
}
