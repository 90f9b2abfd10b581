import STUN
import Time

/// A network address and port translator for UDP (RFC 4787).
///
/// A host behind it sends from an inner address; the first datagram makes a *binding* to a port of the NAT's own, and whatever
/// answers to that port is translated back, if the *filter* lets it in. How much of the remote address a binding is for, and how
/// much of it the filter looks at, makes the classic kinds.
public struct NAT: Sendable {
  /// How much of a remote address makes a difference.
  public enum Dependence: UInt8, Sendable { case endpointIndependent, addressDependent, addressAndPortDependent }

  public struct Behaviour: Sendable {
    /// Whether one inner address has the same outer one towards everybody (RFC 4787 section 4.1).
    public var mapping = Dependence.endpointIndependent
    /// Who may send to an outer address: anybody, or whom it was used to send to (RFC 4787 section 5).
    public var filtering = Dependence.addressAndPortDependent
    /// Whether two hosts behind it reach each other by their outer addresses (RFC 4787 section 6).
    public var hairpins = true
    /// A binding that nothing was sent from for so long is gone. Two minutes at least, by RFC 4787 section 4.3; many do with less.
    public var bindingTimeout = Interval.seconds(120)
    /// Whether what comes in keeps a binding alive, too.
    public var refreshesInbound = false
    /// An outer port is the inner one where that is free, else the next free one; where false it is drawn.
    public var preservesPorts = true
    /// Bindings at one time; what would need another is dropped.
    public var maximumBindings = 1024
    public init() {}
    public init(mapping: Dependence, filtering: Dependence, hairpins: Bool = true) {
      self.mapping = mapping
      self.filtering = filtering
      self.hairpins = hairpins
    }

    public static var fullCone: Behaviour { .init(mapping: .endpointIndependent, filtering: .endpointIndependent) }
    public static var addressRestricted: Behaviour { .init(mapping: .endpointIndependent, filtering: .addressDependent) }
    public static var portRestricted: Behaviour { .init(mapping: .endpointIndependent, filtering: .addressAndPortDependent) }
    /// Another outer port, drawn, for everybody: no two of these connect without a relay.
    public static var symmetric: Behaviour {
      var behaviour = Behaviour(mapping: .addressAndPortDependent, filtering: .addressAndPortDependent)
      behaviour.preservesPorts = false
      return behaviour
    }
  }

  struct Binding: Sendable {
    var inner: TransportAddress
    /// The remote address as far as the mapping looks at it.
    var remote: TransportAddress
    var outer: TransportAddress
    var lastUsed: Instant
    /// Whom it was used to send to, as far as the filter looks at them; the oldest gives way.
    var permitted: [TransportAddress] = []
  }

  static let maximumPermitted = 64
  static let nobody = TransportAddress(ip: .anyV6, port: 0)
  /// Ports below are for others.
  static let firstPort: UInt16 = 1024

  public let behaviour: Behaviour
  /// At most one of each family serves.
  public internal(set) var addresses: [IPAddress]
  var random: SeededRandom
  /// By inner address, then by remote: searched by halves.
  var bindings: [Binding] = []
  /// By outer address: searched by halves; the inner addresses and remotes of the same bindings.
  var outers: [(outer: TransportAddress, inner: TransportAddress, remote: TransportAddress)] = []

  init(behaviour: Behaviour, addresses: [IPAddress], random: SeededRandom) {
    self.behaviour = behaviour
    self.addresses = addresses
    self.random = random
  }

  public func owns(_ ip: IPAddress) -> Bool { self.addresses.contains(ip) }
  /// How many bindings there are, those included that time has ended but nobody has noticed.
  public var bindingCount: Int { self.bindings.count }

  /// Translates the source of what goes out; nil: there is no port left, or no address of the family.
  mutating func translateOutbound(
    from inner: TransportAddress, to remote: TransportAddress, now: Instant
  ) -> TransportAddress? {
    let key = Self.masked(remote, by: self.behaviour.mapping)
    var place = self.place(of: inner, key)
    if self.isBinding(at: place, inner, key), self.isExpired(self.bindings[place], now) { self.removeBinding(at: place) }
    if !self.isBinding(at: place, inner, key) {
      if self.bindings.count >= self.behaviour.maximumBindings {
        self.removeExpired(now)
        guard self.bindings.count < self.behaviour.maximumBindings else { return nil }
        place = self.place(of: inner, key)
      }
      guard let outer = self.freeAddress(for: inner, now) else { return nil }
      // Looking for a port may have ended bindings.
      place = self.place(of: inner, key)
      self.bindings.insert(Binding(inner: inner, remote: key, outer: outer, lastUsed: now), at: place)
      self.outers.insert((outer, inner, key), at: self.outerPlace(of: outer))
    }
    self.bindings[place].lastUsed = now
    let permitted = Self.masked(remote, by: self.behaviour.filtering)
    if !self.bindings[place].permitted.contains(permitted) {
      if self.bindings[place].permitted.count >= Self.maximumPermitted { self.bindings[place].permitted.removeFirst() }
      self.bindings[place].permitted.append(permitted)
    }
    return self.bindings[place].outer
  }

  /// Translates the destination of what comes in; nil: no binding, or the filter does not let it in.
  mutating func translateInbound(
    from remote: TransportAddress, to outer: TransportAddress, now: Instant
  ) -> TransportAddress? {
    let index = self.outerPlace(of: outer)
    guard index < self.outers.count, self.outers[index].outer == outer else { return nil }
    let place = self.place(of: self.outers[index].inner, self.outers[index].remote)
    guard !self.isExpired(self.bindings[place], now) else {
      self.removeBinding(at: place)
      return nil
    }
    let key = Self.masked(remote, by: self.behaviour.filtering)
    guard self.behaviour.filtering == .endpointIndependent || self.bindings[place].permitted.contains(key) else {
      return nil
    }
    if self.behaviour.refreshesInbound { self.bindings[place].lastUsed = now }
    return self.bindings[place].inner
  }

  /// All bindings are lost, as when it is switched off and on.
  mutating func reboot() {
    self.bindings = []
    self.outers = []
  }

  // MARK: Bindings

  static func masked(_ address: TransportAddress, by dependence: Dependence) -> TransportAddress {
    switch dependence {
    case .endpointIndependent: Self.nobody
    case .addressDependent: TransportAddress(ip: address.ip, port: 0)
    case .addressAndPortDependent: address
    }
  }

  private func isExpired(_ binding: Binding, _ now: Instant) -> Bool {
    binding.lastUsed + self.behaviour.bindingTimeout <= now
  }

  private func isBinding(at place: Int, _ inner: TransportAddress, _ remote: TransportAddress) -> Bool {
    place < self.bindings.count && self.bindings[place].inner == inner && self.bindings[place].remote == remote
  }

  private func place(of inner: TransportAddress, _ remote: TransportAddress) -> Int {
    var low = 0
    var high = self.bindings.count
    while low < high {
      let middle = (low &+ high) / 2
      let binding = self.bindings[middle]
      if binding.inner == inner ? isBefore(binding.remote, remote) : isBefore(binding.inner, inner) {
        low = middle &+ 1
      } else {
        high = middle
      }
    }
    return low
  }

  private func outerPlace(of outer: TransportAddress) -> Int {
    var low = 0
    var high = self.outers.count
    while low < high {
      let middle = (low &+ high) / 2
      if isBefore(self.outers[middle].outer, outer) { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  private mutating func removeBinding(at place: Int) {
    let outer = self.bindings[place].outer
    self.bindings.remove(at: place)
    self.outers.remove(at: self.outerPlace(of: outer))
  }

  private mutating func removeExpired(_ now: Instant) {
    var i = self.bindings.count
    while i > 0 {
      i &-= 1
      if self.isExpired(self.bindings[i], now) { self.removeBinding(at: i) }
    }
  }

  /// An outer address that no binding has.
  private mutating func freeAddress(for inner: TransportAddress, _ now: Instant) -> TransportAddress? {
    guard let ip = self.addresses.first(where: { $0.isV4 == inner.ip.isV4 }) else { return nil }
    let span = UInt32(UInt16.max &- Self.firstPort) &+ 1
    var port =
      self.behaviour.preservesPorts
      ? max(inner.port, Self.firstPort) : Self.firstPort &+ UInt16(self.random.next(below: span))
    for _ in 0..<span {
      let outer = TransportAddress(ip: ip, port: port)
      let index = self.outerPlace(of: outer)
      guard index < self.outers.count, self.outers[index].outer == outer else { return outer }
      let place = self.place(of: self.outers[index].inner, self.outers[index].remote)
      if self.isExpired(self.bindings[place], now) {
        self.removeBinding(at: place)
        return outer
      }
      port = port == .max ? Self.firstPort : port &+ 1
    }
    return nil
  }
}

/// An order of addresses, whichever it is.
func isBefore(_ a: TransportAddress, _ b: TransportAddress) -> Bool {
  if a.ip.high != b.ip.high { return a.ip.high < b.ip.high }
  if a.ip.low != b.ip.low { return a.ip.low < b.ip.low }
  return a.port < b.port
}
