import STUN
import Time

/// A line of the check list (RFC 8445 section 6.1.2): a local base and a remote address.
///
/// A reflexive local candidate never makes a pair of its own: it would be the same packets from the same base as its
/// host candidate's pair, and be pruned (section 6.1.2.4). So pairs are identified by what packets show.
@usableFromInline struct Pair: Sendable {
  enum State: UInt8, Sendable { case frozen, waiting, inProgress, succeeded, failed }

  let id: UInt32
  let local: TransportAddress
  let remote: TransportAddress
  var localPriority: UInt32
  var remotePriority: UInt32
  /// Changes when a check shows which candidate the peer sees.
  var localKind: Candidate.Kind
  var remoteKind: Candidate.Kind
  var foundation: UInt64
  var priority: UInt64 = 0
  var state = State.frozen
  /// The pair's place in the triggered-check queue (RFC 8445 section 6.1.4.1); 0 where it is not in it.
  var ticket: UInt32 = 0
  /// Checks begun since the last answer.
  var attempts: UInt8 = 0
  /// When the next check of this pair is due by itself.
  var nextAttempt = Instant.distantFuture
  /// All checks of a round stayed unanswered; the pair may have another round, but gives way to others.
  var isExhausted = false
  /// The peer refused it, or it is asymmetric: more checks would not help.
  var isRefused = false
  /// Whether the pair is in the valid list: a check succeeded and nothing since took that back.
  var isValid = false
  /// Controlling: checks carry USE-CANDIDATE until one of them is answered.
  var isNominating = false
  /// Controlled: the peer nominated the pair before it was valid (RFC 8445 section 7.3.1.5).
  var isNominationPending = false
  var isNominated = false
  /// Controlled: when the peer's last USE-CANDIDATE for this pair came.
  var nominatedAt = Instant.zero
  /// An authenticated check was received on this path.
  var wasChecked = false
  var lastResponse = Instant.zero
  var lastReceived = Instant.zero
  /// Smoothed; zero until measured.
  var roundTrip = Interval.zero

  /// It may give its place in a full list to a better one, unless it is the selected one.
  var isReplaceable: Bool { !self.isValid && self.ticket == 0 && (self.isExhausted || self.state != .inProgress) }

  init(id: UInt32, local: Candidate, remote: Candidate) {
    self.id = id
    self.local = local.base
    self.remote = remote.address
    self.localPriority = local.priority
    self.remotePriority = remote.priority
    self.localKind = local.kind
    self.remoteKind = remote.kind
    self.foundation = UInt64(local.foundation.digest) &<< 32 | UInt64(remote.foundation.digest)
  }

  /// RFC 8445 section 6.1.2.3: 2^32 * min(G, D) + 2 * max(G, D) + (G > D ? 1 : 0), G being the controlling side's.
  mutating func computePriority(role: Role) {
    let g = UInt64(role == .controlling ? self.localPriority : self.remotePriority)
    let d = UInt64(role == .controlling ? self.remotePriority : self.localPriority)
    self.priority = min(g, d) &<< 32 &+ 2 &* max(g, d) &+ (g > d ? 1 : 0)
  }

  /// RFC 8489 section 6.2.1 smooths as RFC 6298 does.
  mutating func measured(_ sample: Interval) {
    self.roundTrip = self.roundTrip == .zero ? max(sample, .microseconds(1)) : (self.roundTrip * 7 + sample) / 8
  }
}

/// A request that may still be answered.
struct Transaction: Sendable {
  enum Purpose: UInt8, Sendable { case check, consent, gathering }

  let id: TransactionID
  let purpose: Purpose
  let local: TransportAddress
  let remote: TransportAddress
  let sentAt: Instant
  /// Of a check.
  var pairID: UInt32 = 0
  var role = Role.controlling
  var usesCandidate = false
  var priority: UInt32 = 0
  /// Made with the credentials from before the last restart.
  var isPrevious = false
  /// Waits for `pollTransmit`.
  var isDue = true
}

/// A response that waits for `pollTransmit`.
struct PendingResponse: Sendable {
  var id: TransactionID
  var local: TransportAddress
  var remote: TransportAddress
  /// 0 for success.
  var code: UInt16
  var unknown = UnknownAttributes()
  var isPrevious = false
}

/// A check that came before the credentials of the peer's session were known (RFC 8445 section 7.3).
@usableFromInline struct EarlyCheck: Sendable {
  var local: TransportAddress
  var remote: TransportAddress
  var priority: UInt32
  var useCandidate: Bool
  /// Tells for which remote session the check was made.
  var ufragDigest: UInt32
}

/// The path that data takes, kept apart from the check list so that it outlives a restart.
@usableFromInline struct Selection: Sendable {
  @usableFromInline var local: TransportAddress
  @usableFromInline var remote: TransportAddress
  var localKind: Candidate.Kind
  var remoteKind: Candidate.Kind
  /// 0 once the check list that it came from is gone.
  var pairID: UInt32
  var priority: UInt64
  var isNominated: Bool
  /// Chosen in the session before the last restart.
  var isPrevious = false
  var lastResponse: Instant
  var lastReceived: Instant
  var roundTrip: Interval
}

/// Asking one STUN server for the mapping of one base.
struct Gathering: Sendable {
  let base: TransportAddress
  let localPreference: UInt16
  let server: TransportAddress
  var attempts: UInt8 = 0
  var isDone = false
  var next: Instant
}

/// Removes what matches and keeps the order; the standard library's `removeAll(where:)` is several times the code.
func remove<Element>(from array: inout [Element], where matches: (Element) -> Bool) {
  var i = 0
  while i < array.count {
    if matches(array[i]) { array.remove(at: i) } else { i &+= 1 }
  }
}
