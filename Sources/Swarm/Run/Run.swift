import Bytes
import STUN
import Simulator
import Time
import WebRTC

/// A scenario on its way through a world: performs the time line, plays the owners of all peers, and looks for violations at every
/// step. It ends at the first one, or when everything has healed.
///
/// What the run knows lies in `state`, a value, so that a run can be forked together with its world.
public final class Run {
  enum Phase { case active, healing, probing, quiet, done }

  public let scenario: Scenario
  public let world: World
  var state: State
  public internal(set) var violation: Violation?

  struct State {
    var phase = Phase.active
    var agenda = Agenda()
    var hosts: [HostState] = []
    var pairs: [PairState] = []
    var peers: [PeerState] = []
    /// By channel number and side: 0 for the pair's offerer.
    var messages: [MessageLedger] = []
    var frames: [FrameLedger] = []
    var steps = 0
    var stepsAtInstant = 0
    var lastInstant = Instant.zero
    var healedAt = Instant.zero
    var quietUntil = Instant.zero
    var extensions = 0
    var probesAfter = Instant.zero
    var random: SeededRandom
    var messagesDelivered = 0
    var framesDelivered = 0
    var misuses = 0
    var nextChannel = 10_000
    var stunServers: [TransportAddress] = []
    var nats: [NATID] = []
    var partitions: [(id: PartitionID, host: Int)] = []
  }

  /// A second run that goes on as this one would.
  var fork: Run?
  let start: Instant
  let isRecording: Bool
  var capturesDatagrams = false
  /// To be done once everything that happens at this instant has been.
  var isForkDue = false
  private let isFork: Bool

  /// Virtual time without convergence after which it is given up.
  static let healingLimit = Interval.seconds(150)
  static let stepLimit = 400_000
  static let stepsAtInstantLimit = 20_000

  public init(_ scenario: Scenario, isRecording: Bool = false) {
    self.scenario = scenario
    self.isRecording = isRecording
    self.isFork = false
    self.world = World(seed: scenario.seed)
    self.start = self.world.now
    self.state = State(random: SeededRandom(seed: .init(scenario.seed ^ 0x72756e)))
    self.capturesDatagrams = scenario.steps.contains { if case .inject = $0.action { true } else { false } }
    self.build()
    self.watch()
    for (index, step) in scenario.steps.enumerated() { self.state.agenda.add(.step(index), at: self.time(step.at)) }
    self.state.agenda.add(.heal, at: self.time(scenario.healsAt))
    if let at = scenario.forksAt { self.state.agenda.add(.fork, at: self.time(min(at, scenario.healsAt))) }
  }

  private init(forking other: Run) throws(PeerForkError) {
    self.scenario = other.scenario
    self.isRecording = false
    self.isFork = true
    self.world = try other.world.fork()
    self.start = other.start
    self.state = other.state
    self.violation = other.violation
    self.capturesDatagrams = other.capturesDatagrams
    self.watch()
  }

  private func makeFork() {
    self.isForkDue = false
    do throws(PeerForkError) { self.fork = try Run(forking: self) } catch {
      self.fail(.forkDiffers, "the world cannot be forked")
    }
  }

  private func watch() {
    self.world.onTransmit = { [unowned self] peer, path, bytes in self.noteTransmit(peer.index, path, bytes) }
    self.world.onDeliver = { [unowned self] peer, path, bytes in self.noteDelivery(peer.index, path, bytes) }
  }

  // MARK: Time

  var now: Instant { self.world.now }
  func time(_ milliseconds: Int) -> Instant { self.start + .milliseconds(UInt32(clamping: milliseconds)) }
  var elapsed: Double { Double((self.now - self.start).nanoseconds) / 1e6 }

  /// To the end, or to the first violation.
  public func run() {
    if !self.isFork { self.settleAll() }
    while self.violation == nil, self.state.phase != .done { self.turn() }
    self.world.onTransmit = nil
    self.world.onDeliver = nil
    guard let fork = self.fork else { return }
    self.fork = nil
    fork.run()
    self.compare(with: fork)
  }

  private func compare(with fork: Run) {
    if let mine = self.violation {
      guard fork.violation?.kind != mine.kind else { return }
      self.violation = Violation(.forkDiffers, at: mine.at, "the fork did not show: \(mine)")
    } else if let other = fork.violation {
      self.violation = Violation(.forkDiffers, at: other.at, "in the fork alone: \(other)")
    } else if fork.world.outputHash != self.world.outputHash {
      self.fail(.forkDiffers, "the outputs of the fork differ")
    }
  }

  private func turn() {
    let worldNext = self.world.nextInstant ?? .distantFuture
    let agendaNext = self.state.agenda.next ?? .distantFuture
    guard min(worldNext, agendaNext) < .distantFuture else {
      self.fail(.timeStandsStill, "nothing more will happen")
      return
    }
    if worldNext <= agendaNext {
      self.world.step()
      for peer in self.world.active { self.settle(peer.index) }
      self.countStep()
    } else {
      self.world.run(until: agendaNext)
      while self.violation == nil, let item = self.state.agenda.popFirst(by: self.now) { self.perform(item) }
      self.settleAll()
      self.checkCounters()
      if self.isForkDue { self.makeFork() }
    }
  }

  private func countStep() {
    self.state.steps += 1
    if self.now == self.state.lastInstant {
      self.state.stepsAtInstant += 1
      if self.state.stepsAtInstant > Self.stepsAtInstantLimit {
        self.fail(.timeStandsStill, "\(self.state.stepsAtInstant) steps at one instant")
      }
    } else {
      self.state.lastInstant = self.now
      self.state.stepsAtInstant = 0
    }
    if self.state.steps > Self.stepLimit { self.fail(.timeStandsStill, "more than \(Self.stepLimit) steps") }
    if self.world.statistics.staleDeadlines > 0 {
      self.fail(.deadlineNotInFuture, "after `advance`, peers \(self.world.active.map(\.index))")
    }
    if self.state.steps & 63 == 0 { self.checkCounters() }
  }

  // MARK: Findings

  func fail(_ kind: Violation.Kind, peer: Int? = nil, _ detail: String) {
    guard self.violation == nil else { return }
    self.violation = Violation(kind, at: self.elapsed, peer: peer, detail)
  }

  func fail(_ violation: Violation?, peer: Int) {
    guard self.violation == nil, var violation else { return }
    violation.at = self.elapsed
    violation.peer = peer
    self.violation = violation
  }
}
