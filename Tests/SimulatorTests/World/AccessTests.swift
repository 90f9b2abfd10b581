import Bytes
import STUN
import Testing
import Time
import WebRTC

@testable import Simulator

@Suite struct AccessTests {
  static let presets: [(String, Access)] = [
    ("lan", .lan), ("wifi", .wifi), ("lte", .lte), ("satellite", .satellite), ("congested", .congested),
  ]

  /// Two peers with the same access; the time until a channel is open at both, and the rest of a second's worth of messages.
  private func meet(_ access: Access) throws -> (World, (PeerID, PeerID), Channel, Interval) {
    let couple = try Couple(condition: .init())
    couple.world.setAccess(of: couple.hosts.0, to: access)
    couple.world.setAccess(of: couple.hosts.1, to: access)
    let channel = try couple.world.openChannel(of: couple.peers.0)
    let start = couple.world.now
    try couple.world.signal(couple.peers.0, couple.peers.1)
    let isOpen = couple.world.run(for: .seconds(30)) {
      $0.isOpen(channel, of: couple.peers.0) && $0.isOpen(channel, of: couple.peers.1)
    }
    try #require(isOpen)
    return (couple.world, couple.peers, channel, couple.world.now - start)
  }

  @Test func `peers connect and exchange messages over every kind of access, the slower the later`() throws {
    var times: [String: Interval] = [:]
    for (name, access) in Self.presets {
      let (world, peers, channel, time) = try meet(access)
      times[name] = time
      for i in 0..<20 { try world.send("message \(i)", from: peers.0, on: channel) }
      var received: [String] = []
      let all = world.run(for: .seconds(30)) {
        while let message = $0.message(of: peers.1) { received.append(message) }
        return received.count == 20
      }
      #expect(all, "\(name)")
      #expect(received == (0..<20).map { "message \($0)" })
    }
    let (lan, lte, satellite) = (times["lan"] ?? .zero, times["lte"] ?? .zero, times["satellite"] ?? .zero)
    #expect(lan < lte && lte < satellite)
    // Six round trips and more, of more than a second each.
    #expect(satellite > .seconds(4))
  }

  @Test func `a link's rate bounds what SCTP gets through, and SCTP uses it`() throws {
    var access = Access.lan
    access.up.rate = 2_000_000
    access.up.queue = 32_768
    let (world, peers, channel, _) = try meet(access)
    let message = [UInt8](repeating: 7, count: 10_000)
    let end = world.now + .seconds(10)
    var received = 0
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while world.now < end {
      while (try? world[peers.0].send(message.span, kind: .binary, on: channel, now: world.now)) != nil {}
      world.run(for: .milliseconds(20))
      while true {
        var writer = SpanWriter(buffer.mutableSpan)
        guard let message = world[peers.1].receiveMessage(into: &writer) else { break }
        received += message.size
      }
    }
    let rate = received * 8 / 10
    #expect(rate < 2_000_000 && rate > 1_600_000, "\(rate) bit/s")
  }

  @Test func `the list of active peers names those that a step or a call has touched, each once`() throws {
    let (couple, channel) = try Couple.connected()
    let world = couple.world
    world.run(for: .seconds(5))
    try world.send("x", from: couple.peers.0, on: channel)
    _ = world.nextInstant
    world.step()
    #expect(world.active == [couple.peers.0, couple.peers.1])
    var seen: [PeerID] = []
    world.onDeliver = { peer, _, _ in seen.append(peer) }
    for _ in 0..<200 {
      seen = []
      world.step()
      #expect(Set(world.active).count == world.active.count)
      #expect(seen.allSatisfy { world.active.contains($0) })
    }
  }

  @Test func `a recorded peer of a world replays byte for byte`() throws {
    let couple = try Couple(isRecording: true)
    couple.world.setAccess(of: couple.hosts.0, to: .congested)
    let channel = try couple.world.openChannel(of: couple.peers.0)
    try couple.world.signal(couple.peers.0, couple.peers.1, delay: .milliseconds(80))
    let isOpen = couple.world.run(for: .seconds(30)) {
      $0.isOpen(channel, of: couple.peers.0) && $0.isOpen(channel, of: couple.peers.1)
    }
    try #require(isOpen)
    for i in 0..<50 { try couple.world.send("message \(i)", from: couple.peers.0, on: channel) }
    couple.world.run(for: .seconds(20))
    while couple.world.message(of: couple.peers.1) != nil {}
    for peer in [couple.peers.0, couple.peers.1] {
      var recording: [UInt8] = []
      couple.world[peer].drainRecording { recording += arrayCopy($0) }
      var replayer = try Replayer(recording)
      while try replayer.step() != nil {}
      let (datagrams, isTruncated) = (replayer.datagramsCompared, replayer.isTruncated)
      #expect(datagrams >= 15)
      #expect(!isTruncated)
    }
  }
}
