import Bytes
import STUN
import Testing
import Time
import WebRTC

@testable import Simulator

@Suite struct FaultTests {
  @Test func `partitioned peers lose each other and find each other when it heals`() throws {
    let (couple, channel) = try Couple.connected()
    let world = couple.world
    world.partition([couple.hosts.0], from: [couple.hosts.1])
    world.run(for: .seconds(10))
    #expect(world.state(of: couple.peers.0) == .disconnected)
    #expect(world.state(of: couple.peers.1) == .disconnected)
    #expect(world.statistics.partitioned > 0)
    world.heal()
    let isConnected = world.run(for: .seconds(10)) { $0.isConnected(couple.peers) }
    #expect(isConnected)
    let carries = try world.carries("healed", from: couple.peers.0, to: couple.peers.1, on: channel)
    #expect(carries)
  }

  @Test func `a partition one way stops one direction alone, and heals by its name`() throws {
    let couple = try Couple()
    let world = couple.world
    let first = try world.openSocket(on: couple.hosts.0, at: Couple.addresses.0)
    let second = try world.openSocket(on: couple.hosts.1, at: Couple.addresses.1)
    func goes(_ a: SocketID, _ b: SocketID) -> Bool {
      world.send([1].span, from: a, to: world.address(of: b))
      world.run(for: .milliseconds(1))
      return world.receive(on: b) != nil
    }
    let partition = world.partition([couple.hosts.0], from: [couple.hosts.1], isOneWay: true)
    world.partition([couple.hosts.0], from: [couple.hosts.0])
    #expect(!goes(first, second))
    #expect(goes(second, first))
    world.heal(partition)
    #expect(goes(first, second))
  }

  @Test func `a link that goes down one way ends a connection, and both sides know`() throws {
    let (couple, _) = try Couple.connected()
    var down = Link.Condition()
    down.isDown = true
    couple.world.setCondition(of: couple.hosts.0, up: down)
    couple.world.run(for: .seconds(120))
    #expect(couple.world.state(of: couple.peers.0) == .failed)
    #expect(couple.world.state(of: couple.peers.1) == .failed)
  }

  @Test func `a suspended host hears and says nothing, and goes on where its peer still waits`() throws {
    let (couple, channel) = try Couple.connected()
    let world = couple.world
    let (peer, other) = couple.peers
    world.suspend(couple.hosts.0)
    try world.send("too late?", from: peer, on: channel)
    var sent = 0
    world.onTransmit = { id, _, _ in if id == peer { sent += 1 } }
    world.run(for: .seconds(15))
    #expect(sent == 0)
    #expect(world.statistics.missed > 0)
    #expect(world.state(of: other) == .disconnected)
    world.resume(couple.hosts.0)
    var received: String?
    let arrives = world.run(for: .seconds(10)) {
      received = $0.message(of: other) ?? received
      return received == "too late?" && $0.isConnected(couple.peers)
    }
    #expect(arrives)
    #expect(world.statistics.staleDeadlines == 0)
  }

  @Test func `signalling for a suspended host waits until it wakes`() throws {
    let couple = try Couple()
    couple.world.suspend(couple.hosts.1)
    try couple.world.signal(couple.peers.0, couple.peers.1)
    couple.world.run(for: .seconds(5))
    #expect(couple.world.state(of: couple.peers.1) == .new)
    couple.world.resume(couple.hosts.1)
    let isConnected = couple.world.run(for: .seconds(10)) { $0.isConnected(couple.peers) }
    #expect(isConnected)
  }

  @Test func `a host that roams is reached again after a restart of ICE`() throws {
    let (couple, channel) = try Couple.connected()
    let world = couple.world
    let old = Couple.addresses.0, new = IPAddress(198, 51, 100, 77)
    try world.changeAddress(of: couple.hosts.0, from: old, to: new)
    #expect(world.addresses(of: couple.hosts.0) == [new])
    try world[couple.peers.0].restartICE(now: world.now)
    try world.sendOffer(from: couple.peers.0)
    let carries = try world.carries("moved", from: couple.peers.0, to: couple.peers.1, on: channel)
    #expect(carries)
    #expect(world[couple.peers.1].connection.statistics.selectedPair?.remote.ip == new)
  }

  @Test func `an address that changed unnoticed sends and hears nothing, until it is reported`() throws {
    let (couple, channel) = try Couple.connected()
    let world = couple.world
    let new = IPAddress(198, 51, 100, 77)
    try world.changeAddress(of: couple.hosts.0, from: Couple.addresses.0, to: new, isReported: false)
    world.run(for: .seconds(12))
    #expect(world.state(of: couple.peers.0) == .disconnected)
    #expect(world.statistics.unsendable > 0)
    #expect(world.statistics.unroutable > 0)
    // The new address finds the peer by a check from there: no restart is needed while consent may return.
    world.reportAddresses(of: couple.hosts.0)
    let carries = try world.carries("moved", from: couple.peers.0, to: couple.peers.1, on: channel)
    #expect(carries)
  }

  @Test func `of two interfaces the second takes over when the first is lost`() throws {
    let world = World(seed: 1)
    let first = IPAddress(198, 51, 100, 1), second = IPAddress(198, 51, 100, 2)
    let phone = try world.addHost(first, second)
    let server = try world.addHost(IPAddress(198, 51, 100, 9))
    let peers = (
      try world.addPeer(on: phone, identity: worldIdentities.0), try world.addPeer(on: server, identity: worldIdentities.1)
    )
    let channel = try world.openChannel(of: peers.0)
    try world.signal(peers.0, peers.1)
    let isOpen = world.run(for: .seconds(10)) { $0.isOpen(channel, of: peers.0) }
    try #require(isOpen)
    #expect(world[peers.0].connection.statistics.selectedPair?.local.ip == first)
    try world.removeAddress(first, from: phone)
    let carries = try world.carries("over", from: peers.0, to: peers.1, on: channel)
    #expect(carries)
    #expect(world[peers.0].connection.statistics.selectedPair?.local.ip == second)
    #expect(throws: WorldError.noSuchAddress) { try world.removeAddress(first, from: phone) }
  }

  @Test func `a NAT that reboots breaks the path, and a new binding mends it`() throws {
    let world = World(seed: 1)
    let nat = try world.addNAT(.portRestricted, addresses: [IPAddress(203, 0, 113, 1)])
    let inside = try world.addHost(IPAddress(192, 168, 0, 2), behind: nat)
    let outside = try world.addHost(IPAddress(198, 51, 100, 1))
    let peers = (
      try world.addPeer(on: inside, identity: worldIdentities.0),
      try world.addPeer(on: outside, identity: worldIdentities.1)
    )
    let channel = try world.openChannel(of: peers.0)
    try world.signal(peers.0, peers.1)
    let isOpen = world.run(for: .seconds(10)) { $0.isOpen(channel, of: peers.0) }
    try #require(isOpen)
    world.reboot(nat)
    let carries = try world.carries("again", from: peers.1, to: peers.0, on: channel)
    #expect(carries)
    let goesOn = world.run(for: .seconds(60)) { !$0.isConnected(peers) }
    #expect(!goesOn)
  }
}
