import ICE
import STUN
import Testing
import Time

@Suite struct ResponseTests {
  /// A controlling agent with one check on its way to `hostB`.
  func checking() throws -> (bench: Bench, request: [UInt8]) {
    var bench = Bench(role: .controlling)
    let candidate = Candidate(kind: .host, foundation: Foundation(1), priority: 100, address: hostB, base: hostB)
    try bench.agent.addRemoteCandidate(candidate, now: bench.now)
    bench.poll()
    let requests = bench.takeRequests()
    #expect(requests.count == 1)
    return (bench, requests[0].bytes)
  }

  @Test func `the first check goes out with the candidate, fully dressed`() throws {
    let (bench, request) = try checking()
    let message = try Message(parsing: request.span)
    let fields = try message.fields()
    let password = bench.forge.credentials.password
    let holds = message.isIntegrityValid(at: fields.integrity!, key: password.span)
    let matches = message.isFingerprintValid(at: fields.fingerprint!)
    #expect(holds && matches)
    #expect(Array(request[fields.username!]) == Array("peer:".utf8) + bench.agent.localCredentials.ufrag)
    #expect(fields.iceControlling != nil && fields.iceControlled == nil && !fields.useCandidate)
    #expect(fields.priority == 0x6e00_64ff)
  }

  @Test func `a success validates the pair and a second check nominates it`() throws {
    var (bench, request) = try checking()
    bench.now = milliseconds(30)
    bench.receive(bench.forge.response(to: request, mapped: hostA, password: bench.forge.credentials.password))
    #expect(bench.agent.state == .connected)
    let nomination = bench.takeRequests()
    #expect(nomination.count == 1)
    let nominates = try fieldsOf(nomination[0].bytes).useCandidate
    #expect(nominates)
    bench.now = milliseconds(60)
    bench.receive(bench.forge.response(to: nomination[0].bytes, mapped: hostA, password: bench.forge.credentials.password))
    #expect(bench.agent.state == .completed)
    #expect(bench.events.filter { if case .selectedPairChanged = $0 { true } else { false } }.count == 1)
  }

  @Test func `forged answers do nothing: wrong password, none, unknown identifier, a duplicate`() throws {
    var (bench, request) = try checking()
    let right = bench.forge.credentials.password
    bench.receive(bench.forge.response(to: request, mapped: hostA, password: Array("x".utf8)))
    bench.receive(bench.forge.response(to: request, mapped: hostA, password: bench.agent.localCredentials.password))
    bench.receive(bench.forge.response(to: request, mapped: hostA, password: nil))
    #expect(bench.agent.statistics.unauthenticatedResponses == 3)
    bench.receive(bench.forge.response(to: request, mapped: hostA, password: right, id: TransactionID(high: 1, low: 1)))
    #expect(bench.agent.statistics.unmatchedResponses == 1 && bench.agent.state == .checking)
    let good = bench.forge.response(to: request, mapped: hostA, password: right)
    bench.receive(good)
    bench.receive(good)
    #expect(bench.agent.statistics.unmatchedResponses == 2 && bench.agent.state == .connected)
  }

  @Test(arguments: [400, 401, 487, 500] as [UInt16])
  func `an error without integrity is ignored, so that a forger cannot end checks`(_ code: UInt16) throws {
    var (bench, request) = try checking()
    bench.receive(bench.forge.response(to: request, mapped: hostA, code: code, password: nil))
    #expect(bench.agent.role == .controlling && bench.agent.statistics.unauthenticatedResponses == 1)
    bench.run(to: bench.now + .seconds(1), answering: [hostB])
    #expect(bench.agent.state == .completed)
  }

  @Test func `an answer from elsewhere fails the pair`() throws {
    var (bench, request) = try checking()
    let bytes = bench.forge.response(to: request, mapped: hostA, password: bench.forge.credentials.password)
    bench.receive(bytes, from: address("198.51.100.2", 6001))
    #expect(bench.agent.statistics.asymmetricResponses == 1)
    bench.run(to: bench.now + .seconds(20), answering: [hostB])
    #expect(bench.agent.state == .checking && bench.agent.statistics.checksSent == 1)
  }

  @Test func `a 487 changes the role and checks again at once with another tie-breaker`() throws {
    var (bench, request) = try checking()
    let before = try fieldsOf(request).iceControlling
    bench.now = milliseconds(40)
    bench.receive(bench.forge.response(to: request, mapped: hostA, code: 487, password: bench.forge.credentials.password))
    #expect(bench.agent.role == .controlled && bench.events.contains(.roleChanged(.controlled)))
    let again = bench.takeRequests()
    #expect(again.count == 1)
    let fields = try fieldsOf(again[0].bytes)
    #expect(fields.iceControlled != nil && fields.iceControlled != before)
  }

  @Test func `unanswered checks are repeated with growing waits, in rounds until the time-out`() throws {
    var (bench, _) = try checking()
    var times: [UInt64] = [0]
    while bench.now < milliseconds(29_000), let next = bench.agent.nextDeadline {
      bench.now = next
      bench.agent.advance(to: next)
      bench.poll()
      if !bench.takeRequests().isEmpty { times.append((bench.now - .zero).milliseconds) }
    }
    let round: [UInt64] = [0, 200, 400, 600, 1000, 1800, 3400]
    var expected: [UInt64] = []
    for start in [0, 6600, 13_200, 19_800, 26_400] as [UInt64] { expected += round.map { start + $0 } }
    #expect(times == expected.filter { $0 < 30_000 })
  }

  @Test func `a late answer to an earlier check counts, and measures its own round trip`() throws {
    var (bench, request) = try checking()
    bench.run(to: milliseconds(2500))  // five more checks meanwhile
    bench.receive(bench.forge.response(to: request, mapped: hostA, password: bench.forge.credentials.password))
    #expect(bench.agent.state == .connected)
    #expect(bench.agent.selectedPair?.roundTrip == .milliseconds(2500))
  }

  @Test func `consent is revoked by a signed 403`() throws {
    var (bench, _) = try checking()
    bench.run(to: milliseconds(2000), answering: [hostB])
    #expect(bench.agent.state == .completed)
    var consent: [(transmit: Agent.Transmit, bytes: [UInt8])] = []
    while consent.isEmpty, let next = bench.agent.nextDeadline {
      bench.now = next
      bench.agent.advance(to: next)
      bench.poll()
      consent = bench.takeRequests()
    }
    bench.receive(bench.forge.response(to: consent[0].bytes, mapped: hostA, code: 403, password: nil))
    #expect(bench.agent.state == .completed)
    bench.receive(
      bench.forge.response(to: consent[0].bytes, mapped: hostA, code: 403, password: bench.forge.credentials.password))
    #expect(bench.agent.state == .failed && !bench.agent.mayConsentSend)
  }

  @Test func `a server's answer from another address gives no candidate`() throws {
    let server = address("203.0.113.9", 3478)
    var bench = Bench(configure: { $0.stunServers = [server] })
    let request = bench.takeRequests()
    #expect(request.count == 1 && request[0].transmit.destination == server)
    let answer = bench.forge.response(to: request[0].bytes, mapped: address("203.0.113.1", 99), password: nil)
    bench.receive(answer, from: hostB)
    #expect(bench.agent.statistics.unauthenticatedResponses == 1)
    bench.receive(answer, from: server)
    bench.agent.localAddressesComplete(now: bench.now)
    bench.poll()
    let kinds = bench.events.compactMap { if case .localCandidate(let c) = $0 { c.kind } else { nil } }
    #expect(kinds == [.host, .serverReflexive] && bench.events.last == .gatheringComplete)
  }

  @Test func `a restart asks a server again that was silent`() {
    var bench = Bench(configure: { $0.stunServers = [address("203.0.113.9", 3478)] })
    bench.agent.localAddressesComplete(now: bench.now)
    while !bench.events.contains(.gatheringComplete), let next = bench.agent.nextDeadline {
      bench.now = next
      bench.agent.advance(to: next)
      bench.poll()
    }
    bench.sent.removeAll()
    bench.events.removeAll()
    bench.agent.restart(now: bench.now)
    bench.poll()
    #expect(bench.sent.map(\.transmit.destination) == [address("203.0.113.9", 3478)])
    #expect(!bench.events.contains(.gatheringComplete))
  }

  @Test func `a silent server ends gathering after four attempts`() {
    var bench = Bench(configure: { $0.stunServers = [address("203.0.113.9", 3478)] })
    bench.agent.localAddressesComplete(now: bench.now)
    var times: [UInt64] = [0]
    bench.sent.removeAll()
    while !bench.events.contains(.gatheringComplete), let next = bench.agent.nextDeadline {
      bench.now = next
      bench.agent.advance(to: next)
      bench.poll()
      if !bench.takeRequests().isEmpty { times.append((bench.now - .zero).milliseconds) }
    }
    #expect(times == [0, 500, 1500, 3500] && bench.now == milliseconds(7500))
  }

  @Test func `gathering waits for a silent server as long as it is told`() {
    var bench = Bench(configure: {
      $0.stunServers = [address("203.0.113.9", 3478)]
      $0.gatheringTimeout = .milliseconds(100)
    })
    bench.agent.localAddressesComplete(now: bench.now)
    while !bench.events.contains(.gatheringComplete), let next = bench.agent.nextDeadline {
      bench.now = next
      bench.agent.advance(to: next)
      bench.poll()
    }
    #expect(bench.now == milliseconds(1500))
  }
}
