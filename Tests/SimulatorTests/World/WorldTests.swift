import Bytes
import STUN
import Testing
import Time
import WebRTC

@testable import Simulator

@Suite struct WorldTests {
  @Test func `two peers connect and exchange messages`() throws {
    let (couple, channel) = try Couple.connected()
    let there = try couple.world.carries("there", from: couple.peers.0, to: couple.peers.1, on: channel)
    let back = try couple.world.carries("back", from: couple.peers.1, to: couple.peers.0, on: channel)
    #expect(there && back)
    #expect(couple.world.statistics.staleDeadlines == 0)
    #expect(couple.world.statistics.refusedSignals == 0)
  }

  @Test func `the same seed and calls give the same bytes, another seed gives others`() throws {
    func run(_ seed: UInt64) throws -> UInt64 {
      var condition = Link.Condition()
      condition.delay = .milliseconds(20)
      condition.jitter = .milliseconds(10)
      condition.loss = 50_000
      let (couple, channel) = try Couple.connected(seed: seed, condition: condition)
      for i in 0..<20 { try couple.world.send("message \(i)", from: couple.peers.0, on: channel) }
      couple.world.run(for: .seconds(60))
      return couple.world.outputHash
    }
    let first = try run(1)
    let again = try run(1)
    let other = try run(2)
    #expect(first == again)
    #expect(first != other)
  }

  @Test func `a fork goes on byte for byte`() throws {
    var condition = Link.Condition()
    condition.delay = .milliseconds(30)
    condition.jitter = .milliseconds(20)
    condition.loss = 100_000
    condition.duplication = 50_000
    let (couple, channel) = try Couple.connected(condition: condition, isRecording: true)
    for i in 0..<20 { try couple.world.send("before \(i)", from: couple.peers.0, on: channel) }
    couple.world.run(for: .milliseconds(45))
    let fork = try couple.world.fork()
    var datagrams: [[[UInt8]]] = [[], []]
    couple.world.onTransmit = { _, _, bytes in datagrams[0].append(arrayCopy(bytes)) }
    fork.onTransmit = { _, _, bytes in datagrams[1].append(arrayCopy(bytes)) }
    for world in [couple.world, fork] {
      for i in 0..<20 { try world.send("after \(i)", from: couple.peers.1, on: channel) }
      world.run(for: .seconds(60))
    }
    #expect(datagrams[0].count > 40)
    #expect(datagrams[0] == datagrams[1])
    #expect(fork.outputHash == couple.world.outputHash)
    #expect(fork.statistics == couple.world.statistics)
    #expect(fork.now == couple.world.now)
    var recordings: [[UInt8]] = []
    for world in [couple.world, fork] {
      var recording: [UInt8] = []
      world[couple.peers.0].drainRecording { recording += arrayCopy($0) }
      recordings.append(recording)
    }
    #expect(recordings[0] == recordings[1])
  }
}
