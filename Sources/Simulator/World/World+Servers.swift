import Bytes
import STUN
import Time
import WebRTC

extension World {
  /// A STUN server on one of a host's addresses: give that address to peers in `Configuration.ice.stunServers`.
  public func addSTUNServer(on host: HostID, at ip: IPAddress, port: UInt16 = 3478) throws(WorldError) -> STUNServerID {
    let id = STUNServerID(self.stunServers.count)
    try self.open(TransportAddress(ip: ip, port: port), on: host, for: .stunServer(id.index))
    self.stunServers.append(STUNServer())
    return id
  }

  /// A TURN server, which also answers Binding requests. Relayed addresses are on the same host: those of the configuration, or
  /// `ip` where it names none. On these every port that no other socket has is the server's.
  public func addTURNServer(
    on host: HostID, at ip: IPAddress, port: UInt16 = 3478, configuration: TURNServer.Configuration
  ) throws(WorldError) -> TURNServerID {
    var configuration = configuration
    if configuration.relayAddresses.isEmpty { configuration.relayAddresses = [ip] }
    for relay in configuration.relayAddresses {
      guard self.interface(of: host.index, at: relay) != nil else { throw .noSuchAddress }
      guard !self.hosts[host.index].isOpen(TransportAddress(ip: relay, port: 0)) else { throw .portInUse }
    }
    let id = TURNServerID(self.turnServers.count)
    let endpoint = try self.open(TransportAddress(ip: ip, port: port), on: host, for: .turnServer(id.index))
    for relay in configuration.relayAddresses {
      self.hosts[host.index].open(TransportAddress(ip: relay, port: 0), for: endpoint)
    }
    self.turnServers.append(TURNServer(configuration: configuration, random: self.random.split()))
    return id
  }

  public func stunServer(_ id: STUNServerID) -> STUNServer { self.stunServers[id.index] }
  public func turnServer(_ id: TURNServerID) -> TURNServer { self.turnServers[id.index] }

  @discardableResult
  private func open(_ address: TransportAddress, on host: HostID, for kind: Endpoint.Kind) throws(WorldError) -> Int {
    guard self.interface(of: host.index, at: address.ip) != nil else { throw .noSuchAddress }
    guard address.port > 0, !self.hosts[host.index].isOpen(address) else { throw .portInUse }
    let endpoint = self.endpoints.count
    self.addEndpoint(kind, on: host.index)
    self.hosts[host.index].open(address, for: endpoint)
    return endpoint
  }

  func flushSTUNServer(_ server: Int, _ endpoint: Int) {
    let host = self.endpoints[endpoint].host
    guard !self.hosts[host].isSuspended else { return }
    self.writeAll(from: host) { writer in self.stunServers[server].pollTransmit(into: &writer) }
  }

  func flushTURNServer(_ server: Int, _ endpoint: Int) {
    let host = self.endpoints[endpoint].host
    guard !self.hosts[host].isSuspended else { return }
    self.writeAll(from: host) { writer in self.turnServers[server].pollTransmit(into: &writer) }
    self.deadlines.set(endpoint, at: self.turnServers[server].nextDeadline)
  }

  private func writeAll(from host: Int, _ poll: (inout SpanWriter) -> Transmit?) {
    var buffer: [UInt8] = []
    swap(&buffer, &self.buffer)
    while true {
      var writer = SpanWriter(buffer.mutableSpan)
      guard let path = poll(&writer) else { break }
      let count = writer.count
      self.launch(buffer.span.extracting(0..<count), from: path.source, to: path.destination, host: host)
    }
    swap(&buffer, &self.buffer)
  }
}
