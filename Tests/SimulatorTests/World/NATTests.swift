import Bytes
import STUN
import Testing
import Time

@testable import Simulator

/// What a NAT lets through, told by bare sockets on both sides of it.
@Suite struct NATTests {
  /// One host behind a NAT, two outside with two sockets the first and one the second.
  struct Lab {
    let world = World(seed: 1)
    let nat: NATID
    let inside: HostID
    let inner: SocketID
    let first: SocketID
    let firstOther: SocketID
    let second: SocketID

    static let outer = IPAddress(203, 0, 113, 1)

    init(_ behaviour: NAT.Behaviour) throws {
      self.nat = try self.world.addNAT(behaviour, addresses: [Self.outer])
      self.inside = try self.world.addHost(IPAddress(192, 168, 0, 2), behind: self.nat)
      self.inner = try self.world.openSocket(on: self.inside, at: IPAddress(192, 168, 0, 2), port: 4000)
      let near = try self.world.addHost(IPAddress(198, 51, 100, 1))
      let far = try self.world.addHost(IPAddress(198, 51, 100, 2))
      self.first = try self.world.openSocket(on: near, at: IPAddress(198, 51, 100, 1), port: 1000)
      self.firstOther = try self.world.openSocket(on: near, at: IPAddress(198, 51, 100, 1), port: 1001)
      self.second = try self.world.openSocket(on: far, at: IPAddress(198, 51, 100, 2), port: 1000)
    }

    /// The address from which a datagram arrives, if it does.
    func send(from sender: SocketID, to receiver: SocketID, at address: TransportAddress? = nil) -> TransportAddress? {
      let bytes: [UInt8] = [1, 2, 3]
      self.world.send(bytes.span, from: sender, to: address ?? self.world.address(of: receiver))
      self.world.run(for: .milliseconds(1))
      return self.world.receive(on: receiver)?.source
    }

    /// Which of the outer sockets get in at an outer address: the one that was sent to, its neighbour, and another host's.
    func opens(_ outer: TransportAddress) -> [Bool] {
      [self.first, self.firstOther, self.second].map { self.send(from: $0, to: self.inner, at: outer) != nil }
    }
  }

  @Test(arguments: [
    (NAT.Behaviour.fullCone, [true, true, true]), (.addressRestricted, [true, true, false]),
    (.portRestricted, [true, false, false]), (.symmetric, [true, false, false]),
  ])
  func `the filter lets in whom its kind says`(_ behaviour: NAT.Behaviour, _ expected: [Bool]) throws {
    let lab = try Lab(behaviour)
    let seen = lab.send(from: lab.inner, to: lab.first)
    let outer = try #require(seen)
    #expect(outer.ip == Lab.outer)
    let opens = lab.opens(outer)
    #expect(opens == expected)
    #expect(lab.world.statistics.refusedByNAT == UInt64(expected.filter { !$0 }.count))
  }

  @Test(arguments: [
    (NAT.Dependence.endpointIndependent, [true, true]), (.addressDependent, [true, false]),
    (.addressAndPortDependent, [false, false]),
  ])
  func `one inner address has as many outer ones as the mapping says`(
    _ mapping: NAT.Dependence, _ isSame: [Bool]
  ) throws {
    let lab = try Lab(.init(mapping: mapping, filtering: .endpointIndependent))
    let seen = try [lab.first, lab.firstOther, lab.second].map { socket in
      let source = lab.send(from: lab.inner, to: socket)
      return try #require(source)
    }
    #expect([seen[0] == seen[1], seen[0] == seen[2]] == isSame)
    // And the same one again for the same destination.
    let again = lab.send(from: lab.inner, to: lab.first)
    #expect(again == seen[0])
    let back = lab.send(from: lab.second, to: lab.inner, at: seen[2])
    #expect(back == lab.world.address(of: lab.second))
  }

  @Test func `nothing comes in before something went out`() throws {
    let lab = try Lab(.fullCone)
    let opens = lab.opens(TransportAddress(ip: Lab.outer, port: 4000))
    #expect(opens == [false, false, false])
  }

  @Test func `a binding ends when nothing goes out for its time, whatever comes in`() throws {
    var behaviour = NAT.Behaviour.fullCone
    behaviour.bindingTimeout = .seconds(30)
    let lab = try Lab(behaviour)
    let outer = try #require(lab.send(from: lab.inner, to: lab.first))
    lab.world.run(for: .seconds(20))
    #expect(lab.send(from: lab.first, to: lab.inner, at: outer) != nil)
    lab.world.run(for: .seconds(11))
    #expect(lab.send(from: lab.first, to: lab.inner, at: outer) == nil)
    #expect(lab.world.nat(lab.nat).bindingCount == 0)
  }

  @Test func `what comes in keeps a binding alive where the NAT says so`() throws {
    var behaviour = NAT.Behaviour.fullCone
    behaviour.bindingTimeout = .seconds(30)
    behaviour.refreshesInbound = true
    let lab = try Lab(behaviour)
    let outer = try #require(lab.send(from: lab.inner, to: lab.first))
    for _ in 0..<5 {
      lab.world.run(for: .seconds(20))
      #expect(lab.send(from: lab.first, to: lab.inner, at: outer) != nil)
    }
  }

  @Test func `a reboot forgets all bindings`() throws {
    let lab = try Lab(.symmetric)
    let outer = try #require(lab.send(from: lab.inner, to: lab.first))
    lab.world.reboot(lab.nat)
    #expect(lab.send(from: lab.first, to: lab.inner, at: outer) == nil)
    #expect(lab.send(from: lab.inner, to: lab.first) != nil)
  }

  @Test(arguments: [true, false])
  func `two hosts behind one NAT reach each other by outer addresses only where it hairpins`(hairpins: Bool) throws {
    var behaviour = NAT.Behaviour.fullCone
    behaviour.hairpins = hairpins
    let lab = try Lab(behaviour)
    let neighbour = try lab.world.addHost(IPAddress(192, 168, 0, 3), behind: lab.nat)
    let socket = try lab.world.openSocket(on: neighbour, at: IPAddress(192, 168, 0, 3), port: 4000)
    let outer = try #require(lab.send(from: lab.inner, to: lab.first))
    let source = lab.send(from: socket, to: lab.inner, at: outer)
    // It comes from the neighbour's outer address (RFC 4787 REQ-9a); port 4000 is taken.
    #expect(source == (hairpins ? TransportAddress(ip: Lab.outer, port: 4001) : nil))
    // By inner addresses they always do.
    #expect(lab.send(from: socket, to: lab.inner) == lab.world.address(of: socket))
  }

  @Test func `a full table drops what needs another binding, until one ends`() throws {
    var behaviour = NAT.Behaviour.symmetric
    behaviour.maximumBindings = 2
    behaviour.bindingTimeout = .seconds(30)
    let lab = try Lab(behaviour)
    #expect(lab.send(from: lab.inner, to: lab.first) != nil)
    #expect(lab.send(from: lab.inner, to: lab.firstOther) != nil)
    #expect(lab.send(from: lab.inner, to: lab.second) == nil)
    lab.world.run(for: .seconds(30))
    #expect(lab.send(from: lab.inner, to: lab.second) != nil)
    #expect(lab.world.nat(lab.nat).bindingCount == 1)
  }

  @Test func `a host behind two NATs is seen with the outer one's address, and answered`() throws {
    let world = World(seed: 1)
    let carrier = try world.addNAT(.portRestricted, addresses: [IPAddress(203, 0, 113, 1)])
    let home = try world.addNAT(.portRestricted, addresses: [IPAddress(100, 64, 0, 1)], behind: carrier)
    let host = try world.addHost(IPAddress(192, 168, 0, 2), behind: home)
    let outside = try world.addHost(IPAddress(198, 51, 100, 1))
    let inner = try world.openSocket(on: host, at: IPAddress(192, 168, 0, 2))
    let server = try world.openSocket(on: outside, at: IPAddress(198, 51, 100, 1))
    world.send([1].span, from: inner, to: world.address(of: server))
    world.run(for: .milliseconds(1))
    let asked = try #require(world.receive(on: server))
    #expect(asked.source.ip == IPAddress(203, 0, 113, 1))
    world.send([2].span, from: server, to: asked.source)
    world.run(for: .milliseconds(1))
    let answer = try #require(world.receive(on: inner))
    #expect(answer.source == world.address(of: server))
    #expect(answer.destination == world.address(of: inner))
  }

  @Test func `networks behind two NATs may have the same addresses`() throws {
    let world = World(seed: 1)
    let same = IPAddress(192, 168, 0, 2)
    for octet: UInt8 in 1...2 {
      let nat = try world.addNAT(.fullCone, addresses: [IPAddress(203, 0, 113, octet)])
      _ = try world.addHost(same, behind: nat)
    }
    #expect(throws: WorldError.addressInUse) { try world.addHost(IPAddress(203, 0, 113, 1)) }
  }

  @Test func `an address of a family that the NAT has none of goes nowhere`() throws {
    let lab = try Lab(.fullCone)
    let ip = IPAddress(high: 0xfd00 << 48, low: 2)
    try lab.world.addAddress(ip, to: lab.inside, behind: lab.nat)
    let socket = try lab.world.openSocket(on: lab.inside, at: ip)
    let target = TransportAddress(ip: IPAddress(high: 0x2001_0db8 << 32, low: 1), port: 1)
    lab.world.send([1].span, from: socket, to: target)
    lab.world.run(for: .milliseconds(1))
    #expect(lab.world.statistics.refusedByNAT == 1)
  }

  @Test func `bindings of many hosts and ports do not mix`() throws {
    var nat = NAT(
      behaviour: .symmetric, addresses: [Lab.outer], random: SeededRandom(seed: .init(3)))
    var random = SeededRandom(seed: .init(4))
    var known: [(inner: TransportAddress, remote: TransportAddress, outer: TransportAddress)] = []
    for i in 0..<800 {
      let inner = TransportAddress(
        ip: IPAddress(10, 0, UInt8(random.next(below: 4)), UInt8(random.next(below: 8))), port: UInt16(1000 + i))
      let remote = TransportAddress(ip: IPAddress(198, 51, 100, UInt8(random.next(below: 200))), port: 9)
      let translated = nat.translateOutbound(from: inner, to: remote, now: .zero)
      let outer = try #require(translated)
      known.append((inner, remote, outer))
    }
    #expect(Set(known.map(\.outer)).count == 800)
    for (inner, remote, outer) in known {
      let back = nat.translateInbound(from: remote, to: outer, now: .zero)
      let again = nat.translateOutbound(from: inner, to: remote, now: .zero)
      #expect(back == inner)
      #expect(again == outer)
    }
  }
}
