import STUN
import Time

/// What goes wrong in a world, at the owner's word and at once.
extension World {
  /// Changes a host's links: those of one address, or all. Nil leaves a direction as it is. What is under way is not touched.
  public func setCondition(
    of host: HostID, at ip: IPAddress? = nil, up: Link.Condition? = nil, down: Link.Condition? = nil
  ) {
    for index in self.hosts[host.index].interfaces where ip == nil || self.interfaces[index].ip == ip {
      if let up { self.interfaces[index].up.condition = up }
      if let down { self.interfaces[index].down.condition = down }
    }
  }

  /// Nothing goes between the hosts of the one set and those of the other until `heal`; where `isOneWay`, nothing from the first to the
  /// second.
  @discardableResult
  public func partition(_ hosts: [HostID], from others: [HostID], isOneWay: Bool = false) -> PartitionID {
    self.lastPartition &+= 1
    let id = PartitionID(number: self.lastPartition)
    let first = hosts.map(\.index)
    let second = others.map(\.index)
    self.partitions.append(Partition(id: id, from: first, to: second))
    if !isOneWay { self.partitions.append(Partition(id: id, from: second, to: first)) }
    return id
  }

  /// Ends a partition, or all of them.
  public func heal(_ partition: PartitionID? = nil) {
    self.partitions.removeAll { partition == nil || $0.id == partition }
  }

  /// A lid is closed: the clock goes on, and nothing on the host is received, sent or advanced until `resume`.
  public func suspend(_ host: HostID) {
    self.flush()
    self.hosts[host.index].isSuspended = true
    for endpoint in self.endpoints.indices where self.endpoints[endpoint].host == host.index {
      self.deadlines.set(endpoint, at: nil)
    }
  }

  public func resume(_ host: HostID) {
    guard self.hosts[host.index].isSuspended else { return }
    self.hosts[host.index].isSuspended = false
    for endpoint in self.endpoints.indices where self.endpoints[endpoint].host == host.index {
      self.deadlines.set(endpoint, at: self.now)
    }
    self.deliverHeldSignals(of: host.index)
  }

  /// A host moves: `old` dies at once, with all that is on its way there, and `new` takes its place, on the same links. Where `isReported`
  /// the peers are told; where not, they go on with the dead address until `reportAddresses(of:)`.
  public func changeAddress(
    of host: HostID, from old: IPAddress, to new: IPAddress, behind nat: NATID? = nil, isReported: Bool = true
  ) throws(WorldError) {
    let network = Self.network(behind: nat)
    guard let index = self.interface(of: host.index, at: old) else { throw .noSuchAddress }
    guard self.owner(of: new, in: network) == nil, self.interface(of: host.index, at: new) == nil else {
      throw .addressInUse
    }
    self.flush()
    self.setOwner(nil, of: old, in: self.interfaces[index].network)
    self.interfaces[index].ip = new
    self.interfaces[index].network = network
    self.setOwner(.interface(index), of: new, in: network)
    self.moveSockets(of: host.index)
    if isReported { self.reportAddresses(of: host) }
  }

  /// An address goes away for good.
  public func removeAddress(_ ip: IPAddress, from host: HostID, isReported: Bool = true) throws(WorldError) {
    guard let index = self.interface(of: host.index, at: ip) else { throw .noSuchAddress }
    self.flush()
    self.setOwner(nil, of: ip, in: self.interfaces[index].network)
    self.interfaces[index].isGone = true
    self.hosts[host.index].interfaces.removeAll { $0 == index }
    self.moveSockets(of: host.index)
    if isReported { self.reportAddresses(of: host) }
  }

  /// Tells a host's peers which addresses came and went since they were last told.
  public func reportAddresses(of host: HostID) {
    for box in self.peers where box.host == host.index {
      self.openSockets(of: box)
      self.report(box)
    }
  }

  /// All bindings of a NAT are lost.
  public func reboot(_ nat: NATID) { self.nats[nat.index].nat.reboot() }

  private func moveSockets(of host: Int) {
    for box in self.peers where box.host == host { self.openSockets(of: box) }
  }
}
