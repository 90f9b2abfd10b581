import ICE
import STUN
import Testing
import Time

@Suite struct UsageTests {
  @Test func `values out of range are refused`() {
    let changes: [(inout Agent.Configuration) -> Void] = [
      { $0.pacingInterval = .milliseconds(4) }, { $0.pacingInterval = .milliseconds(1001) },
      { $0.initialRTO = .milliseconds(1) }, { $0.maximumRTO = .milliseconds(199) }, { $0.maximumCheckAttempts = 0 },
      { $0.maximumCandidates = 0 }, { $0.maximumPairs = 0 }, { $0.maximumPairs = 1001 },
      { $0.consentInterval = .seconds(4) }, { $0.consentTimeout = .milliseconds(999) }, { $0.disconnectedTimeout = .zero },
      { $0.keepaliveInterval = .zero }, { $0.maximumGatheringAttempts = 0 }, { $0.gatheringTimeout = .milliseconds(9) },
      { $0.gatheringTimeout = .seconds(11) },
      { $0.stunServers = [TransportAddress](repeating: hostB, count: 5) },
    ]
    for change in changes {
      var configuration = Agent.Configuration(role: .controlled)
      change(&configuration)
      #expect(throws: Agent.UsageError.invalidConfiguration) {
        try Agent(configuration: configuration, random: SeededRandom(seed: .init(1)), now: .zero)
      }
    }
  }

  @Test func `addresses that cannot be used are refused, and known ones change nothing`() throws {
    var bench = Bench()
    for bad in [address("0.0.0.0", 1), address("::", 1), address("224.0.0.1", 1), address("192.0.2.1", 0)] {
      #expect(throws: Agent.UsageError.invalidCandidate) {
        try bench.agent.addLocalAddress(bad, localPreference: 1, now: bench.now)
      }
      let candidate = Candidate(kind: .host, foundation: Foundation(1), priority: 1, address: bad, base: bad)
      #expect(throws: Agent.UsageError.invalidCandidate) {
        try bench.agent.addRemoteCandidate(candidate, now: bench.now)
      }
    }
    let count = bench.events.count
    try bench.agent.addLocalAddress(hostA, localPreference: 9, now: bench.now)
    bench.poll()
    #expect(bench.events.count == count)
  }

  @Test func `the bounds on candidates hold for the caller too`() throws {
    var bench = Bench(configure: { $0.maximumCandidates = 3 })
    for port in 1...3 as ClosedRange<UInt16> {
      let at = address("203.0.113.5", port)
      try bench.agent.addRemoteCandidate(
        Candidate(kind: .host, foundation: Foundation(1), priority: 1, address: at, base: at), now: bench.now)
    }
    #expect(throws: Agent.UsageError.tooManyCandidates) {
      try bench.agent.addRemoteCandidate(
        Candidate(kind: .host, foundation: Foundation(1), priority: 1, address: hostB, base: hostB), now: bench.now)
    }
  }

  @Test func `other remote credentials need a restart, the same ones do not`() throws {
    var bench = Bench()
    try bench.agent.setRemoteCredentials(bench.forge.credentials, now: bench.now)
    let other = Credentials(ufrag: Array("othr".utf8), password: bench.forge.credentials.password)!
    #expect(throws: Agent.UsageError.credentialsAlreadySet) {
      try bench.agent.setRemoteCredentials(other, now: bench.now)
    }
    bench.agent.restart(now: bench.now)
    try bench.agent.setRemoteCredentials(other, now: bench.now)
    #expect(bench.agent.isRemoteCredentialsSet)
  }

  @Test func `a role set late turns the running checks`() throws {
    let world = openWorld(roles: (.controlled, .controlled))
    world.signal()
    world.run(until: milliseconds(65))
    world.agents[0].setRole(.controlling)
    let done = world.run(until: milliseconds(3000)) { $0.areCompleted && $0.doAgree }
    #expect(done && world.agents[0].role != world.agents[1].role)
  }

  @Test func `a caller who polls and advances late loses time and nothing else`() {
    // Everything is polled every 300 ms only.
    let world = openWorld()
    world.signal()
    for step in 1...40 as ClosedRange<UInt32> { world.run(until: milliseconds(step)) }
    var steps: UInt32 = 0
    while !world.areCompleted, steps < 40 {
      steps += 1
      world.now = milliseconds(40 + steps * 300)
      for i in 0..<2 { world.agents[i].advance(to: world.now) }
      world.run(until: world.now)
    }
    let done = world.run(until: world.now + .seconds(5)) { $0.areCompleted && $0.doAgree }
    #expect(done)
  }

  @Test func `a signalled candidate replaces what a check had taught`() throws {
    var bench = Bench(role: .controlled)
    bench.request()
    bench.run(to: milliseconds(100), answering: [hostB])
    #expect(bench.agent.selectedPair?.remoteKind == .peerReflexive)
    let candidate = Candidate(
      kind: .serverReflexive, foundation: Foundation(8), priority: 77, address: hostB, base: hostB)
    try bench.agent.addRemoteCandidate(candidate, now: bench.now)
    #expect(bench.agent.selectedPair?.remoteKind == .serverReflexive)
    #expect(bench.agent.statistics.checksSent == 1)
  }

  @Test func `candidates after the end of candidates are ignored, until a restart`() throws {
    var bench = Bench(role: .controlling)
    bench.agent.remoteCandidatesComplete(now: bench.now)
    let candidate = Candidate(kind: .host, foundation: Foundation(1), priority: 1, address: hostB, base: hostB)
    try bench.agent.addRemoteCandidate(candidate, now: bench.now)
    #expect(bench.agent.statistics.lateCandidates == 1 && bench.agent.state == .new)
    bench.agent.restart(now: bench.now)
    try bench.agent.setRemoteCredentials(bench.forge.credentials, now: bench.now)
    try bench.agent.addRemoteCandidate(candidate, now: bench.now)
    bench.poll()
    #expect(bench.takeRequests().count == 1)
  }

  @Test func `a clock that goes backwards does no harm`() {
    let world = openWorld()
    world.signal()
    world.run(until: milliseconds(70))
    world.agents[0].advance(to: .zero)
    world.agents[0].didReceiveData(from: hostB, to: hostA, now: .zero)
    let done = world.run(until: milliseconds(3000)) { $0.areCompleted && $0.doAgree }
    #expect(done)
  }

  @Test func `the list is kept in the order of priority and bounded`() throws {
    var bench = Bench(role: .controlling, configure: { $0.maximumPairs = 3; $0.maximumCandidates = 50 })
    for i in 1...10 as ClosedRange<UInt16> {
      let at = address("203.0.113.5", i)
      // Each pair is of its own foundation and better than the one before.
      try bench.agent.addRemoteCandidate(
        Candidate(kind: .host, foundation: Foundation(UInt32(i)), priority: UInt32(i) * 100, address: at, base: at),
        now: bench.now)
    }
    bench.poll()
    bench.run(to: milliseconds(1))
    var seen: [UInt16] = []
    while bench.now < milliseconds(190), let next = bench.agent.nextDeadline {
      bench.now = next
      bench.agent.advance(to: next)
      bench.poll()
      seen += bench.takeRequests().map { $0.transmit.destination.port }
    }
    // The first went out before the others were known; of these the best two were kept.
    #expect(seen.prefix(2) == [10, 9])
    #expect(!seen.contains { (2...8).contains($0) })
  }
}
