import STUN
import Time

extension World {
  /// A host with one interface for each address, all of them in the public network or behind `nat`. The links are drawn anew for each.
  public func addHost(
    _ addresses: IPAddress..., behind nat: NATID? = nil, up: Link.Condition = .init(), down: Link.Condition = .init()
  ) throws(WorldError) -> HostID {
    try self.addHost(addresses: addresses, behind: nat, up: up, down: down)
  }

  public func addHost(
    addresses: [IPAddress], behind nat: NATID? = nil, up: Link.Condition = .init(), down: Link.Condition = .init()
  ) throws(WorldError) -> HostID {
    for (i, ip) in addresses.enumerated() {
      guard !addresses[..<i].contains(ip), self.owner(of: ip, in: Self.network(behind: nat)) == nil else {
        throw .addressInUse
      }
    }
    let host = HostID(self.hosts.count)
    self.hosts.append(Host())
    for ip in addresses { try self.addAddress(ip, to: host, behind: nat, up: up, down: down, isReported: false) }
    return host
  }

  /// One more interface. Where `isReported` the host's peers are told of it, and open a socket on it.
  public func addAddress(
    _ ip: IPAddress, to host: HostID, behind nat: NATID? = nil, up: Link.Condition = .init(),
    down: Link.Condition = .init(), isReported: Bool = true
  ) throws(WorldError) {
    let network = Self.network(behind: nat)
    guard self.owner(of: ip, in: network) == nil, self.interface(of: host.index, at: ip) == nil else {
      throw .addressInUse
    }
    let index = self.interfaces.count
    self.interfaces.append(
      Interface(
        host: host.index, ip: ip, network: network, up: Link(condition: up, random: self.random.split()),
        down: Link(condition: down, random: self.random.split())))
    self.hosts[host.index].interfaces.append(index)
    self.setOwner(.interface(index), of: ip, in: network)
    if isReported { self.reportAddresses(of: host) }
  }

  /// A NAT with outer addresses in the public network or behind another NAT. Hosts added behind it are in a network of its own.
  public func addNAT(
    _ behaviour: NAT.Behaviour, addresses: [IPAddress], behind outer: NATID? = nil
  ) throws(WorldError) -> NATID {
    let network = Self.network(behind: outer)
    guard !addresses.isEmpty else { throw .configuration }
    for (i, ip) in addresses.enumerated() {
      guard !addresses[..<i].contains(ip), self.owner(of: ip, in: network) == nil else { throw .addressInUse }
    }
    let id = NATID(self.nats.count)
    self.nats.append(
      NATBox(
        nat: NAT(behaviour: behaviour, addresses: addresses, random: self.random.split()), network: network))
    for ip in addresses { self.setOwner(.nat(id.index), of: ip, in: network) }
    return id
  }

  public func nat(_ id: NATID) -> NAT { self.nats[id.index].nat }
  public var hostCount: Int { self.hosts.count }
  public var peerCount: Int { self.peers.count }
  public func isSuspended(_ host: HostID) -> Bool { self.hosts[host.index].isSuspended }

  /// In the order in which they were added.
  public func addresses(of host: HostID) -> [IPAddress] {
    self.hosts[host.index].interfaces.map { self.interfaces[$0].ip }
  }

  /// The condition of the link up and the link down of one of a host's addresses.
  public func conditions(of host: HostID, at ip: IPAddress) -> (up: Link.Condition, down: Link.Condition)? {
    guard let index = self.interface(of: host.index, at: ip) else { return nil }
    return (self.interfaces[index].up.condition, self.interfaces[index].down.condition)
  }

  // MARK: Who has which address

  static func network(behind nat: NATID?) -> Int { nat.map { $0.index &+ 1 } ?? 0 }

  func interface(of host: Int, at ip: IPAddress) -> Int? {
    for index in self.hosts[host].interfaces where self.interfaces[index].ip == ip { return index }
    return nil
  }

  func owner(of ip: IPAddress, in network: Int) -> Route.Owner? {
    let place = self.routePlace(of: ip, in: network)
    guard place < self.routes.count, self.routes[place].network == network, self.routes[place].ip == ip else { return nil }
    return self.routes[place].owner
  }

  func setOwner(_ owner: Route.Owner?, of ip: IPAddress, in network: Int) {
    let place = self.routePlace(of: ip, in: network)
    if place < self.routes.count, self.routes[place].network == network, self.routes[place].ip == ip {
      self.routes.remove(at: place)
    }
    if let owner { self.routes.insert(Route(network: network, ip: ip, owner: owner), at: place) }
  }

  private func routePlace(of ip: IPAddress, in network: Int) -> Int {
    var low = 0
    var high = self.routes.count
    while low < high {
      let middle = (low &+ high) / 2
      if self.routes[middle].isBefore(network, ip) { low = middle &+ 1 } else { high = middle }
    }
    return low
  }
}
