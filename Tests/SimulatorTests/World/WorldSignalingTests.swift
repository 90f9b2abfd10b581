import Bytes
import RTP
import STUN
import Testing
import Time
import WebRTC

@testable import Simulator

@Suite struct WorldSignalingTests {
  private func isStable(_ world: World, _ peers: (PeerID, PeerID)) -> Bool {
    let (first, second) = (world[peers.0].connection.signalingState, world[peers.1].connection.signalingState)
    return first == .stable && second == .stable
  }

  @Test func `of two offers that cross the first peer's wins`() throws {
    let couple = try Couple()
    let world = couple.world
    world.introduce(couple.peers.0, couple.peers.1, delay: .milliseconds(50))
    try world.sendOffer(from: couple.peers.0)
    world.run(for: .milliseconds(20))
    try world.sendOffer(from: couple.peers.1)
    let isConnected = world.run(for: .seconds(10)) { $0.isConnected(couple.peers) }
    #expect(isConnected)
    let isStable = isStable(world, couple.peers)
    #expect(isStable)
    #expect(world.statistics.refusedSignals == 0)
    var events: [PeerConnection.Event] = []
    while let event = world.pollEvent(of: couple.peers.1) { events.append(event) }
    // Its own offer, the other's in its place, and the answer to that.
    let states = events.compactMap { if case .signalingStateChanged(let state) = $0 { state } else { nil } }
    #expect(states == [.haveLocalOffer, .haveRemoteOffer, .stable])
  }

  @Test func `a message takes as long as was asked for`() throws {
    let couple = try Couple()
    let start = couple.world.now
    try couple.world.signal(couple.peers.0, couple.peers.1, delay: .milliseconds(300))
    let isAnswered = couple.world.run(for: .seconds(5)) {
      $0[couple.peers.1].connection.signalingState == .stable && $0.now > start
    }
    #expect(isAnswered)
    #expect(couple.world.now == start + .milliseconds(300))
    let isStable = couple.world.run(for: .seconds(5)) { $0[couple.peers.0].connection.signalingState == .stable }
    #expect(isStable)
    #expect(couple.world.now == start + .milliseconds(600))
  }

  @Test func `a peer that needs negotiation makes an offer by itself where that was asked for`() throws {
    let couple = try Couple()
    let world = couple.world
    try world.signal(couple.peers.0, couple.peers.1, delay: .milliseconds(20), offersWhenNeeded: true)
    let isConnected = world.run(for: .seconds(10)) { $0.isConnected(couple.peers) }
    #expect(isConnected)
    while world.pollEvent(of: couple.peers.0) != nil {}
    _ = try world[couple.peers.1].addTransceiver(.audio, .init(), now: world.now)
    world.run(for: .seconds(1))
    var hasTrack = false
    while let event = world.pollEvent(of: couple.peers.0) { if case .trackAdded = event { hasTrack = true } }
    #expect(hasTrack)
    let isStable = isStable(world, couple.peers)
    #expect(isStable)
  }

  @Test func `a peer that the world does not signal for keeps its events`() throws {
    let couple = try Couple()
    couple.world.run(for: .milliseconds(1))
    var direct = 0
    while couple.world[couple.peers.0].pollEvent() != nil { direct += 1 }
    var byWorld = 0
    while couple.world.pollEvent(of: couple.peers.1) != nil { byWorld += 1 }
    #expect(direct == byWorld && direct > 0)
  }
}
