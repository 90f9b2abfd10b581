import Bytes
import STUN
import Time

/// Bare sockets: for tests of what is on the way, and for peers that are no engine of ours.
extension World {
  /// What arrived at a bare socket.
  public struct Datagram: Equatable, Sendable {
    public var source: TransportAddress
    public var destination: TransportAddress
    public var bytes: [UInt8]
  }

  /// Opens a socket on one of a host's addresses; nil: the host's next free port.
  public func openSocket(on host: HostID, at ip: IPAddress, port: UInt16? = nil) throws(WorldError) -> SocketID {
    guard self.interface(of: host.index, at: ip) != nil else { throw .noSuchAddress }
    let address = TransportAddress(ip: ip, port: try self.freePort(of: host.index, wanted: port))
    let id = SocketID(self.sockets.count)
    let endpoint = self.endpoints.count
    self.addEndpoint(.socket(id.index), on: host.index)
    self.sockets.append(BareSocket(endpoint: endpoint, address: address))
    self.hosts[host.index].open(address, for: endpoint)
    return id
  }

  public func address(of socket: SocketID) -> TransportAddress { self.sockets[socket.index].address }

  public func send(_ bytes: Span<UInt8>, from socket: SocketID, to destination: TransportAddress) {
    let host = self.endpoints[self.sockets[socket.index].endpoint].host
    guard !self.hosts[host].isSuspended else { return }
    self.launch(bytes, from: self.sockets[socket.index].address, to: destination, host: host)
  }

  /// The next datagram that came to a socket.
  public func receive(on socket: SocketID) -> Datagram? {
    guard !self.sockets[socket.index].received.isEmpty else { return nil }
    return self.sockets[socket.index].received.removeFirst()
  }
}
