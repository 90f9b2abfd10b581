import Cryptography
import STUN
import Simulator
import Testing
import Time
import WebRTC

/// The example of the README's section "Simulated worlds", word for word between the lines.
@Suite struct ReadmeTests {
  @Test func `a phone behind a NAT stays connected through a reboot of the router and a closed lid`() throws {
    // ---
    let world = World(seed: 42)
    let stun = IPAddress(198, 51, 100, 1)
    _ = try world.addSTUNServer(on: world.addHost(stun), at: stun)
    let router = try world.addNAT(.portRestricted, addresses: [IPAddress(203, 0, 113, 1)])
    let phone = try world.addHost(IPAddress(192, 168, 0, 2), behind: router, access: .lte)
    let server = try world.addHost(IPAddress(198, 51, 100, 2), access: .lan)
    var configuration = PeerConnection.Configuration()
    configuration.ice.stunServers = [TransportAddress(ip: stun, port: 3478)]
    let alice = try world.addPeer(on: phone, configuration: configuration)
    let bob = try world.addPeer(on: server)
    let chat = try world[alice].openChannel(ChannelOptions(label: Array("chat".utf8)), now: world.now)
    try world.signal(alice, bob, delay: .milliseconds(40))
    #expect(world.run(for: .seconds(10)) { $0[bob].connection.channelInfo(chat)?.state == .open })

    world.reboot(router)  // its bindings are lost
    world.suspend(phone)  // a closed lid
    world.run(for: .seconds(10))
    #expect(world[bob].connection.connectionState == .disconnected)
    world.resume(phone)
    world.run(for: .seconds(10))
    #expect(world[bob].connection.connectionState == .connected)
    var events: [PeerConnection.Event] = []
    while let event = world.pollEvent(of: bob) { events.append(event) }
    #expect(events.contains(.connectionStateChanged(.disconnected)))
    // ---
  }
}
