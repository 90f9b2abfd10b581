/// Makes a failing scenario smaller while it fails in the same way: fewer steps, hosts, faults and settings, less of each.
public struct Shrinker {
  public private(set) var scenario: Scenario
  public private(set) var violation: Violation
  /// Runs that were tried.
  public private(set) var attempts = 0
  let limit: Int
  let test: (Scenario) -> Violation?

  /// - Parameters:
  ///   - limit: runs to spend at most.
  ///   - test: runs a scenario; where it may trap, in another process.
  public init(
    _ scenario: Scenario, _ violation: Violation, limit: Int = 1500,
    test: @escaping (Scenario) -> Violation? = { $0.run().violation }
  ) {
    self.scenario = scenario
    self.violation = violation
    self.limit = limit
    self.test = test
  }

  public mutating func shrink() {
    var before: Scenario
    repeat {
      before = self.scenario
      self.dropPairs()
      self.dropSteps()
      self.simplify()
      self.shorten()
    } while before != self.scenario && self.attempts < self.limit
  }

  /// Takes the candidate if it fails in the same way.
  @discardableResult
  private mutating func attempt(_ change: (inout Scenario) -> Void) -> Bool {
    var candidate = self.scenario
    change(&candidate)
    guard candidate != self.scenario, self.attempts < self.limit else { return false }
    self.attempts += 1
    guard let violation = self.test(candidate), violation.kind == self.violation.kind else { return false }
    self.scenario = candidate
    self.violation = violation
    return true
  }

  // MARK: Fewer things

  private mutating func dropPairs() {
    var index = self.scenario.pairs.count - 1
    while index >= 0, self.scenario.pairs.count > 1 {
      self.attempt { $0.remove(pair: index) }
      index -= 1
    }
  }

  /// Halves first, then smaller and smaller pieces.
  private mutating func dropSteps() {
    var size = max(1, self.scenario.steps.count / 2)
    while true {
      var start = 0
      while start < self.scenario.steps.count {
        let range = start..<min(start + size, self.scenario.steps.count)
        if !self.attempt({ $0.steps.removeSubrange(range) }) { start += size }
      }
      guard size > 1 else { return }
      size /= 2
    }
  }

  // MARK: Plainer things

  private mutating func simplify() {
    self.attempt { $0.isRepeated = false }
    self.attempt { $0.forksAt = nil }
    self.attempt { $0.nats = []; for i in $0.hosts.indices { $0.hosts[i].nat = nil }; for i in $0.peers.indices { $0.peers[i].usesSTUN = false } }
    self.attempt { for i in $0.hosts.indices { $0.hosts[i].link = LinkPlan() } }
    self.attempt { for i in $0.peers.indices { $0.peers[i].knobs = [] } }
    for index in self.scenario.hosts.indices { self.simplify(host: index) }
    for index in self.scenario.nats.indices { self.attempt { $0.nats[index] = NATPlan() } }
    for index in self.scenario.peers.indices { self.simplify(peer: index) }
    for index in self.scenario.pairs.indices { self.simplify(pair: index) }
  }

  private mutating func simplify(host index: Int) {
    self.attempt { $0.hosts[index].link = LinkPlan() }
    self.attempt { $0.hosts[index].nat = nil }
    self.attempt { $0.hosts[index].hasV4 = true; $0.hosts[index].hasV6 = false }
    let paths: [WritableKeyPath<LinkPlan, Int>] = [
      \.jitter, \.loss, \.duplication, \.reordering, \.corruption, \.rate, \.queue, \.mtu, \.delay,
    ]
    for path in paths {
      self.attempt { $0.hosts[index].link[keyPath: path] = 0 }
    }
    self.attempt { $0.hosts[index].link.burst = 1 }
    self.attempt { $0.hosts[index].link.preset = nil }
  }

  private mutating func simplify(peer index: Int) {
    self.attempt { $0.peers[index].usesSTUN = false }
    self.attempt { $0.peers[index].identity = 0 }
    var knob = self.scenario.peers[index].knobs.count - 1
    while knob >= 0 {
      self.attempt { $0.peers[index].knobs.remove(at: knob) }
      knob -= 1
    }
  }

  private mutating func simplify(pair index: Int) {
    self.attempt {
      let pair = $0.pairs[index]
      $0.pairs[index] = PairPlan(offerer: pair.offerer, answerer: pair.answerer)
    }
    self.attempt { $0.pairs[index].trickle = .full }
    self.attempt { $0.pairs[index].signalingDelay = 0 }
    self.attempt { $0.pairs[index].candidateDelay = 0 }
    self.attempt { $0.pairs[index].repeatsCandidates = false }
    self.attempt { $0.pairs[index].addsBogusCandidates = false }
  }

  // MARK: Less of each

  private mutating func shorten() {
    for index in self.scenario.steps.indices {
      while self.attempt({ $0.steps[index].action.halve() }) {}
    }
    for index in self.scenario.steps.indices {
      self.attempt { $0.steps[index].at = index == 0 ? 0 : $0.steps[index - 1].at }
      self.attempt { $0.steps[index].at = ($0.steps[index].at + (index == 0 ? 0 : $0.steps[index - 1].at)) / 2 }
    }
    self.attempt { $0.healsAt = ($0.steps.last?.at ?? 0) + 1 }
    self.attempt { $0.healsAt = max(($0.steps.last?.at ?? 0) + 1, $0.healsAt / 2) }
  }
}

extension Scenario {
  /// Takes a pair out, with its peers and the hosts that nobody needs then.
  mutating func remove(pair index: Int) {
    let pair = self.pairs.remove(at: index)
    for peer in [pair.offerer, pair.answerer].sorted(by: >) where self.peers.indices.contains(peer) {
      let host = self.peers.remove(at: peer).host
      let fewer = { (number: Int) in number > peer ? number - 1 : number }
      self.steps = self.steps.compactMap { step in
        guard let own = step.action.peer else { return step }
        return own == peer ? nil : Step(at: step.at, step.action.with(peer: fewer(own)))
      }
      for i in self.pairs.indices {
        self.pairs[i].offerer = fewer(self.pairs[i].offerer)
        self.pairs[i].answerer = fewer(self.pairs[i].answerer)
      }
      if !self.peers.contains(where: { $0.host == host }) { self.remove(host: host) }
    }
  }

  private mutating func remove(host index: Int) {
    guard self.hosts.indices.contains(index) else { return }
    self.hosts.remove(at: index)
    let fewer = { (number: Int) in number > index ? number - 1 : number }
    for i in self.peers.indices { self.peers[i].host = fewer(self.peers[i].host) }
    self.steps = self.steps.compactMap { step in
      switch step.action {
      case .condition(let host, let plan): host == index ? nil : Step(at: step.at, .condition(host: fewer(host), plan))
      case .outage(let host, let way, let duration):
        host == index ? nil : Step(at: step.at, .outage(host: fewer(host), way: way, duration: duration))
      case .partition(let host, let other, let duration):
        host == index || other == index ? nil : Step(at: step.at, .partition(host: fewer(host), from: fewer(other), duration: duration))
      case .roam(let host, let notice): host == index ? nil : Step(at: step.at, .roam(host: fewer(host), notice))
      case .suspend(let host, let duration): host == index ? nil : Step(at: step.at, .suspend(host: fewer(host), duration: duration))
      default: step
      }
    }
  }
}

extension Action {
  func with(peer: Int) -> Action {
    switch self {
    case .negotiate: .negotiate(peer: peer)
    case .open(_, let channel, let plan): .open(peer: peer, channel: channel, plan)
    case .closeChannel(_, let channel): .closeChannel(peer: peer, channel: channel)
    case .send(_, let channel, let count, let size, let isText): .send(peer: peer, channel: channel, count: count, size: size, isText: isText)
    case .threshold(_, let channel, let bytes): .threshold(peer: peer, channel: channel, bytes: bytes)
    case .pull(_, let interval): .pull(peer: peer, interval: interval)
    case .addTrack(_, let track, let plan): .addTrack(peer: peer, track: track, plan)
    case .play(_, let track, let count, let size, let interval): .play(peer: peer, track: track, count: count, size: size, interval: interval)
    case .setDirection(_, let track, let direction): .setDirection(peer: peer, track: track, direction)
    case .stopTrack(_, let track): .stopTrack(peer: peer, track: track)
    case .requestKeyFrame(_, let track): .requestKeyFrame(peer: peer, track: track)
    case .restartICE: .restartICE(peer: peer)
    case .close: .close(peer: peer)
    case .misuse(_, let kind): .misuse(peer: peer, kind)
    case .candidate(_, let kind): .candidate(peer: peer, kind)
    case .inject(_, let kind, let count): .inject(peer: peer, kind, count: count)
    case .condition, .outage, .partition, .roam, .suspend, .rebootNAT: self
    }
  }

  /// Half as much of it; nothing where there is no half.
  mutating func halve() {
    switch self {
    case .open(let peer, let channel, var plan):
      if plan.labelLength > 4 || plan.protocolLength > 0 {
        plan.labelLength /= 2
        plan.protocolLength /= 2
      } else {
        let id = plan.negotiatedID
        plan = ChannelPlan()
        plan.negotiatedID = id
      }
      self = .open(peer: peer, channel: channel, plan)
    case .send(let peer, let channel, let count, let size, let isText):
      self = .send(peer: peer, channel: channel, count: max(1, count / 2), size: count > 1 ? size : size / 2, isText: isText)
    case .play(let peer, let track, let count, let size, let interval):
      self = .play(peer: peer, track: track, count: max(1, count / 2), size: max(10, size / 2), interval: interval)
    case .inject(let peer, let kind, let count): self = .inject(peer: peer, kind, count: max(1, count / 2))
    case .outage(let host, let way, let duration): self = .outage(host: host, way: way, duration: duration / 2)
    case .partition(let host, let other, let duration): self = .partition(host: host, from: other, duration: duration / 2)
    case .suspend(let host, let duration): self = .suspend(host: host, duration: duration / 2)
    case .condition(let host, var plan):
      plan.jitter = 0
      plan.duplication = 0
      plan.reordering = 0
      self = .condition(host: host, plan)
    default: break
    }
  }
}
