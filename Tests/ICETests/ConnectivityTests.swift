import ICE
import STUN
import Testing
import Time

@Suite struct ConnectivityTests {
  @Test func `two hosts connect, agree on the pair and nominate it without waiting for a pacing turn`() {
    let world = openWorld()
    world.signal()
    let done = world.run(until: milliseconds(2000)) { $0.areCompleted }
    #expect(done && world.doAgree)
    // Signalled at 60 ms; two round trips of 20 ms and the 5 ms floor between checks.
    #expect(world.now <= milliseconds(110))
    #expect(world.states(0) == [.checking, .connected, .completed])
    #expect(world.agents[0].selectedPair?.roundTrip?.milliseconds == 20)
  }

  @Test func `the pair is usable on both sides before it is nominated`() {
    let world = openWorld()
    world.signal()
    world.run(until: milliseconds(2000)) { $0.areCompleted }
    for i in 0..<2 {
      let connected = world.time(of: .connected, i), completed = world.time(of: .completed, i)
      #expect(connected != nil && completed != nil && connected! < completed!)
    }
  }

  @Test func `a path with 100 ms of round trip and 10 % loss is up fast for nearly every seed`() {
    var times: [UInt64] = []
    for seed in 0..<200 as Range<UInt64> {
      let world = openWorld(seed: seed)
      world.delay = .milliseconds(50)
      world.loss = 100
      world.signal()
      let done = world.run(until: milliseconds(20_000)) { $0.areCompleted && $0.doAgree }
      #expect(done, "seed \(seed)")
      times.append((world.now - milliseconds(60)).milliseconds)
    }
    times.sort()
    #expect(times[100] <= 260, "median \(times[100])")
    #expect(times[190] <= 500, "95 % \(times[190])")
    #expect(times[199] <= 1200, "worst \(times[199])")
  }

  @Test func `30 % loss delays but never prevents`() {
    for seed in 0..<100 as Range<UInt64> {
      let world = openWorld(seed: seed)
      world.delay = .milliseconds(50)
      world.loss = 300
      world.signal()
      let done = world.run(until: milliseconds(30_000)) { $0.areCompleted && $0.doAgree }
      #expect(done, "seed \(seed)")
    }
  }

  @Test func `a round trip of 1.6 s works, for late answers count`() {
    let world = openWorld()
    world.delay = .milliseconds(800)
    world.signal()
    let done = world.run(until: milliseconds(10_000)) { $0.areCompleted && $0.doAgree }
    #expect(done)
    #expect(world.now <= milliseconds(60 + 3 * 1600 + 100))
    #expect(world.agents[0].selectedPair?.roundTrip?.milliseconds == 1600)
  }

  @Test func `IPv6 hosts connect, and families are not mixed`() {
    let world = World()
    world.addHost(address("2001:db8::1", 5000), agent: 0)
    world.addHost(address("192.0.2.1", 5000), agent: 0, preference: 10)
    world.addHost(address("2001:db8::2", 5000), agent: 1)
    world.signal()
    let done = world.run(until: milliseconds(2000)) { $0.areCompleted && $0.doAgree }
    #expect(done)
    #expect(world.agents[0].selectedPair?.local == address("2001:db8::1", 5000))
    #expect(world.log.allSatisfy { $0.source.ip.isV4 == $0.destination.ip.isV4 })
  }

  @Test func `two sites behind translators connect by their server-reflexive candidates`() {
    let server = address("203.0.113.9", 3478)
    let world = World { $0.stunServers = [server] }
    world.servers = [server]
    world.nats = [NAT(publicIP: address("203.0.113.1", 0).ip), NAT(publicIP: address("203.0.113.2", 0).ip)]
    world.addHost(address("10.0.0.5", 5000), agent: 0, nat: 0)
    world.addHost(address("10.0.1.5", 5000), agent: 1, nat: 1)
    world.signal()
    let done = world.run(until: milliseconds(5000)) { $0.areCompleted }
    #expect(done)
    let pair = world.agents[0].selectedPair
    #expect(pair?.remote.ip == address("203.0.113.2", 0).ip)
    #expect(pair?.localKind == .serverReflexive && pair?.remoteKind == .serverReflexive)
    let gathered = world.events[0].contains {
      if case .localCandidate(let c) = $0.event { c.kind == .serverReflexive && c.relatedAddress == c.base } else { false }
    }
    #expect(gathered)
  }

  @Test func `a symmetric translator is met by peer-reflexive candidates`() {
    let server = address("203.0.113.9", 3478)
    let world = World { $0.stunServers = [server] }
    world.servers = [server]
    world.nats = [NAT(publicIP: address("203.0.113.1", 0).ip, isSymmetric: true)]
    world.addHost(address("10.0.0.5", 5000), agent: 0, nat: 0)
    world.addHost(hostB, agent: 1)
    world.signal()
    let done = world.run(until: milliseconds(5000)) { $0.areCompleted }
    #expect(done)
    #expect(world.agents[0].selectedPair?.localKind == .peerReflexive)
    #expect(world.agents[1].selectedPair?.remoteKind == .peerReflexive)
  }

  @Test func `a peer that hides its addresses is reached by peer-reflexive pairing`() {
    // As with .local names that nobody resolves: agent 1 learns nothing of agent 0's candidates.
    let world = openWorld()
    world.isTrickling = false
    let b = Candidate(
      kind: .host, foundation: Foundation(1), priority: Candidate.priority(kind: .host, localPreference: 1),
      address: hostB, base: hostB)
    world.signal()
    world.after(.milliseconds(70)) { try! $0.agents[0].addRemoteCandidate(b, now: $0.now) }
    let done = world.run(until: milliseconds(2000)) { $0.areCompleted && $0.doAgree }
    #expect(done)
    #expect(world.agents[1].selectedPair?.remoteKind == .peerReflexive)
  }

  @Test func `checks that come before the answer are answered, kept, and taken up with it`() {
    let world = openWorld()
    world.signallingDelay = .milliseconds(400)
    world.signal()  // agent 1 knows the offer at 400 ms, agent 0 the answer at 800 ms only
    world.run(until: milliseconds(790))
    #expect(world.agents[0].statistics.requestsReceived > 0)
    #expect(world.agents[0].statistics.responsesSent == world.agents[0].statistics.requestsReceived)
    #expect(world.agents[1].state == .connected)
    let early = world.agents[0].accepts(from: hostB, to: hostA)
    #expect(early && world.agents[0].selectedPair == nil)
    let done = world.run(until: milliseconds(2000)) { $0.areCompleted && $0.doAgree }
    #expect(done)
    #expect(world.now <= milliseconds(800 + 50))
  }

  @Test func `candidates may trickle in late, up to the time-out, and not after`() {
    for (late, expected) in [(25_000, Agent.State.completed), (31_000, .failed)] as [(UInt32, Agent.State)] {
      let world = openWorld()
      world.isTrickling = false
      world.signal()
      for i in 0..<2 {
        let base = i == 0 ? hostB : hostA
        let candidate = Candidate(kind: .host, foundation: Foundation(1), priority: 1, address: base, base: base)
        world.after(.milliseconds(late)) { try? $0.agents[i].addRemoteCandidate(candidate, now: $0.now) }
      }
      world.run(until: milliseconds(40_000)) { $0.areCompleted }
      #expect(world.agents[0].state == expected && world.agents[1].state == expected)
    }
  }

  @Test func `checks keep the pace`() {
    let world = World()
    for i in 0..<4 as Range<UInt16> {
      world.addHost(address("192.0.2.1", 5000 + i), agent: 0, preference: 100 - i)
      world.addHost(address("198.51.100.2", 6000 + i), agent: 1, preference: 100 - i)
    }
    world.drops = { _, _ in true }
    world.signal()
    world.run(until: milliseconds(3060))
    // 3 s in turns of 50 ms, and one for the beginning.
    #expect(world.agents[0].statistics.checksSent <= 61)
    #expect(world.agents[0].statistics.checksSent >= 55)
  }
}
