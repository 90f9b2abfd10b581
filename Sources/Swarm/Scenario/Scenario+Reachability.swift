extension Scenario {
  /// Whether the two sides of a pair can find a path when nothing is at fault.
  func isReachable(_ pair: PairPlan) -> Bool {
    guard let a = self.host(of: pair.offerer), let b = self.host(of: pair.answerer) else { return false }
    if a.hasV6, b.hasV6 { return true }
    guard a.hasV4, b.hasV4 else { return false }
    let (first, second) = (self.nat(of: a), self.nat(of: b))
    guard let first, let second else { return true }
    // Behind one NAT they reach each other directly.
    if a.nat == b.nat { return true }
    guard self.peers[pair.offerer].usesSTUN, self.peers[pair.answerer].usesSTUN else { return false }
    // What the STUN server saw is what the other side meets only where the mapping does not depend on the destination. Then
    // a packet of ours lets the other's in, unless it comes from a port that nobody could know.
    if first.mapping == 0, second.mapping == 0 { return true }
    return first.mapping == 0 && first.filtering < 2 || second.mapping == 0 && second.filtering < 2
  }

  func host(of peer: Int) -> HostPlan? {
    guard self.peers.indices.contains(peer), self.hosts.indices.contains(self.peers[peer].host) else { return nil }
    return self.hosts[self.peers[peer].host]
  }

  private func nat(of host: HostPlan) -> NATPlan? {
    guard let index = host.nat, self.nats.indices.contains(index) else { return nil }
    return self.nats[index]
  }
}
