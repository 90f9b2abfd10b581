import Bytes
import ICE
import STUN
import Testing
import Time

func milliseconds(_ count: UInt32) -> Instant { .zero + .milliseconds(count) }

func address(_ text: String, _ port: UInt16) -> TransportAddress {
  TransportAddress(ip: try! IPAddress(text: Array(text.utf8).span), port: port)
}

extension Interval {
  var milliseconds: UInt64 { self.nanoseconds / 1_000_000 }
}

/// A translator with a port-restricted filter: inbound only from where outbound went.
struct NAT {
  var publicIP: IPAddress
  /// A new port for each destination, which makes server-reflexive candidates useless.
  var isSymmetric = false
  var mappings: [(inner: TransportAddress, destination: TransportAddress?, port: UInt16)] = []
  var openings: [(port: UInt16, remote: TransportAddress)] = []
  var nextPort: UInt16 = 40_000

  mutating func outbound(_ inner: TransportAddress, to destination: TransportAddress) -> TransportAddress {
    let key = self.isSymmetric ? destination : nil
    var port = self.mappings.first { $0.inner == inner && $0.destination == key }?.port
    if port == nil {
      port = self.nextPort
      self.nextPort += 1
      self.mappings.append((inner, key, port!))
    }
    if !self.openings.contains(where: { $0.port == port! && $0.remote == destination }) {
      self.openings.append((port!, destination))
    }
    return TransportAddress(ip: self.publicIP, port: port!)
  }

  func inbound(_ port: UInt16, from remote: TransportAddress) -> TransportAddress? {
    guard self.openings.contains(where: { $0.port == port && $0.remote == remote }) else { return nil }
    return self.mappings.first { $0.port == port }?.inner
  }
}

/// Two agents, a network between them, and a signalling channel, on a virtual clock.
final class World {
  struct Host {
    var base: TransportAddress
    var agent: Int
    var nat: Int?
  }
  struct Packet {
    var bytes: [UInt8]
    var source: TransportAddress
    var destination: TransportAddress
  }
  enum Work {
    case deliver(Packet)
    case act((World) -> Void)
  }

  var now = Instant.zero
  var agents: [Agent]
  var hosts: [Host] = []
  var nats: [NAT] = []
  var servers: [TransportAddress] = []
  var events: [[(at: Instant, event: Agent.Event)]] = [[], []]
  var delay = Interval.milliseconds(10)
  /// In a thousand.
  var loss: UInt32 = 0
  var signallingDelay = Interval.milliseconds(30)
  var isTrickling = true
  var drops: (TransportAddress, TransportAddress) -> Bool = { _, _ in false }
  /// Every packet as it left, for comparing forks.
  var log: [Packet] = []
  var sent = 0
  var random: SeededRandom
  private var queue: [(at: Instant, order: Int, work: Work)] = []
  private var order = 0

  init(
    seed: UInt64 = 1, roles: (Role, Role) = (.controlling, .controlled), configure: (inout Agent.Configuration) -> Void = { _ in }
  ) {
    self.random = SeededRandom(seed: .init(seed))
    self.agents = []
    for role in [roles.0, roles.1] {
      var configuration = Agent.Configuration(role: role)
      configure(&configuration)
      self.agents.append(try! Agent(configuration: configuration, random: self.random.split(), now: self.now))
    }
  }

  func addHost(_ base: TransportAddress, agent: Int, nat: Int? = nil, preference: UInt16 = 65_535) {
    self.hosts.append(Host(base: base, agent: agent, nat: nat))
    try! self.agents[agent].addLocalAddress(base, localPreference: preference, now: self.now)
  }

  func after(_ interval: Interval, _ action: @escaping (World) -> Void) {
    self.queue.append((self.now + interval, self.order, .act(action)))
    self.order += 1
  }

  /// Agent 0 offers, agent 1 answers: each knows the other's credentials a signalling delay later.
  func signal() {
    let offer = self.agents[0].localCredentials
    self.after(self.signallingDelay) { world in
      try! world.agents[1].setRemoteCredentials(offer, now: world.now)
      let answer = world.agents[1].localCredentials
      world.after(world.signallingDelay) { world in
        try! world.agents[0].setRemoteCredentials(answer, now: world.now)
      }
    }
    for i in 0..<2 { self.agents[i].localAddressesComplete(now: self.now) }
  }

  func drain() {
    for i in self.agents.indices {
      while let event = self.agents[i].pollEvent() {
        self.events[i].append((self.now, event))
        switch event {
        case .localCandidate(let candidate) where self.isTrickling:
          var buffer = [UInt8](repeating: 0, count: 300)
          var writer = SpanWriter(buffer.mutableSpan)
          candidate.write(into: &writer)
          let text = arrayCopy(writer.bytes(in: 0..<writer.count))
          self.after(self.signallingDelay) { world in
            guard case .candidate(let parsed)? = try? ParsedCandidate(parsing: text.span) else {
              Issue.record("a candidate did not survive signalling")
              return
            }
            try! world.agents[1 - i].addRemoteCandidate(parsed, now: world.now)
          }
        case .gatheringComplete where self.isTrickling:
          self.after(self.signallingDelay) { world in world.agents[1 - i].remoteCandidatesComplete(now: world.now) }
        default: break
        }
      }
      while true {
        var buffer = [UInt8](repeating: 0, count: 1200)
        var writer = SpanWriter(buffer.mutableSpan)
        guard let transmit = self.agents[i].pollTransmit(into: &writer) else { break }
        let count = writer.count
        let bytes = Array(buffer[0..<count])
        self.send(Packet(bytes: bytes, source: transmit.source, destination: transmit.destination))
      }
    }
  }

  func send(_ packet: Packet) {
    self.log.append(packet)
    self.sent += 1
    guard !self.drops(packet.source, packet.destination), self.random.next(below: 1000) >= self.loss else { return }
    var packet = packet
    if let host = self.hosts.first(where: { $0.base == packet.source }), let nat = host.nat {
      // Hosts of one site reach each other without the translator.
      if self.hosts.first(where: { $0.base == packet.destination })?.nat != nat {
        packet.source = self.nats[nat].outbound(packet.source, to: packet.destination)
      }
    }
    self.queue.append((self.now + self.delay, self.order, .deliver(packet)))
    self.order += 1
  }

  func deliver(_ packet: Packet) {
    var packet = packet
    if self.servers.contains(packet.destination) {
      guard let message = try? Message(parsing: packet.bytes.span) else { return }
      var buffer = [UInt8](repeating: 0, count: 200)
      var writer = SpanWriter(buffer.mutableSpan)
      let start = writer.beginMessage(.bindingSuccess, message.transactionID)
      writer.writeXorMappedAddress(packet.source, message.transactionID)
      writer.finishMessage(at: start)
      let count = writer.count
      self.send(Packet(bytes: Array(buffer[0..<count]), source: packet.destination, destination: packet.source))
      return
    }
    if let nat = self.nats.firstIndex(where: { $0.publicIP == packet.destination.ip }) {
      guard let inner = self.nats[nat].inbound(packet.destination.port, from: packet.source) else { return }
      packet.destination = inner
    } else if let host = self.hosts.first(where: { $0.base == packet.destination }), let nat = host.nat {
      // A private address is reached from its own site alone.
      guard self.hosts.first(where: { $0.base == packet.source })?.nat == nat else { return }
    }
    guard let host = self.hosts.first(where: { $0.base == packet.destination }) else { return }
    self.agents[host.agent].receive(packet.bytes.span, from: packet.source, to: packet.destination, now: self.now)
  }

  /// Runs until `condition` holds or `end` is reached; says whether it held.
  @discardableResult
  func run(until end: Instant, _ condition: (World) -> Bool = { _ in false }) -> Bool {
    var steps = 0
    while true {
      self.drain()
      if condition(self) { return true }
      var next = end
      for agent in self.agents { if let deadline = agent.nextDeadline { next = min(next, deadline) } }
      for item in self.queue { next = min(next, item.at) }
      if next >= end {
        self.now = end
        return false
      }
      self.now = max(self.now, next)
      for i in self.agents.indices {
        self.agents[i].advance(to: self.now)
        if let deadline = self.agents[i].nextDeadline, deadline <= self.now {
          Issue.record("the next deadline is not in the future")
          return false
        }
      }
      let due = self.queue.filter { $0.at <= self.now }.sorted { ($0.at, $0.order) < ($1.at, $1.order) }
      self.queue.removeAll { $0.at <= self.now }
      for item in due {
        switch item.work {
        case .deliver(let packet): self.deliver(packet)
        case .act(let action): action(self)
        }
        self.drain()
      }
      steps += 1
      if steps > 200_000 {
        Issue.record("the agents never come to rest")
        return false
      }
    }
  }

  func states(_ i: Int) -> [Agent.State] {
    self.events[i].compactMap { if case .stateChanged(let state) = $0.event { state } else { nil } }
  }

  func time(of state: Agent.State, _ i: Int) -> Instant? {
    self.events[i].first { $0.event == .stateChanged(state) }?.at
  }

  var areCompleted: Bool { self.agents[0].state == .completed && self.agents[1].state == .completed }

  /// Both ends use the same path, seen from either side (through translators the addresses differ).
  var doAgree: Bool {
    guard let a = self.agents[0].selectedPair, let b = self.agents[1].selectedPair else { return false }
    return a.local == b.remote && a.remote == b.local
  }
}

let hostA = address("192.0.2.1", 5000)
let hostB = address("198.51.100.2", 6000)

/// Two hosts on the open network, not yet signalled.
func openWorld(
  seed: UInt64 = 1, roles: (Role, Role) = (.controlling, .controlled), configure: (inout Agent.Configuration) -> Void = { _ in }
) -> World {
  let world = World(seed: seed, roles: roles, configure: configure)
  world.addHost(hostA, agent: 0)
  world.addHost(hostB, agent: 1)
  return world
}
