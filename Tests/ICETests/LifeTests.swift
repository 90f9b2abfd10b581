import ICE
import STUN
import Testing
import Time

let wifiA = address("192.0.2.1", 5000)
let cellA = address("203.0.113.77", 5001)

@Suite struct LifeTests {
  @Test(arguments: [Role.controlling, .controlled])
  func `a role conflict is repaired, and exactly one side changes`(_ role: Role) {
    var changed = [0, 0]
    for seed in 0..<40 as Range<UInt64> {
      let world = openWorld(seed: seed, roles: (role, role))
      world.loss = seed < 20 ? 0 : 200
      world.signal()
      let done = world.run(until: milliseconds(30_000)) { $0.areCompleted && $0.doAgree }
      #expect(done, "seed \(seed)")
      #expect(world.agents[0].role != world.agents[1].role)
      for i in 0..<2 where world.agents[i].role != role {
        changed[i] += 1
        #expect(world.events[i].contains { $0.event == .roleChanged(world.agents[i].role) })
      }
    }
    #expect(changed[0] > 0 && changed[1] > 0 && changed[0] + changed[1] == 40)
  }

  @Test func `consent is asked for every 4 to 6 s, each time by a new transaction sent once`() {
    let world = openWorld()
    world.signal()
    world.run(until: milliseconds(1000))
    #expect(world.areCompleted)
    world.log.removeAll()
    world.run(until: milliseconds(601_000))
    let fromA = world.log.filter { $0.source == hostA && $0.bytes[0] == 0 }
    #expect(fromA.count >= 100 && fromA.count <= 150)
    #expect(Set(fromA.map { $0.bytes[8..<20] }).count == fromA.count)
    #expect(world.states(0).last == .completed && !world.states(0).contains(.disconnected))
  }

  @Test func `a silent path is disconnected after 7 s, has no consent after 30, and then nothing is sent`() {
    let world = openWorld()
    world.signal()
    world.run(until: milliseconds(1000))
    let start = world.now
    world.drops = { _, _ in true }
    world.run(until: milliseconds(60_000)) { $0.agents[0].state == .disconnected }
    #expect(world.now - start >= .seconds(1) && world.now - start <= .seconds(8))
    #expect(world.agents[0].mayConsentSend)
    world.run(until: milliseconds(60_000)) { $0.agents[0].state == .failed && $0.agents[1].state == .failed }
    #expect(world.now - start <= .seconds(30) && world.now - start >= .seconds(24))
    #expect(!world.agents[0].mayConsentSend && world.agents[0].selectedPair == nil)
    world.log.removeAll()
    world.run(until: milliseconds(200_000))
    #expect(world.log.isEmpty && world.agents[0].nextDeadline == nil)
  }

  @Test func `consent that is given for longer outlasts a longer silence`() {
    let world = openWorld(configure: { $0.consentTimeout = .seconds(120) })
    world.signal()
    world.run(until: milliseconds(1000))
    world.drops = { _, _ in true }
    world.run(until: milliseconds(100_000))
    #expect(world.agents[0].state == .disconnected && world.agents[0].mayConsentSend)
    world.run(until: milliseconds(200_000)) { $0.agents[0].state == .failed }
    #expect(world.now >= milliseconds(110_000) && world.now <= milliseconds(122_000))
  }

  @Test func `an outage shorter than consent ends in the state before it`() {
    let world = openWorld()
    world.signal()
    world.run(until: milliseconds(1000))
    world.drops = { _, _ in true }
    world.run(until: milliseconds(21_000))
    #expect(world.agents[0].state == .disconnected && world.agents[1].state == .disconnected)
    world.drops = { _, _ in false }
    let healed = world.run(until: milliseconds(26_000)) { $0.areCompleted }
    #expect(healed && world.doAgree)
    world.run(until: milliseconds(120_000))
    #expect(world.areCompleted)
    #expect(world.states(0) == [.checking, .connected, .completed, .disconnected, .completed])
  }

  @Test func `data alone keeps a path from being disconnected, but not consent from expiring`() {
    let world = openWorld()
    world.signal()
    world.run(until: milliseconds(1000))
    // Nothing of agent 0 arrives any more; agent 1's data still does.
    world.drops = { source, _ in source == hostA }
    for second in 1..<40 as Range<UInt32> {
      world.run(until: milliseconds(1000 + second * 1000))
      world.agents[0].didReceiveData(from: hostB, to: hostA, now: world.now)
      if second == 14 { #expect(world.agents[0].state == .completed) }
    }
    #expect(world.agents[0].state == .failed)
  }

  @Test func `nominations that a peer repeats do not hide that nothing of ours arrives`() {
    // Agent 1 is controlled and hears the controlling side's consent checks, which nominate; its own get no answer.
    let world = openWorld()
    world.signal()
    world.run(until: milliseconds(2000))
    world.drops = { source, _ in source == hostB }
    world.run(until: milliseconds(29_000))
    #expect(world.agents[1].state == .disconnected)
    world.run(until: milliseconds(33_000))
    #expect(world.agents[1].state == .failed && world.agents[0].state == .failed)
  }

  @Test func `an agent that was disconnected twice notices it twice`() {
    let world = openWorld()
    world.signal()
    for round in 0..<3 as Range<UInt32> {
      world.drops = { _, _ in false }
      world.run(until: milliseconds(round * 40_000 + 20_000))
      #expect(world.areCompleted && world.doAgree)
      world.drops = { _, _ in true }
      world.run(until: milliseconds(round * 40_000 + 40_000))
      #expect(world.agents[0].state == .disconnected && world.agents[1].state == .disconnected)
    }
  }

  @Test func `data that comes back ends a disconnection at once`() {
    let world = openWorld()
    world.signal()
    world.run(until: milliseconds(1000))
    world.drops = { _, _ in true }
    world.run(until: milliseconds(30_000)) { $0.agents[0].state == .disconnected }
    world.agents[0].didReceiveData(from: hostB, to: hostA, now: world.now)
    #expect(world.agents[0].state == .completed)
  }

  /// Agent 0 has two interfaces, the second of less preference.
  func dualWorld(seed: UInt64 = 1) -> World {
    let world = World(seed: seed)
    world.addHost(wifiA, agent: 0, preference: 60_000)
    world.addHost(cellA, agent: 0, preference: 20_000)
    world.addHost(hostB, agent: 1)
    world.signal()
    return world
  }

  @Test func `the better of two paths is nominated, even where its first check is lost`() {
    for seed in 0..<30 as Range<UInt64> {
      let world = dualWorld(seed: seed)
      var lost = 0
      world.drops = { source, _ in
        guard source == wifiA, lost < 1 else { return false }
        lost += 1
        return true
      }
      let done = world.run(until: milliseconds(5000)) { $0.areCompleted && $0.doAgree }
      #expect(done)
      world.run(until: milliseconds(6000))
      #expect(world.agents[0].selectedPair?.local == wifiA && world.doAgree)
    }
  }

  @Test func `when the path dies both sides move to the other one`() {
    for seed in 0..<20 as Range<UInt64> {
      let world = dualWorld(seed: seed)
      world.run(until: milliseconds(2000)) { $0.areCompleted && $0.agents[0].selectedPair?.local == wifiA }
      world.run(until: milliseconds(3000))
      world.drops = { source, destination in source == wifiA || destination == wifiA }
      let moved = world.run(until: milliseconds(20_000)) {
        $0.areCompleted && $0.doAgree && $0.agents[0].selectedPair?.local == cellA
      }
      #expect(moved, "seed \(seed)")
      world.run(until: milliseconds(120_000))
      #expect(world.areCompleted && world.doAgree)
      #expect(world.agents[0].selectedPair?.local == cellA)
    }
  }

  @Test func `an interface that goes away is left at once, by either side`() {
    for agent in 0..<2 {
      let world = World(seed: 3)
      world.addHost(wifiA, agent: agent, preference: 60_000)
      world.addHost(cellA, agent: agent, preference: 20_000)
      world.addHost(hostB, agent: 1 - agent)
      world.signal()
      world.run(until: milliseconds(3000))
      #expect(world.agents[agent].selectedPair?.local == wifiA)
      world.agents[agent].removeLocalAddress(wifiA, now: world.now)
      let removed = world.now
      let moved = world.run(until: milliseconds(30_000)) {
        $0.agents[agent].selectedPair?.local == cellA && $0.agents[agent].state != .disconnected
      }
      #expect(moved && world.now - removed <= .milliseconds(300))
      let agreed = world.run(until: milliseconds(30_000)) { $0.areCompleted && $0.doAgree }
      #expect(agreed && world.now - removed <= .seconds(agent == 0 ? 1 : 8))
      #expect(!world.log.suffix(4).contains { $0.source == wifiA })
    }
  }

  @Test func `the only interface goes away and another comes: the connection moves`() {
    let world = openWorld()
    world.signal()
    world.run(until: milliseconds(2000))
    world.agents[0].removeLocalAddress(hostA, now: world.now)
    #expect(world.agents[0].state == .disconnected && !world.agents[0].mayConsentSend)
    world.run(until: milliseconds(5000))
    world.addHost(cellA, agent: 0)
    let moved = world.run(until: milliseconds(20_000)) { $0.areCompleted && $0.doAgree }
    #expect(moved && world.agents[0].selectedPair?.local == cellA)
    #expect(world.now <= milliseconds(16_000))
  }

  @Test func `a translator that forgets its mapping is followed as a peer-reflexive candidate`() {
    let world = World()
    world.nats = [NAT(publicIP: address("203.0.113.1", 0).ip)]
    world.addHost(address("10.0.0.5", 5000), agent: 0, nat: 0)
    world.addHost(hostB, agent: 1)
    world.signal()
    world.run(until: milliseconds(2000))
    let before = world.agents[1].selectedPair?.remote
    world.nats[0].mappings.removeAll()
    world.nats[0].openings.removeAll()
    let moved = world.run(until: milliseconds(40_000)) { $0.agents[1].selectedPair?.remote != before && $0.areCompleted }
    #expect(moved)
    world.run(until: milliseconds(100_000))
    #expect(world.areCompleted && !world.states(0).contains(.failed) && !world.states(1).contains(.failed))
  }

  @Test func `a restart keeps the pair in use until the new session has one`() {
    let world = openWorld()
    world.signal()
    world.run(until: milliseconds(2000))
    let old = world.agents[0].localCredentials
    for i in 0..<2 { world.agents[i].restart(now: world.now) }
    #expect(world.agents[0].localCredentials != old)
    #expect(world.agents[0].mayConsentSend && world.agents[0].state == .checking)
    // A slow signalling channel: consent goes on under the old credentials.
    world.signallingDelay = .seconds(20)
    world.signal()
    world.run(until: milliseconds(41_000))
    #expect(world.agents[0].mayConsentSend && world.agents[1].mayConsentSend)
    #expect(world.agents[0].selectedPair?.remote == hostB)
    let done = world.run(until: milliseconds(60_000)) { $0.areCompleted && $0.doAgree }
    #expect(done)
    let reported = world.events[0].filter { if case .localCandidate = $0.event { true } else { false } }
    #expect(reported.count == 2)
  }

  @Test func `a restart leads out of failure`() {
    let world = openWorld()
    world.drops = { _, _ in true }
    world.signal()
    world.run(until: milliseconds(40_000))
    #expect(world.agents[0].state == .failed && world.agents[1].state == .failed)
    world.drops = { _, _ in false }
    for i in 0..<2 { world.agents[i].restart(now: world.now) }
    world.signal()
    let done = world.run(until: milliseconds(50_000)) { $0.areCompleted && $0.doAgree }
    #expect(done)
  }

  @Test func `nothing is sent or accepted after close`() {
    let world = openWorld()
    world.signal()
    world.run(until: milliseconds(75))
    world.agents[0].close()
    world.agents[0].close()
    world.log.removeAll()
    world.run(until: milliseconds(60_000))
    #expect(!world.log.contains { $0.source == hostA })
    #expect(world.states(0).last == .closed && world.states(0).filter { $0 == .closed }.count == 1)
    #expect(!world.agents[0].accepts(from: hostB, to: hostA))
    #expect(throws: Agent.UsageError.closed) {
      try world.agents[0].addLocalAddress(cellA, localPreference: 1, now: world.now)
    }
  }

  @Test func `a copy goes on byte for byte as the original`() {
    let world = openWorld(seed: 9)
    world.signal()
    world.run(until: milliseconds(65))
    let copy = openWorld(seed: 9)
    copy.signal()
    copy.run(until: milliseconds(65))
    copy.agents = world.agents  // forks of the running agents
    #expect(copy.log.count == world.log.count)
    world.run(until: milliseconds(20_000))
    copy.run(until: milliseconds(20_000))
    #expect(world.log.count > 12)
    #expect(world.log.map { $0.bytes } == copy.log.map { $0.bytes })
  }
}
