import ICE
import STUN
import Testing
import Time

/// Each seed draws its own network and faults; then the network heals, and the two sides must agree.
@Suite struct ConvergenceTests {
  @Test func `whatever happened, the two sides end on one path once the network heals`() {
    for seed in 0..<150 as Range<UInt64> {
      var random = SeededRandom(seed: .init(seed &+ 1000))
      func pick(_ bound: UInt32) -> UInt32 { random.next(below: bound) }
      let roles: [(Role, Role)] = [
        (.controlling, .controlled), (.controlled, .controlling), (.controlling, .controlling), (.controlled, .controlled),
      ]
      let server = address("203.0.113.9", 3478)
      let world = World(seed: seed, roles: roles[Int(pick(4))]) { $0.stunServers = [server] }
      world.servers = [server]
      world.delay = .milliseconds(1 + pick(200))
      world.loss = pick(300)
      world.signallingDelay = .milliseconds(pick(500))
      // At most one side behind a symmetric translator: two of those need a relay.
      world.nats = [NAT(publicIP: address("203.0.113.1", 0).ip, isSymmetric: pick(2) == 0), NAT(publicIP: address("203.0.113.2", 0).ip)]
      for agent in 0..<2 {
        let isHidden = pick(2) == 0 && agent == 0
        for i in 0...UInt16(pick(3)) {
          let base = TransportAddress(
            ip: isHidden ? IPAddress(10, 0, UInt8(agent), UInt8(i + 1)) : IPAddress(192, 0, UInt8(agent), UInt8(i + 1)),
            port: 5000 + i)
          world.addHost(base, agent: agent, nat: isHidden ? agent : nil, preference: UInt16(pick(60_000)))
        }
      }
      world.signal()
      world.run(until: milliseconds(500 + pick(3000)))
      // One path is cut for a while, or everything is.
      if pick(2) == 0, let pair = world.agents[Int(pick(2))].selectedPair {
        let (a, b) = (pair.local, pick(2) == 0 ? pair.local : pair.remote)
        world.drops = { source, destination in source == a || destination == b || destination == a }
      } else {
        world.drops = { _, _ in true }
      }
      world.run(until: world.now + .milliseconds(pick(15_000)))
      world.drops = { _, _ in false }
      world.loss = 0
      let healed = world.now
      let isHidden = world.hosts.contains { $0.nat != nil }
      let done = world.run(until: healed + .seconds(30)) {
        guard $0.areCompleted, let a = $0.agents[0].selectedPair, let b = $0.agents[1].selectedPair else { return false }
        // Through the translator only the open side's address is the same on both sides.
        return isHidden ? a.remote == b.local : $0.doAgree
      }
      #expect(done, "seed \(seed): \(world.agents[0].state) \(world.agents[1].state)")
      // And they stay there.
      world.run(until: world.now + .seconds(60))
      #expect(world.areCompleted, "seed \(seed) stays")
      #expect(world.agents[0].selectedPair?.remote == world.agents[1].selectedPair?.local, "seed \(seed)")
    }
  }

  @Test func `ten idle minutes of 10 % loss do not disturb a connection`() {
    var disturbances = 0
    for seed in 0..<20 as Range<UInt64> {
      let world = openWorld(seed: seed)
      world.delay = .milliseconds(40)
      world.loss = 100
      world.signal()
      world.run(until: milliseconds(600_000))
      #expect(world.areCompleted)
      for i in 0..<2 { disturbances += world.states(i).filter { $0 == .disconnected }.count }
    }
    #expect(disturbances <= 2, "\(disturbances) in 400 minutes")
  }

  @Test func `restarts at any moment, under loss, end on one path`() {
    for seed in 0..<60 as Range<UInt64> {
      var random = SeededRandom(seed: .init(seed &+ 5000))
      let world = openWorld(seed: seed)
      world.loss = random.next(below: 200)
      world.delay = .milliseconds(1 + random.next(below: 100))
      world.signallingDelay = .milliseconds(1 + random.next(below: 300))
      world.signal()
      for _ in 0..<3 {
        // A new offer waits until the one before is answered.
        world.run(until: world.now + .milliseconds(600 + random.next(below: 4000)))
        for i in 0..<2 { world.agents[i].restart(now: world.now) }
        world.signal()
      }
      let done = world.run(until: world.now + .seconds(29)) { $0.areCompleted && $0.doAgree }
      #expect(done, "seed \(seed): \(world.agents[0].state) \(world.agents[1].state)")
    }
  }
}
