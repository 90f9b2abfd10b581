import STUN
import Time

/// How a host is connected: the link from it and the link to it. The presets are round numbers of the kind that measurements of such
/// networks give; change what a test is about.
public struct Access: Equatable, Sendable {
  public var up: Link.Condition
  public var down: Link.Condition

  public init(up: Link.Condition = .init(), down: Link.Condition = .init()) {
    self.up = up
    self.down = down
  }

  /// Neither delay, loss nor limits.
  public static var ideal: Access { Access() }

  /// A wire in the same building: 1 Gbit/s, half a millisecond at most, no loss.
  public static var lan: Access {
    var condition = Link.Condition()
    condition.delay = .microseconds(200)
    condition.jitter = .microseconds(300)
    condition.keepsOrder = true
    condition.rate = 1_000_000_000
    condition.queue = 524_288
    condition.maximumTransmissionUnit = 1_500
    return Access(up: condition, down: condition)
  }

  /// A wireless LAN in use: 60 Mbit/s, 2 to 10 ms, one datagram in 200 lost, three in a row.
  public static var wifi: Access {
    var condition = Link.Condition()
    condition.delay = .milliseconds(2)
    condition.jitter = .milliseconds(8)
    condition.keepsOrder = true
    condition.loss = 5_000
    condition.meanBurst = 3
    condition.rate = 60_000_000
    condition.queue = 262_144
    condition.maximumTransmissionUnit = 1_500
    return Access(up: condition, down: condition)
  }

  /// A mobile phone: 10 Mbit/s up and 40 down, 20 to 40 ms, hardly any loss, and queues of most of a second.
  public static var lte: Access {
    var condition = Link.Condition()
    condition.delay = .milliseconds(20)
    condition.jitter = .milliseconds(20)
    condition.keepsOrder = true
    condition.loss = 1_000
    condition.meanBurst = 2
    condition.rate = 10_000_000
    condition.queue = 786_432
    condition.maximumTransmissionUnit = 1_428
    var access = Access(up: condition, down: condition)
    access.down.rate = 40_000_000
    access.down.queue = 2_097_152
    return access
  }

  /// A geostationary satellite: 3 Mbit/s up and 25 down, more than a quarter of a second each way, losses in bursts of eight.
  public static var satellite: Access {
    var condition = Link.Condition()
    condition.delay = .milliseconds(270)
    condition.jitter = .milliseconds(10)
    condition.keepsOrder = true
    condition.loss = 5_000
    condition.meanBurst = 8
    condition.rate = 3_000_000
    condition.queue = 262_144
    condition.maximumTransmissionUnit = 1_500
    var access = Access(up: condition, down: condition)
    access.down.rate = 25_000_000
    access.down.queue = 1_048_576
    return access
  }

  /// A line that too many share: 1 Mbit/s up and 3 down, 30 to 90 ms, three of a hundred lost in bursts and some alone, some overtaken, some
  /// twice.
  public static var congested: Access {
    var condition = Link.Condition()
    condition.delay = .milliseconds(30)
    condition.jitter = .milliseconds(60)
    condition.keepsOrder = true
    condition.loss = 30_000
    condition.meanBurst = 4
    condition.scatteredLoss = 5_000
    condition.duplication = 1_000
    condition.reordering = 5_000
    condition.reorderingDelay = .milliseconds(20)
    condition.rate = 1_000_000
    condition.queue = 65_536
    condition.maximumTransmissionUnit = 1_500
    var access = Access(up: condition, down: condition)
    access.down.rate = 3_000_000
    access.down.queue = 131_072
    return access
  }
}

extension World {
  /// A host with one interface for each address, all of them connected in the same way, each by links of its own.
  public func addHost(_ addresses: IPAddress..., behind nat: NATID? = nil, access: Access) throws(WorldError) -> HostID {
    try self.addHost(addresses: addresses, behind: nat, up: access.up, down: access.down)
  }

  /// Connects a host in another way from now on, as when a phone leaves the house; what is under way is not touched.
  public func setAccess(of host: HostID, at ip: IPAddress? = nil, to access: Access) {
    self.setCondition(of: host, at: ip, up: access.up, down: access.down)
  }
}
