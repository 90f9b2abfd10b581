import Bytes
import Cryptography
import DTLS
import DataChannel
import ICE
import RTP
import SCTP
import SDP
import SRTP
import STUN
import Time
import WebRTC

/// A peer and what the world knows of it. A class, so that the connection has one place.
final class PeerBox {
  var connection: Indirect<RecordingPeerConnection>
  let host: Int
  let endpoint: Int
  let port: UInt16
  /// The addresses that the connection was told of.
  var reported: [IPAddress] = []
  /// The addresses that it has a socket on.
  var open: [IPAddress] = []
  /// What the world pulled for its signalling, and the owner has not taken yet: the last `maximumEvents`.
  var events: [PeerConnection.Event] = []
  var session: Int?
  /// It made a description: candidates that come later have to be signalled.
  var isDescribed = false
  /// It stands in the world's list of those.
  var isActive = false
  /// How often in a row it was due again at the very instant at which its time had been told.
  var repeats = 0
  var lastAdvance = Instant.zero

  init(connection: consuming RecordingPeerConnection, host: Int, endpoint: Int, port: UInt16) {
    self.connection = Indirect(connection)
    self.host = host
    self.endpoint = endpoint
    self.port = port
  }

  /// A second one that goes on as this one would.
  init(forking other: PeerBox) throws(PeerForkError) {
    self.connection = Indirect(try other.forkedConnection())
    self.host = other.host
    self.endpoint = other.endpoint
    self.port = other.port
    self.reported = other.reported
    self.open = other.open
    self.events = other.events
    self.session = other.session
    self.isDescribed = other.isDescribed
    self.isActive = other.isActive
    self.repeats = other.repeats
    self.lastAdvance = other.lastAdvance
  }

  static let maximumEvents = 4_096

  private func forkedConnection() throws(PeerForkError) -> RecordingPeerConnection {
    try unsafe self.connection.address.pointee.fork()
  }

  func receive(_ bytes: inout [UInt8], _ path: Transmit, now: Instant) {
    var datagram = bytes.mutableSpan
    unsafe self.connection.mutableAddress.pointee.receive(
      &datagram, from: path.source, to: path.destination, now: now)
  }

  func advance(to now: Instant) { unsafe self.connection.mutableAddress.pointee.advance(to: now) }

  func pollTransmit(into writer: inout SpanWriter) -> Transmit? {
    unsafe self.connection.mutableAddress.pointee.pollTransmit(into: &writer)
  }

  func pollEvent() -> PeerConnection.Event? { unsafe self.connection.mutableAddress.pointee.pollEvent() }

  var nextDeadline: Instant? { unsafe self.connection.address.pointee.connection.nextDeadline }
}

extension World {
  /// Makes a peer on a host, with a socket on each of the host's addresses, which it is told of in their order (the first is preferred).
  ///
  /// - Parameters:
  ///   - identity: peers may share one, since keys are slow to make; nil: one is drawn.
  ///   - port: of all its sockets; nil: the host's next free one.
  ///   - isRecording: what it does is recorded, for `Replayer`; take the bytes by `world[peer].drainRecording`.
  ///   - isToldAddresses: whether it is told its addresses at once, or by `reportAddresses(of:)`.
  public func addPeer(
    on host: HostID, configuration: PeerConnection.Configuration = .init(), identity: Identity? = nil,
    port: UInt16? = nil, isRecording: Bool = false, isToldAddresses: Bool = true
  ) throws(AddPeerError) -> PeerID {
    let seed = SeededRandom.Seed(bytes: self.random.bytes())
    let own: Identity
    if let identity {
      own = identity
    } else {
      var random = self.random.split()
      do { own = try Identity(random: &random) } catch { throw .identity }
    }
    let id = PeerID(self.peers.count)
    let endpoint = self.endpoints.count
    let number: UInt16
    do throws(WorldError) { number = try self.freePort(of: host.index, wanted: port) } catch { throw .world(error) }
    let box: PeerBox
    do throws(PeerConnection.UsageError) {
      box = PeerBox(
        connection: try RecordingPeerConnection(
          configuration: configuration, identity: own, seed: seed, isRecording: isRecording, now: self.now),
        host: host.index, endpoint: endpoint, port: number)
    } catch {
      throw .peer(error)
    }
    self.addEndpoint(.peer(id.index), on: host.index)
    self.peers.append(box)
    self.openSockets(of: box)
    if isToldAddresses { self.report(box) }
    return id
  }

  /// Why there is no such peer.
  public enum AddPeerError: Error, Equatable, Sendable {
    case world(WorldError)
    case peer(PeerConnection.UsageError)
    /// The provider of cryptography could not make a key.
    case identity
  }

  /// A peer, to be called at any time but from a hook. What it then has to send is sent, and its deadlines are kept, by the next step.
  public subscript(peer: PeerID) -> RecordingPeerConnection {
    unsafeAddress { unsafe self.peers[peer.index].connection.address }
    unsafeMutableAddress {
      self.markDirty(self.peers[peer.index].endpoint)
      return unsafe self.peers[peer.index].connection.mutableAddress
    }
  }

  /// The same by a function, for where a peer is to be an `inout` argument.
  public func withPeer<Result, Failure: Error>(
    _ peer: PeerID, _ body: (inout RecordingPeerConnection, Instant) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let box = self.peers[peer.index]
    self.markDirty(box.endpoint)
    return try unsafe body(&box.connection.mutableAddress.pointee, self.now)
  }

  public func host(of peer: PeerID) -> HostID { HostID(self.peers[peer.index].host) }
  /// Of all the peer's sockets.
  public func port(of peer: PeerID) -> UInt16 { self.peers[peer.index].port }

  /// What happened to a peer since the last call; of peers that the world signals for, too, whose own `pollEvent` misses what the world
  /// has pulled.
  public func pollEvent(of peer: PeerID) -> PeerConnection.Event? {
    let box = self.peers[peer.index]
    if box.events.isEmpty {
      self.markDirty(box.endpoint)
      guard box.session != nil else { return box.pollEvent() }
      self.pullEvents(of: peer.index)
    }
    return box.events.isEmpty ? nil : box.events.removeFirst()
  }

  // MARK: Turning

  /// Ends the list of the last step, where that has not been done.
  func beginActive() {
    guard self.isActiveOver else { return }
    self.isActiveOver = false
    for peer in self.active { self.peers[peer.index].isActive = false }
    self.active.removeAll(keepingCapacity: true)
  }

  func addEndpoint(_ kind: Endpoint.Kind, on host: Int) {
    self.endpoints.append(Endpoint(kind: kind, host: host))
    self.deadlines.append()
  }

  func markDirty(_ endpoint: Int) {
    guard !self.endpoints[endpoint].isDirty else { return }
    self.endpoints[endpoint].isDirty = true
    self.dirty.append(endpoint)
  }

  /// Puts on its way what the endpoints that were called have to send, and looks at their deadlines.
  func flush() {
    var index = 0
    // Whoever is marked by a call from here stands behind in the same list.
    while index < self.dirty.count {
      let endpoint = self.dirty[index]
      index &+= 1
      self.endpoints[endpoint].isDirty = false
      switch self.endpoints[endpoint].kind {
      case .peer(let peer): self.flushPeer(peer, endpoint)
      case .socket: break
      case .stunServer(let server): self.flushSTUNServer(server, endpoint)
      case .turnServer(let server): self.flushTURNServer(server, endpoint)
      }
    }
    self.dirty.removeAll(keepingCapacity: true)
  }

  private func flushPeer(_ peer: Int, _ endpoint: Int) {
    let box = self.peers[peer]
    self.beginActive()
    if !box.isActive { self.active.append(PeerID(peer)) }
    box.isActive = true
    guard !self.hosts[box.host].isSuspended else {
      self.deadlines.set(endpoint, at: nil)
      return
    }
    var buffer: [UInt8] = []
    swap(&buffer, &self.buffer)
    while true {
      var writer = SpanWriter(buffer.mutableSpan)
      guard let path = box.pollTransmit(into: &writer) else { break }
      let count = writer.count
      let bytes = buffer.span.extracting(0..<count)
      self.onTransmit?(PeerID(peer), path, bytes)
      self.launch(bytes, from: path.source, to: path.destination, host: box.host)
    }
    swap(&buffer, &self.buffer)
    if box.session != nil { self.pullEvents(of: peer) }
    self.deadlines.set(endpoint, at: box.nextDeadline)
  }

  func advance(_ endpoint: Int) {
    self.markDirty(endpoint)
    switch self.endpoints[endpoint].kind {
    case .peer(let index):
      let box = self.peers[index]
      box.advance(to: self.now)
      box.repeats = box.lastAdvance == self.now ? box.repeats &+ 1 : 0
      box.lastAdvance = self.now
      var deadline = box.nextDeadline ?? .distantFuture
      if deadline <= self.now || box.repeats >= 100 {
        self.statistics.staleDeadlines &+= 1
        deadline = self.now + .milliseconds(1)
      }
      self.deadlines.set(endpoint, at: deadline)
    case .turnServer(let index):
      self.turnServers[index].advance(to: self.now)
      self.deadlines.set(endpoint, at: self.turnServers[index].nextDeadline)
    case .socket, .stunServer:
      self.deadlines.set(endpoint, at: nil)
    }
  }

  // MARK: Sockets

  func freePort(of host: Int, wanted: UInt16?) throws(WorldError) -> UInt16 {
    if let wanted {
      guard wanted > 0, !self.isPortInUse(wanted, of: host) else { throw .portInUse }
      return wanted
    }
    for _ in 0..<(UInt16.max &- Host.firstPort) {
      let port = self.hosts[host].nextPort
      self.hosts[host].nextPort = port == .max ? Host.firstPort : port &+ 1
      if !self.isPortInUse(port, of: host) { return port }
    }
    throw .portInUse
  }

  private func isPortInUse(_ port: UInt16, of host: Int) -> Bool {
    for index in self.hosts[host].interfaces
    where self.hosts[host].isOpen(TransportAddress(ip: self.interfaces[index].ip, port: port)) { return true }
    return false
  }

  /// Opens and closes sockets until the peer has one on each address of its host.
  func openSockets(of box: PeerBox) {
    let addresses = self.addresses(of: HostID(box.host))
    for ip in box.open where !addresses.contains(ip) {
      self.hosts[box.host].close(TransportAddress(ip: ip, port: box.port))
    }
    for ip in addresses where !box.open.contains(ip) {
      self.hosts[box.host].open(TransportAddress(ip: ip, port: box.port), for: box.endpoint)
    }
    box.open = addresses
  }

  /// Tells the connection of what addresses came and went since the last time.
  func report(_ box: PeerBox) {
    let addresses = self.addresses(of: HostID(box.host))
    self.markDirty(box.endpoint)
    for ip in box.reported where !addresses.contains(ip) {
      unsafe box.connection.mutableAddress.pointee.removeLocalAddress(
        TransportAddress(ip: ip, port: box.port), now: self.now)
    }
    for (i, ip) in addresses.enumerated() where !box.reported.contains(ip) {
      unsafe box.connection.mutableAddress.pointee.addLocalAddress(
        TransportAddress(ip: ip, port: box.port), preference: UInt16(truncatingIfNeeded: 65_535 &- i), now: self.now)
    }
    box.reported = addresses
    unsafe box.connection.mutableAddress.pointee.localAddressesComplete(now: self.now)
  }
}
