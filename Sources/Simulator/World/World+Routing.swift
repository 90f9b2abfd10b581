import Bytes
import STUN
import Time
import WebRTC

/// The way of a datagram: up its host's link, through networks and NATs, down the link of whoever has the address.
extension World {
  /// A chain of NATs longer than this is a loop.
  static let maximumHops = 8

  func launch(_ bytes: Span<UInt8>, from source: TransportAddress, to destination: TransportAddress, host: Int) {
    self.statistics.sent &+= 1
    self.hash.mix(self.now.nanoseconds)
    self.hash.mix(source)
    self.hash.mix(destination)
    self.hash.mix(bytes)
    guard let index = self.interface(of: host, at: source.ip) else {
      self.statistics.unsendable &+= 1
      return
    }
    // What is for the host itself does not leave it.
    if let own = self.interface(of: host, at: destination.ip) {
      self.flights.append(
        arrival: self.now, stage: .host(own), source: source, destination: destination, origin: host, bytes)
      return
    }
    let passage = self.interfaces[index].up.carry(bytes.count, isV4: destination.ip.isV4, now: self.now)
    self.append(
      passage, stage: .network(self.interfaces[index].network), source: source, destination: destination, origin: host,
      bytes)
  }

  private func append(
    _ passage: Link.Passage, stage: FlightQueue.Stage, source: TransportAddress, destination: TransportAddress,
    origin: Int, _ bytes: Span<UInt8>
  ) {
    guard let first = passage.first else {
      self.statistics.lost &+= 1
      return
    }
    if passage.damage != nil { self.statistics.corrupted &+= 1 }
    self.flights.append(
      arrival: first, stage: stage, source: source, destination: destination, origin: origin, damage: passage.damage,
      bytes)
    guard let second = passage.second else { return }
    self.flights.append(
      arrival: second, stage: stage, source: source, destination: destination, origin: origin, bytes)
  }

  /// A flight has come to where it goes on; its bytes are in `arrived`.
  func arrive(_ flight: FlightQueue.Flight) {
    var bytes: [UInt8] = []
    swap(&bytes, &self.arrived)
    switch flight.stage {
    case .network(let network):
      self.route(flight, bytes.span, in: network)
    case .host(let interface):
      self.deliver(flight, &bytes, on: interface)
    case .signal(let kind):
      self.deliverSignal(kind, from: flight.origin, bytes.span)
    }
    swap(&bytes, &self.arrived)
  }

  private func route(_ flight: FlightQueue.Flight, _ bytes: Span<UInt8>, in start: Int) {
    var source = flight.source
    var destination = flight.destination
    var network = start
    for _ in 0..<Self.maximumHops {
      switch self.owner(of: destination.ip, in: network) {
      case .interface(let index):
        guard !self.isPartitioned(from: flight.origin, to: self.interfaces[index].host) else {
          self.statistics.partitioned &+= 1
          return
        }
        let passage = self.interfaces[index].down.carry(bytes.count, isV4: destination.ip.isV4, now: self.now)
        self.append(
          passage, stage: .host(index), source: source, destination: destination, origin: flight.origin, bytes)
        return
      case .nat(let index):
        guard
          let inner = self.nats[index].nat.translateInbound(from: source, to: destination, now: self.now)
        else {
          self.statistics.refusedByNAT &+= 1
          return
        }
        destination = inner
        network = index &+ 1
      case nil:
        guard network > 0 else {
          self.statistics.unroutable &+= 1
          return
        }
        let index = network &- 1
        let isHairpin = self.nats[index].nat.owns(destination.ip)
        guard !isHairpin || self.nats[index].nat.behaviour.hairpins,
          let outer = self.nats[index].nat.translateOutbound(from: source, to: destination, now: self.now)
        else {
          self.statistics.refusedByNAT &+= 1
          return
        }
        source = outer
        network = self.nats[index].network
      }
    }
    self.statistics.unroutable &+= 1
  }

  private func isPartitioned(from origin: Int, to target: Int) -> Bool {
    for partition in self.partitions where partition.from.contains(origin) && partition.to.contains(target) {
      return true
    }
    return false
  }

  private func deliver(_ flight: FlightQueue.Flight, _ bytes: inout [UInt8], on interface: Int) {
    let host = self.interfaces[interface].host
    guard !self.interfaces[interface].isGone, self.interfaces[interface].ip == flight.destination.ip,
      let endpoint = self.hosts[host].endpoint(at: flight.destination)
    else {
      self.statistics.unheard &+= 1
      return
    }
    guard !self.hosts[host].isSuspended else {
      self.statistics.missed &+= 1
      return
    }
    self.statistics.delivered &+= 1
    self.markDirty(endpoint)
    let path = Transmit(source: flight.source, destination: flight.destination)
    switch self.endpoints[endpoint].kind {
    case .peer(let index):
      self.onDeliver?(PeerID(index), path, bytes.span)
      self.peers[index].receive(&bytes, path, now: self.now)
    case .socket(let index):
      guard self.sockets[index].received.count < BareSocket.maximumReceived else { return }
      self.sockets[index].received.append(
        Datagram(source: flight.source, destination: flight.destination, bytes: bytes))
    case .stunServer(let index):
      self.stunServers[index].receive(bytes.span, from: flight.source, to: flight.destination)
    case .turnServer(let index):
      self.turnServers[index].receive(bytes.span, from: flight.source, to: flight.destination, now: self.now)
    }
  }
}
