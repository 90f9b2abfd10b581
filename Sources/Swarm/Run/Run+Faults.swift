import STUN
import Simulator
import Time

/// What befalls hosts and networks, and when it is over.
extension Run {
  func inflict(_ action: Action) {
    switch action {
    case .condition(let host, let plan): self.setCondition(plan, of: host)
    case .outage(let host, let way, let duration): self.beginOutage(host, way, duration)
    case .partition(let host, let other, let duration): self.beginPartition(host, other, duration)
    case .roam(let host, let notice): self.roam(host, notice)
    case .suspend(let host, let duration): self.suspend(host, duration)
    case .rebootNAT(let nat): self.rebootNAT(nat)
    default: break
    }
  }

  // MARK: Which pairs suffer

  func pairs(on host: Int) -> [Int] {
    self.state.pairs.indices.filter {
      let plan = self.state.pairs[$0].plan
      return self.state.peers[plan.offerer].plan.host == host || self.state.peers[plan.answerer].plan.host == host
    }
  }

  private func noteFault(_ host: Int, change: Int) {
    for pair in self.pairs(on: host) {
      self.state.pairs[pair].faults += change
      self.state.pairs[pair].lastFault = max(self.state.pairs[pair].lastFault, self.now)
    }
  }

  /// The path that is in use died: the side that did not move finds out by its silence.
  private func noteMove(_ host: Int) {
    for pair in self.pairs(on: host) {
      let plan = self.state.pairs[pair].plan
      let patience = [plan.offerer, plan.answerer].map { peer in
        self.state.peers[peer].plan.knobs.first { $0.name == .disconnectedTimeout }?.value ?? 7000
      }
      self.state.pairs[pair].lastFault = self.now + .milliseconds(UInt32(clamping: patience.max() ?? 7000))
    }
  }

  // MARK: Links

  private func setCondition(_ plan: LinkPlan, of host: Int) {
    guard self.state.hosts.indices.contains(host) else { return }
    // It stays until everything heals.
    self.noteFault(host, change: 1)
    if plan.corruption > 0 { for pair in self.pairs(on: host) { self.state.pairs[pair].isCorrupting = true } }
    self.state.hosts[host].access = Access(plan)
    self.applyCondition(of: host)
  }

  private func applyCondition(of host: Int) {
    var up = self.state.hosts[host].access.up
    var down = self.state.hosts[host].access.down
    up.isDown = self.state.hosts[host].outagesUp > 0
    down.isDown = self.state.hosts[host].outagesDown > 0
    self.world.setCondition(of: self.state.hosts[host].id, up: up, down: down)
  }

  private func beginOutage(_ host: Int, _ way: Action.Way, _ duration: Int) {
    guard self.state.hosts.indices.contains(host) else { return }
    self.noteFault(host, change: 1)
    if way != .down { self.state.hosts[host].outagesUp += 1 }
    if way != .up { self.state.hosts[host].outagesDown += 1 }
    self.applyCondition(of: host)
    self.state.agenda.add(.endOutage(host: host, way), at: self.now + .milliseconds(UInt32(clamping: duration)))
  }

  func endOutage(_ host: Int, _ way: Action.Way) {
    guard self.state.phase == .active else { return }
    if way != .down { self.state.hosts[host].outagesUp -= 1 }
    if way != .up { self.state.hosts[host].outagesDown -= 1 }
    self.noteFault(host, change: -1)
    self.applyCondition(of: host)
  }

  private func beginPartition(_ host: Int, _ other: Int, _ duration: Int) {
    guard self.state.hosts.indices.contains(host), self.state.hosts.indices.contains(other), host != other else { return }
    self.noteFault(host, change: 1)
    let id = self.world.partition([self.state.hosts[host].id], from: [self.state.hosts[other].id])
    self.state.partitions.append((id, host))
    self.state.agenda.add(
      .endPartition(self.state.partitions.count - 1), at: self.now + .milliseconds(UInt32(clamping: duration)))
  }

  func endPartition(_ number: Int) {
    guard self.state.phase == .active else { return }
    self.world.heal(self.state.partitions[number].id)
    self.noteFault(self.state.partitions[number].host, change: -1)
  }

  // MARK: Hosts

  private func roam(_ host: Int, _ notice: Action.Notice) {
    guard self.state.hosts.indices.contains(host), self.state.hosts[host].resumesAt == nil else { return }
    self.noteMove(host)
    self.state.hosts[host].generation += 1
    let (v4, v6) = self.addresses(of: host, generation: self.state.hosts[host].generation)
    let id = self.state.hosts[host].id
    let isV4 = self.state.hosts[host].v4 != nil
    guard let old = self.state.hosts[host].v4 ?? self.state.hosts[host].v6 else { return }
    let nat = isV4 ? self.nat(of: self.state.hosts[host].plan, self.state.nats) : nil
    do throws(WorldError) {
      if notice == .newFirst {
        let access = self.state.hosts[host].access
        try self.world.addAddress(isV4 ? v4 : v6, to: id, behind: nat, up: access.up, down: access.down)
        try self.world.removeAddress(old, from: id)
        self.applyCondition(of: host)
      } else {
        try self.world.changeAddress(of: id, from: old, to: isV4 ? v4 : v6, behind: nat, isReported: notice == .atOnce)
      }
    } catch {
      self.fail(.stateImpossible, "roaming: \(error)")
      return
    }
    if isV4 { self.state.hosts[host].v4 = v4 } else { self.state.hosts[host].v6 = v6 }
    guard notice == .late || notice == .never else { return }
    self.state.hosts[host].isUnreported = true
    self.noteFault(host, change: 1)
    if notice == .late { self.state.agenda.add(.report(host: host), at: self.now + .milliseconds(1 + self.state.random.next(below: 5000))) }
  }

  func report(_ host: Int) {
    guard self.state.hosts[host].isUnreported else { return }
    if self.state.hosts[host].resumesAt != nil { return self.state.hosts[host].held.append(.report(host: host)) }
    self.state.hosts[host].isUnreported = false
    self.noteFault(host, change: -1)
    self.noteMove(host)
    self.world.reportAddresses(of: self.state.hosts[host].id)
  }

  private func suspend(_ host: Int, _ duration: Int) {
    guard self.state.hosts.indices.contains(host), self.state.hosts[host].resumesAt == nil else { return }
    self.noteFault(host, change: 1)
    // Whoever sleeps has said what there was to say.
    for peer in self.state.peers.indices where self.state.peers[peer].plan.host == host { self.settle(peer) }
    self.world.suspend(self.state.hosts[host].id)
    let at = self.now + .milliseconds(UInt32(clamping: duration))
    self.state.hosts[host].resumesAt = at
    self.state.agenda.add(.resume(host: host), at: at)
  }

  func resume(_ host: Int) {
    guard let at = self.state.hosts[host].resumesAt, at <= self.now || self.state.phase != .active else { return }
    self.state.hosts[host].resumesAt = nil
    self.world.resume(self.state.hosts[host].id)
    self.noteFault(host, change: -1)
    // Whoever wakes up looks at the clock first.
    for peer in self.state.peers.indices where self.state.peers[peer].plan.host == host {
      self.world[self.state.peers[peer].id].advance(to: self.now)
      self.settle(peer)
    }
    for item in self.state.hosts[host].held { self.state.agenda.add(item, at: self.now) }
    self.state.hosts[host].held = []
  }

  private func rebootNAT(_ nat: Int) {
    guard self.state.nats.indices.contains(nat) else { return }
    self.world.reboot(self.state.nats[nat])
    for host in self.state.hosts.indices where self.state.hosts[host].plan.nat == nat { self.noteMove(host) }
  }
}
