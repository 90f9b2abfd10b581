import STUN
import Time

extension Agent {
  /// How an agent behaves. Every bound and interval can be changed; `Agent.init` refuses values out of range.
  public struct Configuration: Sendable {
    public var role: Role
    /// Ta, the pace of checks and of gathering (RFC 8445 section 14.2): 5...1000 ms.
    public var pacingInterval: Interval = .milliseconds(50)
    /// How long a check may stay unanswered before another is begun for its pair, where the round trip is not known:
    /// 20 ms...10 s; doubled from the third on. Each is a transaction of its own, so that its answer measures the round trip
    /// and a late answer to an earlier one still counts; RFC 8445 section 14.3's 500 ms bound is about repeating one.
    public var initialRTO: Interval = .milliseconds(200)
    /// Where the doubling ends: `initialRTO`...60 s.
    public var maximumRTO: Interval = .milliseconds(3_200)
    /// Unanswered checks after which a pair fails (RFC 8489's Rc): 1...30.
    public var maximumCheckAttempts: UInt8 = 7
    /// The bound on local and on remote candidates, each: 1...256.
    public var maximumCandidates: Int = 32
    /// The bound on the check list (RFC 8445 section 6.1.2.5): 1...1000.
    public var maximumPairs: Int = 100
    /// Between consent checks, randomised by 0.8...1.2 (RFC 7675 section 5.1): 5...20 s.
    public var consentInterval: Interval = .seconds(5)
    /// Without an answer to a consent check for so long, the agent fails (RFC 7675 section 5.1): 1 s or more. RFC 7675 allows 30 s;
    /// who waits longer goes on sending to a peer that may never have wanted it.
    public var consentTimeout: Interval = .seconds(30)
    /// Without any authenticated packet from the peer for so long, the agent is `disconnected`: 100 ms or more.
    public var disconnectedTimeout: Interval = .seconds(7)
    /// How long the controlling side waits for better pairs, once one is valid and better ones are still being checked.
    public var nominationDelay: Interval = .milliseconds(200)
    /// How long the agent looks for a first valid pair, counted from when it knew the remote credentials. Candidates may
    /// still trickle in and peer-reflexive ones be learned, so that failed pairs alone do not end it earlier (RFC 8863).
    public var checksTimeout: Interval = .seconds(30)
    /// Between checks of valid pairs that are not selected and of gathered mappings (RFC 8445 section 11, Tr): 1 s or more.
    public var keepaliveInterval: Interval = .seconds(15)
    /// The servers that tell reflexive addresses, at most 4.
    public var stunServers: [TransportAddress] = []
    /// Attempts for each server and base: 1...7.
    public var maximumGatheringAttempts: UInt8 = 4
    /// How long the first attempt waits for its answer, and each further one twice as long: 10 ms...10 s (RFC 8445 section 14.3 says
    /// 500 ms at least).
    public var gatheringTimeout: Interval = .milliseconds(500)

    public init(role: Role) { self.role = role }

    package var isValid: Bool {
      self.pacingInterval >= .milliseconds(5) && self.pacingInterval <= .seconds(1)
        && self.initialRTO >= .milliseconds(20) && self.initialRTO <= .seconds(10)
        && self.maximumRTO >= self.initialRTO && self.maximumRTO <= .seconds(60)
        && (1...30).contains(self.maximumCheckAttempts) && (1...256).contains(self.maximumCandidates)
        && (1...1000).contains(self.maximumPairs) && self.consentInterval >= .seconds(5)
        && self.consentInterval <= .seconds(20) && self.consentTimeout >= .seconds(1)
        && self.consentTimeout <= Self.longest && self.disconnectedTimeout >= .milliseconds(100)
        && self.keepaliveInterval >= .seconds(1) && self.stunServers.count <= 4
        && (1...7).contains(self.maximumGatheringAttempts) && self.gatheringTimeout >= .milliseconds(10)
        && self.gatheringTimeout <= .seconds(10)
    }

    /// 146 years, which added to any time of this one's clock make a time still.
    private static let longest = Interval(nanoseconds: 1 &<< 62)
  }
}
