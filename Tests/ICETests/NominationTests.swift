import ICE
import STUN
import Testing
import Time

let low = address("198.51.100.2", 6100)
let high = address("198.51.100.2", 6200)

@Suite struct NominationTests {
  /// A controlled agent whose peer has a worse and a better candidate, both of which answer checks.
  func controlled() throws -> Bench {
    var bench = Bench(role: .controlled)
    for (at, priority) in [(low, 1000), (high, 2000)] as [(TransportAddress, UInt32)] {
      let candidate = Candidate(kind: .host, foundation: Foundation(priority), priority: priority, address: at, base: at)
      try bench.agent.addRemoteCandidate(candidate, now: bench.now)
    }
    bench.run(to: milliseconds(500), answering: [low, high])
    return bench
  }

  @Test func `an aggressive peer nominates everything, and the best pair wins in either order`() throws {
    for order in [[low, high], [high, low]] {
      var bench = try self.controlled()
      for remote in order {
        bench.request(from: remote) { $0.useCandidate = true }
        bench.run(to: bench.now + .milliseconds(100), answering: [low, high])
      }
      bench.run(to: bench.now + .seconds(10), answering: [low, high])
      #expect(bench.agent.selectedPair?.remote == high && bench.agent.state == .completed)
    }
  }

  @Test func `a nomination before the pair is valid counts once it is`() throws {
    var bench = Bench(role: .controlled)
    bench.request { $0.useCandidate = true }
    #expect(bench.agent.selectedPair == nil)
    bench.run(to: milliseconds(100), answering: [hostB])
    #expect(bench.agent.state == .completed)
  }

  @Test func `a nomination of a better pair that is not valid yet counts once it is, though another is selected`() throws {
    var bench = Bench(role: .controlled)
    bench.request(from: low) { $0.useCandidate = true }
    bench.run(to: milliseconds(200), answering: [low])
    #expect(bench.agent.selectedPair?.remote == low && bench.agent.state == .completed)
    let better = Candidate(kind: .host, foundation: Foundation(2), priority: .max / 2, address: high, base: high)
    try bench.agent.addRemoteCandidate(better, now: bench.now)
    bench.request(from: high) { $0.useCandidate = true }
    #expect(bench.agent.selectedPair?.remote == low)
    bench.run(to: bench.now + .seconds(1), answering: [low, high])
    #expect(bench.agent.selectedPair?.remote == high && bench.agent.state == .completed)
  }

  @Test func `a peer that changes its mind later is followed to a worse pair`() throws {
    var bench = try self.controlled()
    bench.request(from: high) { $0.useCandidate = true }
    bench.run(to: bench.now + .seconds(5), answering: [low, high])
    bench.request(from: low) { $0.useCandidate = true }
    #expect(bench.agent.selectedPair?.remote == low && bench.agent.state == .completed)
  }

  @Test func `a peer that leaves a dead pair early is followed when the pair does not answer`() throws {
    var bench = try self.controlled()
    bench.request(from: high) { $0.useCandidate = true }
    bench.run(to: bench.now + .milliseconds(500), answering: [low, high])
    bench.request(from: low) { $0.useCandidate = true }
    #expect(bench.agent.selectedPair?.remote == high)
    bench.run(to: bench.now + .seconds(1), answering: [low])
    #expect(bench.agent.selectedPair?.remote == low && bench.agent.state == .completed)
  }

  @Test func `data on a nominated pair moves the selection there when the selected one is silent`() throws {
    var bench = try self.controlled()
    bench.request(from: low) { $0.useCandidate = true }
    bench.run(to: bench.now + .milliseconds(100), answering: [low, high])
    bench.request(from: high) { $0.useCandidate = true }
    #expect(bench.agent.selectedPair?.remote == high)
    // The peer went on with the other one, which answers too.
    bench.request(from: low) { $0.useCandidate = true }
    bench.run(to: bench.now + .milliseconds(1500), answering: [low, high])
    bench.agent.didReceiveData(from: low, to: hostA, now: bench.now)
    #expect(bench.agent.selectedPair?.remote == low)
  }

  @Test func `the controlling side nominates a better pair that trickles in later`() throws {
    var bench = Bench(role: .controlling)
    let worse = Candidate(kind: .serverReflexive, foundation: Foundation(1), priority: 1000, address: low, base: low)
    let better = Candidate(kind: .host, foundation: Foundation(2), priority: 9000, address: high, base: high)
    try bench.agent.addRemoteCandidate(worse, now: bench.now)
    bench.poll()
    bench.run(to: milliseconds(400), answering: [low, high])
    #expect(bench.agent.selectedPair?.remote == low && bench.agent.state == .completed)
    try bench.agent.addRemoteCandidate(better, now: bench.now)
    bench.poll()
    bench.run(to: milliseconds(800), answering: [low, high])
    #expect(bench.agent.selectedPair?.remote == high && bench.agent.state == .completed)
    // And one that is worse is not even checked.
    let worst = Candidate(kind: .relayed, foundation: Foundation(3), priority: 10, address: hostB, base: hostB)
    try bench.agent.addRemoteCandidate(worst, now: bench.now)
    bench.run(to: milliseconds(3000), answering: [low, high])
    #expect(!bench.sent.contains { $0.transmit.destination == hostB })
  }

  @Test func `a relayed pair waits a little for better candidates, unless the peer said that there are none`() throws {
    for isComplete in [false, true] {
      var bench = Bench(role: .controlling)
      let relayed = Candidate(kind: .relayed, foundation: Foundation(1), priority: 9, address: low, base: low)
      try bench.agent.addRemoteCandidate(relayed, now: bench.now)
      if isComplete { bench.agent.remoteCandidatesComplete(now: bench.now) }
      bench.poll()
      bench.run(to: milliseconds(150), answering: [low])
      #expect(bench.agent.state == (isComplete ? .completed : .connected))
      bench.run(to: milliseconds(250), answering: [low])
      #expect(bench.agent.state == .completed)
    }
  }

  @Test func `a nomination that is never answered fails that pair, and the next best is nominated`() throws {
    var bench = Bench(role: .controlling)
    for (at, priority) in [(low, 1000), (high, 2000)] as [(TransportAddress, UInt32)] {
      let candidate = Candidate(kind: .host, foundation: Foundation(priority), priority: priority, address: at, base: at)
      try bench.agent.addRemoteCandidate(candidate, now: bench.now)
    }
    bench.poll()
    // Plain checks of both are answered, nominating ones of the better are not.
    while bench.now < milliseconds(60_000), bench.agent.state != .completed {
      let pending = bench.takeRequests()
      for item in pending {
        let nominates = try fieldsOf(item.bytes).useCandidate
        if nominates, item.transmit.destination == high { continue }
        bench.receive(
          bench.forge.response(to: item.bytes, mapped: hostA, password: bench.forge.credentials.password),
          from: item.transmit.destination)
      }
      if pending.isEmpty, let next = bench.agent.nextDeadline {
        bench.now = next
        bench.agent.advance(to: next)
        bench.poll()
      }
    }
    #expect(bench.agent.state == .completed && bench.agent.selectedPair?.remote == low)
  }
}
