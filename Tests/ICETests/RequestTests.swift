import Bytes
import ICE
import STUN
import Testing
import Time

@Suite struct RequestTests {
  @Test func `a good request is answered with its own address, signed`() {
    var bench = Bench(knowsPeer: false)
    bench.request()
    let response = bench.lastResponse()
    #expect(response?.type == .bindingSuccess && response?.isSigned == true)
    #expect(response?.fields.mappedAddress == hostB && response?.fields.fingerprint != nil)
    #expect(bench.sent.last?.transmit == Agent.Transmit(source: hostA, destination: hostB))
  }

  @Test func `a wrong password or user name is answered with 401 and leaves nothing behind`() {
    for knowsPeer in [false, true] {
      var bench = Bench(knowsPeer: knowsPeer)
      let wrong: [(inout Forge.Options) -> Void] = [
        { $0.password = Array("wrongwrongwrongwrongwrong".utf8) },
        { $0.password = [] },
        { $0.username = Array("nobody:peer".utf8) },
        { $0.username = Array(":peer".utf8) },
        { $0.username = [] },
      ]
      for change in wrong {
        bench.request(change)
        let response = bench.lastResponse()
        #expect(response?.fields.errorCode == 401 && response?.fields.integrity == nil)
      }
      let prefix = Array(bench.agent.localCredentials.ufrag.dropLast())
      bench.request { $0.username = prefix + Array(":peer".utf8) }
      let name = bench.agent.localCredentials.ufrag
      bench.request { $0.username = name }  // no colon
      #expect(bench.agent.statistics.unauthenticatedRequests == 7)
      let accepted = bench.agent.accepts(from: hostB, to: hostA)
      #expect(!accepted && bench.agent.state == .new)
      #expect(bench.sent.allSatisfy { $0.bytes[0] == 1 })
    }
  }

  @Test func `a request without user name or integrity is answered with 400`() {
    var bench = Bench()
    bench.request { $0.hasUsername = false }
    #expect(bench.lastResponse()?.fields.errorCode == 400)
    bench.request { $0.hasIntegrity = false }
    #expect(bench.lastResponse()?.fields.errorCode == 400)
    bench.request { $0.priority = nil }
    #expect(bench.lastResponse()?.fields.errorCode == 400)
    #expect(bench.agent.statistics.badRequests == 3 && bench.agent.state == .new)
  }

  @Test func `an attribute that must be understood and is not is answered with 420 and named`() {
    var bench = Bench()
    bench.request { $0.unknown = 0x7abc }
    let response = bench.lastResponse()
    #expect(response?.fields.errorCode == 420 && response?.isSigned == true)
    let bytes = bench.sent.last!.bytes
    #expect(bytes[28..<34].elementsEqual([0x00, 0x0a, 0x00, 0x02, 0x7a, 0xbc]))
    bench.request { $0.unknown = 0xc057 }
    #expect(bench.lastResponse()?.type == .bindingSuccess || bench.sent.contains { $0.bytes[0] == 1 && $0.bytes[1] == 1 })
  }

  @Test func `of two controlling sides the smaller tie-breaker yields`() {
    var winner = Bench(role: .controlling)
    winner.request { $0.controlling = 0 }
    #expect(winner.lastResponse()?.fields.errorCode == 487 && winner.lastResponse()?.isSigned == true)
    #expect(winner.agent.role == .controlling)
    var loser = Bench(role: .controlling)
    loser.request { $0.controlling = .max }
    #expect(loser.agent.role == .controlled && loser.events.contains(.roleChanged(.controlled)))
    var controlledWinner = Bench(role: .controlled)
    controlledWinner.request { $0.controlled = 0 }
    #expect(controlledWinner.agent.role == .controlling)
    var controlledLoser = Bench(role: .controlled)
    controlledLoser.request { $0.controlled = .max }
    #expect(controlledLoser.lastResponse()?.fields.errorCode == 487 && controlledLoser.agent.role == .controlled)
  }

  @Test func `requests to an unknown local address are counted and not answered`() {
    var bench = Bench()
    let bytes = bench.forge.request(to: bench.agent)
    bench.receive(bytes, to: address("192.0.2.1", 5999))
    #expect(bench.sent.isEmpty && bench.agent.statistics.misdirected == 1)
  }

  @Test func `a truncated, corrupted or oversized request changes nothing`() {
    var bench = Bench()
    let good = bench.forge.request(to: bench.agent) { $0.useCandidate = true }
    for count in 0..<good.count { bench.receive(Array(good[0..<count])) }
    #expect(bench.agent.statistics.malformed == UInt64(good.count))
    bench.receive(good + [UInt8](repeating: 0, count: 1400))
    // Up to the fingerprint, which adds nothing to a valid integrity and may be absent.
    for i in 0..<(good.count - 8) {
      for bit in 0..<8 {
        var bytes = good
        bytes[i] ^= 1 << UInt8(bit)
        bench.receive(bytes)
      }
    }
    let accepted = bench.agent.accepts(from: hostB, to: hostA)
    #expect(!accepted && bench.agent.state == .new && bench.agent.statistics.checksSent == 0)
  }

  @Test func `a flood of authenticated checks from ever new addresses stays within the bounds`() {
    var bench = Bench(configure: { $0.maximumCandidates = 8; $0.maximumPairs = 5 })
    for port in 1..<2000 as Range<UInt16> {
      bench.request(from: address("203.0.113.5", port))
      bench.now = bench.now + .milliseconds(1)
    }
    #expect(bench.agent.statistics.refusedCandidates > 1900)
    #expect(bench.agent.statistics.responsesSent == 1999)
    // And the real peer still gets through, once those have failed.
    bench.run(to: bench.now + .seconds(20))
    bench.request()
    let accepted = bench.agent.accepts(from: hostB, to: hostA)
    #expect(accepted)
  }

  @Test func `responses that nobody polls are bounded`() {
    var bench = Bench()
    for port in 1..<1000 as Range<UInt16> {
      let bytes = bench.forge.request(to: bench.agent)
      bench.agent.receive(bytes.span, from: address("203.0.113.5", port), to: hostA, now: bench.now)
    }
    bench.sent.removeAll()
    bench.poll()
    #expect(bench.sent.filter { $0.bytes[0] == 1 }.count == 16)
    #expect(bench.agent.statistics.droppedResponses == 999 - 16)
  }

  @Test func `early checks are bounded, and taken up only for the session they were made for`() throws {
    var bench = Bench(knowsPeer: false)
    for port in 1..<100 as Range<UInt16> { bench.request(from: address("203.0.113.5", port)) }
    #expect(bench.agent.statistics.refusedCandidates == 99 - 8)
    let other = Credentials(ufrag: Array("else".utf8), password: Array("elseelseelseelseelseelse".utf8))!
    var wrong = bench.agent
    try wrong.setRemoteCredentials(other, now: bench.now)
    #expect(wrong.state == .new)
    try bench.agent.setRemoteCredentials(bench.forge.credentials, now: bench.now)
    #expect(bench.agent.state == .checking)
  }

  @Test func `a packet is written behind what the caller's buffer holds already`() throws {
    var plain = Bench(), offset = Bench()
    let bytes = plain.forge.request(to: plain.agent)
    plain.receive(bytes)
    offset.agent.receive(bytes.span, from: hostB, to: hostA, now: offset.now)
    var buffer = [UInt8](repeating: 0xee, count: 300)
    let end = pollBehind(13, &offset.agent, &buffer)
    #expect(Array(buffer[13..<end]) == plain.sent[0].bytes && buffer[0..<13].allSatisfy { $0 == 0xee })
  }

  @Test func `a buffer that is too small loses the packet and nothing else`() {
    var bench = Bench()
    let bytes = bench.forge.request(to: bench.agent)
    for size in stride(from: 0, to: 60, by: 7) {
      bench.agent.receive(bytes.span, from: hostB, to: hostA, now: bench.now)
      var buffer = [UInt8](repeating: 0xee, count: size)
      let transmit = pollInto(&bench.agent, &buffer)
      #expect(transmit == nil)
    }
    bench.run(to: bench.now + .seconds(1), answering: [hostB])
    #expect(bench.agent.state == .connected)
  }
}


func pollInto(_ agent: inout Agent, _ buffer: inout [UInt8]) -> Agent.Transmit? {
  var writer = SpanWriter(buffer.mutableSpan)
  return agent.pollTransmit(into: &writer)
}

func pollBehind(_ offset: Int, _ agent: inout Agent, _ buffer: inout [UInt8]) -> Int {
  var writer = SpanWriter(buffer.mutableSpan, at: offset)
  _ = agent.pollTransmit(into: &writer)
  return writer.count
}
