import Cryptography
import STUN
import Simulator
import Time
import WebRTC

/// Keys are slow to make, and which one it is does not matter: all peers of all runs share four.
private let identities: [Identity] = {
  var random = SeededRandom(seed: .init(0x1d))
  var result: [Identity] = []
  while result.count < 4, let identity = try? Identity(random: &random) { result.append(identity) }
  return result
}()

struct HostState {
  let id: HostID
  let plan: HostPlan
  var v4: IPAddress?
  var v6: IPAddress?
  var generation = 0
  var access: Access
  var outagesUp = 0
  var outagesDown = 0
  var isUnreported = false
  var resumesAt: Instant?
  /// What waits for it to wake up.
  var held: [Agenda.Item] = []
}

struct PairState {
  let plan: PairPlan
  let isReachable: Bool
  var isStarted = false
  /// Faults that go on now, and when the last one ended.
  var faults = 0
  var lastFault = Instant.zero
  /// Datagrams were damaged or injected while the handshake may have been running.
  var isCorrupting = false
  var restarts = 0
  var restartsAfter = Instant.zero
  var probeChannel: Int?
  var isProbed = false
}

extension Run {
  func build() {
    do { try self.buildWorld() } catch { self.fail(.stateImpossible, "the scenario cannot be built: \(error)") }
  }

  private func buildWorld() throws {
    for (index, plan) in self.scenario.nats.enumerated() {
      self.state.nats.append(try self.world.addNAT(plan.behaviour, addresses: [IPAddress(30, 0, UInt8(clamping: index), 1)]))
    }
    if self.scenario.peers.contains(where: \.usesSTUN) { try self.addSTUNServer() }
    for (index, plan) in self.scenario.hosts.enumerated() { try self.addHost(index, plan, self.state.nats) }
    for (index, plan) in self.scenario.peers.enumerated() { try self.addPeer(index, plan) }
    for plan in self.scenario.pairs { self.addPair(plan) }
  }

  private func addHost(_ index: Int, _ plan: HostPlan, _ nats: [NATID]) throws {
    let access = Access(plan.link)
    let nat = self.nat(of: plan, nats)
    let (v4, v6) = self.addresses(of: index, generation: 0)
    // A host behind a NAT has its IPv6 address in the open.
    let host = try self.world.addHost(addresses: plan.hasV4 ? [v4] : [], behind: nat, up: access.up, down: access.down)
    if plan.hasV6 || !plan.hasV4 {
      try self.world.addAddress(v6, to: host, behind: nil, up: access.up, down: access.down)
    }
    var state = HostState(id: host, plan: plan, access: access)
    state.v4 = plan.hasV4 ? v4 : nil
    state.v6 = plan.hasV6 || !plan.hasV4 ? v6 : nil
    self.state.hosts.append(state)
  }

  func nat(of plan: HostPlan, _ nats: [NATID]) -> NATID? {
    guard let index = plan.nat, nats.indices.contains(index) else { return nil }
    return nats[index]
  }

  private func addSTUNServer() throws {
    let addresses = [IPAddress(40, 0, 0, 1), IPAddress(high: 0x2001_0db8_ffff_0000, low: 1)]
    let host = try self.world.addHost(addresses: addresses)
    for address in addresses {
      _ = try self.world.addSTUNServer(on: host, at: address)
      self.state.stunServers.append(TransportAddress(ip: address, port: 3478))
    }
  }

  func addresses(of host: Int, generation: Int) -> (v4: IPAddress, v6: IPAddress) {
    let byte = UInt8(truncatingIfNeeded: host)
    let turn = UInt8(truncatingIfNeeded: generation)
    let first: UInt8 = self.scenario.hosts[host].nat.map { self.scenario.nats.indices.contains($0) } == true ? 10 : 20
    return (
      IPAddress(first, turn, byte, 1),
      IPAddress(high: 0x2001_0db8_0000_0000 | UInt64(byte) << 16 | UInt64(turn), low: 1)
    )
  }

  private func addPeer(_ index: Int, _ plan: PeerPlan) throws {
    guard self.state.hosts.indices.contains(plan.host) else { return }
    var configuration = PeerConnection.Configuration()
    if plan.usesSTUN { configuration.ice.stunServers = self.state.stunServers }
    for knob in plan.knobs { knob.apply(to: &configuration) }
    let id = try self.world.addPeer(
      on: self.state.hosts[plan.host].id, configuration: configuration, identity: identities[plan.identity & 3],
      isRecording: self.isRecording)
    self.state.peers.append(PeerState(index: index, id: id, plan: plan))
  }

  private func addPair(_ plan: PairPlan) {
    let count = self.state.peers.count
    guard plan.offerer < count, plan.answerer < count, plan.offerer != plan.answerer else { return }
    var pair = PairState(plan: plan, isReachable: self.scenario.isReachable(plan))
    for peer in [plan.offerer, plan.answerer] {
      let link = self.state.hosts[self.state.peers[peer].plan.host].plan.link
      if !link.isPerfect { pair.faults += 1 }
      if link.corruption > 0 { pair.isCorrupting = true }
      self.state.peers[peer].other = peer == plan.offerer ? plan.answerer : plan.offerer
      self.state.peers[peer].pair = self.state.pairs.count
    }
    self.state.peers[plan.offerer].isPolite = plan.isOffererPolite
    self.state.peers[plan.answerer].isPolite = !plan.isOffererPolite
    self.state.peers[plan.offerer].trickle = plan.trickle
    self.state.peers[plan.answerer].trickle = plan.trickle == .none ? .none : .full
    self.state.pairs.append(pair)
  }
}

extension NATPlan {
  var behaviour: NAT.Behaviour {
    let levels: [NAT.Dependence] = [.endpointIndependent, .addressDependent, .addressAndPortDependent]
    var behaviour = NAT.Behaviour(mapping: levels[self.mapping % 3], filtering: levels[self.filtering % 3], hairpins: self.hairpins)
    behaviour.bindingTimeout = .seconds(UInt32(clamping: self.bindingTimeout))
    return behaviour
  }
}

extension Access {
  init(_ plan: LinkPlan) {
    switch plan.preset {
    case .lan: self = .lan
    case .wifi: self = .wifi
    case .lte: self = .lte
    case .satellite: self = .satellite
    case .congested: self = .congested
    case nil: self = .ideal
    }
    self.up.apply(plan)
    self.down.apply(plan)
  }

  /// What is left of it when nothing is at fault.
  var healed: Access {
    var access = Access()
    access.up.delay = self.up.delay
    access.down.delay = self.down.delay
    return access
  }
}

extension Link.Condition {
  fileprivate mutating func apply(_ plan: LinkPlan) {
    if plan.delay > 0 { self.delay = .milliseconds(UInt32(clamping: plan.delay)) }
    if plan.jitter > 0 { self.jitter = .milliseconds(UInt32(clamping: plan.jitter)) }
    if plan.loss > 0 { self.loss = UInt32(clamping: plan.loss) }
    if plan.burst > 1 { self.meanBurst = UInt32(clamping: plan.burst) }
    if plan.duplication > 0 { self.duplication = UInt32(clamping: plan.duplication) }
    if plan.reordering > 0 { self.reordering = UInt32(clamping: plan.reordering) }
    if plan.corruption > 0 { self.corruption = UInt32(clamping: plan.corruption) }
    if plan.rate > 0 { self.rate = UInt64(plan.rate) }
    if plan.queue > 0 { self.queue = UInt32(clamping: plan.queue) }
    if plan.mtu > 0 { self.maximumTransmissionUnit = UInt32(clamping: plan.mtu) }
  }
}
