/// Everything that a swarm run does, as data: the world, the peers and their configurations, and a time line of calls and
/// faults. A seed draws one; a file holds one (`.rtcsim`, JSON); running it twice gives the same bytes.
///
/// Times are in milliseconds from the start, probabilities in parts per million. What refers to a host, a NAT, a peer or a
/// pair does so by its place in the list. Entries that refer to what is not there are passed over, so that a scenario
/// stays runnable whatever is taken out of it.
public struct Scenario: Codable, Equatable, Sendable {
  /// Seeds the world and the peers.
  public var seed: UInt64
  public var hosts: [HostPlan]
  public var nats: [NATPlan] = []
  public var peers: [PeerPlan]
  public var pairs: [PairPlan]
  /// In order of time.
  public var steps: [Step] = []
  /// When all faults end and healing begins.
  public var healsAt: Int
  /// When the world is forked; both lines must go on alike.
  public var forksAt: Int?
  /// Whether the run is repeated from the start to compare the outputs.
  public var isRepeated = false

  public init(seed: UInt64, hosts: [HostPlan], peers: [PeerPlan], pairs: [PairPlan], healsAt: Int) {
    self.seed = seed
    self.hosts = hosts
    self.peers = peers
    self.pairs = pairs
    self.healsAt = healsAt
  }
}

/// A machine with its own addresses, and how it is connected.
public struct HostPlan: Codable, Equatable, Sendable {
  public var hasV4 = true
  public var hasV6 = false
  public var nat: Int?
  /// Of each direction of the access link.
  public var link = LinkPlan()
  public init() {}
}

/// How a link treats datagrams; the default is perfect.
public struct LinkPlan: Codable, Equatable, Sendable {
  public var preset: Preset?
  public var delay = 0
  public var jitter = 0
  public var loss = 0
  public var burst = 1
  public var duplication = 0
  public var reordering = 0
  public var corruption = 0
  /// Bits a second and bytes; 0: no limit.
  public var rate = 0
  public var queue = 0
  /// Datagrams that are larger vanish; 0: none do.
  public var mtu = 0
  public init() {}

  public enum Preset: String, Codable, CaseIterable, Sendable { case lan, wifi, lte, satellite, congested }

  /// Whether datagrams may get lost, late or damaged in it, beyond a delay.
  var isPerfect: Bool {
    (self.preset == nil || self.preset == .lan) && self.loss == 0 && self.corruption == 0 && self.rate == 0 && self.mtu == 0
      && self.jitter == 0 && self.reordering == 0
  }
}

/// A NAT that hosts stand behind. The three levels of both behaviours: 0 endpoint-independent, 1 address-dependent,
/// 2 address- and port-dependent (RFC 4787).
public struct NATPlan: Codable, Equatable, Sendable {
  public var mapping = 0
  public var filtering = 0
  public var hairpins = false
  /// Seconds for which a binding that is not used lives.
  public var bindingTimeout = 120
  public init() {}
}

/// One peer connection.
public struct PeerPlan: Codable, Equatable, Sendable {
  public var host: Int
  /// Which of the swarm's key pairs proves it.
  public var identity = 0
  public var usesSTUN = false
  public var knobs: [Knob] = []
  public init(host: Int) { self.host = host }
}

/// Two peers that talk to each other.
public struct PairPlan: Codable, Equatable, Sendable {
  /// Makes the first offer.
  public var offerer: Int
  public var answerer: Int
  public var trickle = Trickle.full
  /// One way.
  public var signalingDelay = 0
  /// Every candidate is signalled twice.
  public var repeatsCandidates = false
  /// Candidates that make no sense come along.
  public var addsBogusCandidates = false
  /// Candidates come so much later than descriptions.
  public var candidateDelay = 0
  /// The offerer gives way when offers cross.
  public var isOffererPolite = true
  public init(offerer: Int, answerer: Int) {
    self.offerer = offerer
    self.answerer = answerer
  }

  public enum Trickle: String, Codable, CaseIterable, Sendable {
    case full
    /// The offerer gathers first, the answerer trickles.
    case half
    /// Descriptions wait until all candidates are known.
    case none
  }
}

/// Something that happens at a time.
public struct Step: Codable, Equatable, Sendable {
  public var at: Int
  public var action: Action
  public init(at: Int, _ action: Action) {
    self.at = at
    self.action = action
  }
}
