import Bytes
import CLinux
import Cryptography
import DataChannel
import RTP
import Glibc
import STUN
import Simulator
import Time
import WebRTC

/// Serves any number of peers on one thread: sockets, clock and randomness for engines that have none.
///
/// `run()` takes the calling thread until `stop()`. It sleeps in `epoll_pwait2` until a datagram comes, another
/// thread asks for something (an eventfd), or the earliest deadline of any peer is there; there is no periodic tick.
/// One lock guards the driver and its peers, so every method may be called from every thread.
public final class EpollDriver: @unchecked Sendable {
  public struct Configuration: Sendable {
    /// Addresses to listen on; nil means those of all interfaces that are up, followed as they come and go.
    public var addresses: [IPAddress]?
    /// Whether loopback counts among the interfaces.
    public var includesLoopback = false
    /// Whether all peers share the driver's sockets, one an address. Otherwise each peer has sockets of its own, which also
    /// two peers of one driver need that talk to each other.
    public var sharesSockets = true
    /// UDP port of the shared sockets; 0 lets the system choose.
    public var port: UInt16 = 0
    /// Signalled in place of the sockets' own IPv4 or IPv6 address, where a one-to-one NAT stands in front.
    public var advertisedAddress: IPAddress?
    /// Bytes asked of the kernel for each direction of a socket.
    public var socketBufferSize: Int32 = 4 << 20
    /// Datagrams moved by one system call: 1...1024, what lies outside counts as the nearest.
    public var batchSize: Int32 = 64
    public init() {}
  }

  public enum OpenError: Error, Equatable, Sendable {
    /// A system call failed with this `errno`.
    case system(Int32)
    /// No address could be bound.
    case noAddress
  }

  public struct Statistics: Sendable {
    public var datagramsReceived: UInt64 = 0
    public var datagramsSent: UInt64 = 0
    /// Datagrams that no peer claimed.
    public var datagramsUnclaimed: UInt64 = 0
    /// Datagrams that the kernel refused (no route, no buffer): lost, as on any network.
    public var sendErrors: UInt64 = 0
  }

  public let configuration: Configuration
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let epoll: Int32
  private let wakeup: Int32
  private let monitor: Int32
  /// Those in use now.
  private var addresses: [IPAddress] = []
  private var sockets: [UDPSocket] = []
  private let incoming: OpaquePointer
  private var outgoing: Outgoing
  private var routes = Routes()
  private var heap = DeadlineHeap()
  private var peers: [ObjectIdentifier: Peer] = [:]
  private var dirty: [Peer] = []
  private var isStopping = false
  private var loopThread: pthread_t?
  private var messageBuffer = [UInt8](repeating: 0, count: 64 << 10)
  private var counters = Statistics()
  /// The monotonic clock that all its peers live by.
  public var now: Instant { Instant(nanoseconds: clinux_monotonic_nanoseconds()) }

  public init(configuration: Configuration) throws(OpenError) {
    self.configuration = configuration
    self.mutex = .allocate(capacity: 1)
    var attributes = pthread_mutexattr_t()
    pthread_mutexattr_init(&attributes)
    pthread_mutexattr_settype(&attributes, CInt(PTHREAD_MUTEX_RECURSIVE))
    pthread_mutex_init(self.mutex, &attributes)
    self.epoll = clinux_epoll_open()
    self.wakeup = clinux_event_open()
    self.monitor = configuration.addresses == nil ? clinux_address_monitor_open() : -1
    // The kernel takes no more than UIO_MAXIOV at a time.
    let batchSize = min(max(configuration.batchSize, 1), 1024)
    guard let incoming = clinux_batch_create(batchSize, 2048), let outgoing = clinux_batch_create(batchSize, 2048) else {
      preconditionFailure("out of memory")
    }
    self.incoming = incoming
    self.outgoing = Outgoing(batch: outgoing)
    // From here on `deinit` cleans up.
    guard self.epoll >= 0 else { throw .system(-self.epoll) }
    guard self.wakeup >= 0 else { throw .system(-self.wakeup) }
    clinux_epoll_watch(self.epoll, self.wakeup, 0)
    if self.monitor >= 0 { clinux_epoll_watch(self.epoll, self.monitor, 0) }
    if let addresses = configuration.addresses {
      self.addresses = addresses
      if configuration.sharesSockets { for address in addresses { _ = try self.open(address, for: nil) } }
    } else {
      self.followInterfaces()
    }
    guard !self.addresses.isEmpty else { throw .noAddress }
  }

  deinit {
    for socket in self.sockets { _ = Glibc.close(socket.descriptor) }
    if self.monitor >= 0 { _ = Glibc.close(self.monitor) }
    if self.wakeup >= 0 { _ = Glibc.close(self.wakeup) }
    if self.epoll >= 0 { _ = Glibc.close(self.epoll) }
    clinux_batch_destroy(self.incoming)
    clinux_batch_destroy(self.outgoing.batch)
    pthread_mutex_destroy(self.mutex)
    self.mutex.deallocate()
  }

  // MARK: Peers

  /// Makes a peer whose host candidates are this driver's sockets. Offers and answers go through `Peer.perform`.
  public func makePeer(
    configuration: PeerConnection.Configuration, identity: Identity, delegate: PeerDelegate?,
    recordTo recording: RecordingFile? = nil
  ) throws(PeerConnection.UsageError) -> Peer {
    self.lock()
    defer { self.unlock() }
    let now = self.now
    let connection = try RecordingPeerConnection(
      configuration: configuration, identity: identity, seed: Entropy.seed(), isRecording: recording != nil, now: now)
    let peer = Peer(driver: self, connection: connection, recording: recording)
    peer.delegate = delegate
    self.peers[ObjectIdentifier(peer)] = peer
    self.routes.add(peer)
    for address in self.addresses { self.offer(address, to: peer, now: now) }
    peer.connection.localAddressesComplete(now: now)
    self.markDirty(peer)
    return peer
  }

  func remove(_ peer: Peer) {
    peer.isRemoved = true
    self.heap.remove(peer)
    self.routes.remove(peer)
    self.peers[ObjectIdentifier(peer)] = nil
    self.closeSockets { $0.owner === peer }
    peer.recording?.close()
  }

  public var statistics: Statistics { self.locked { self.counters } }
  public var peerCount: Int { self.locked { self.peers.count } }
  /// Where the sockets are bound.
  public var localAddresses: [TransportAddress] { self.locked { self.sockets.map(\.address) } }

  // MARK: The lock

  func lock() { pthread_mutex_lock(self.mutex) }
  func unlock() { pthread_mutex_unlock(self.mutex) }
  func locked<Result>(_ body: () -> Result) -> Result {
    self.lock()
    defer { self.unlock() }
    return body()
  }

  /// The owner called the peer's connection: it may have work, and a restart of ICE gives it another name.
  func didChange(_ peer: Peer) {
    guard !peer.isRemoved else { return }
    self.routes.add(peer)
    self.markDirty(peer)
  }

  /// The loop will serve `peer`; it is woken if the caller is another thread.
  func markDirty(_ peer: Peer) {
    guard !peer.isDirty, !peer.isServed, !peer.isRemoved else { return }
    peer.isDirty = true
    self.dirty.append(peer)
    if let loopThread = self.loopThread, pthread_equal(loopThread, pthread_self()) != 0 { return }
    self.wake()
  }

  private func wake() { clinux_event_signal(self.wakeup) }

  // MARK: The loop

  /// Serves all peers on this thread until `stop()`; then closes them and tells their other sides.
  public func run() {
    self.lock()
    self.loopThread = pthread_self()
    var ready = [clinux_ready](repeating: clinux_ready(), count: 16)
    while !self.isStopping {
      self.serveDirty()
      let timeout = self.timeout
      self.unlock()
      let count = clinux_epoll_wait(self.epoll, &ready, Int32(ready.count), timeout)
      self.lock()
      for event in ready.prefix(max(0, Int(count))) { self.handle(event) }
      let now = self.now
      while let peer = self.heap.due(at: now) {
        peer.connection.advance(to: now)
        self.serve(peer)
      }
      self.flush()
    }
    for peer in self.peers.values.sorted(by: { $0.localUfrag.lexicographicallyPrecedes($1.localUfrag) }) { peer.close() }
    self.loopThread = nil
    self.isStopping = false
    self.unlock()
  }

  /// Ends `run()`; may be called from any thread.
  public func stop() {
    self.locked { self.isStopping = true }
    self.wake()
  }

  /// How long to sleep, in nanoseconds; negative: until something happens.
  private var timeout: Int64 {
    if !self.dirty.isEmpty && !self.outgoing.isBlocked { return 0 }
    guard let earliest = self.heap.earliest else { return -1 }
    return Int64(clamping: (earliest - self.now).nanoseconds)
  }

  private func handle(_ event: clinux_ready) {
    if event.fd == self.wakeup {
      clinux_drain(self.wakeup)
    } else if event.fd == self.monitor {
      clinux_drain(self.monitor)
      self.followInterfaces()
    } else if let socket = self.sockets.first(where: { $0.descriptor == event.fd }) {
      if event.writable != 0 { self.resumeSending(on: socket) }
      if event.readable != 0 { self.receive(on: socket) }
    }
  }

  private func receive(on socket: UDPSocket) {
    // A bounded number of batches, so that one busy socket cannot starve timers and other sockets.
    for _ in 0..<4 {
      let count = clinux_receive(socket.descriptor, self.incoming)
      // An ICMP error of an earlier datagram is reported here; consent freshness draws the consequence.
      guard count > 0 else { break }
      let now = self.now
      for index in 0..<count {
        self.counters.datagramsReceived += 1
        let remote = TransportAddress(clinux_batch_address(self.incoming, index))
        let route = Route(socket: socket.descriptor, remote: remote)
        let bytes = UnsafeMutableBufferPointer(
          start: clinux_batch_bytes(self.incoming, index), count: Int(clinux_batch_length(self.incoming, index)))
        var datagram = MutableSpan(_unsafeElements: bytes)
        guard datagram.count > 0, let peer = socket.owner ?? self.routes.peer(for: datagram.span, on: route) else {
          self.counters.datagramsUnclaimed += 1
          continue
        }
        let isSTUN = datagram[0] < 4
        if let (transceiver, packet) = peer.connection.receive(&datagram, from: remote, to: socket.signalled, now: now) {
          peer.delegate?.peer(peer, didReceive: packet, on: transceiver, payload: packet.header.payload(of: datagram.span))
        }
        if isSTUN, socket.owner == nil, peer.connection.connection.accepts(from: remote, to: socket.signalled) {
          self.routes.learn(route, for: peer)
        }
        self.markDirty(peer)
      }
      if count < clinux_batch_capacity(self.incoming) { break }
      self.serveDirty()
      // A peer may have been closed, and its socket with it.
      guard self.sockets.contains(where: { $0.descriptor == socket.descriptor && $0.address == socket.address }) else { return }
    }
  }

  // MARK: Serving peers

  private func serveDirty() {
    guard !self.outgoing.isBlocked else { return }
    var index = 0
    while index < self.dirty.count {
      let peer = self.dirty[index]
      index += 1
      peer.isDirty = false
      self.serve(peer)
      if self.outgoing.isBlocked { break }
    }
    self.dirty.removeFirst(index)
    self.flush()
  }

  /// Drains everything the peer has for the network and for its owner, and notes when it wants to be called next.
  ///
  /// What its owner has it do meanwhile is done with the rest, up to a bound: other peers have their turn, too.
  func serve(_ peer: Peer) {
    guard !peer.isRemoved else { return }
    // Closing serves a peer out of its owner's hands.
    let isWithin = peer.isServed
    peer.isServed = true
    self.deliver(peer)
    var rounds = 0
    while rounds < 4, !self.outgoing.isBlocked, self.transmit(peer) {
      self.deliver(peer)
      rounds += 1
    }
    peer.isServed = isWithin
    if peer.isRemoved { return }
    // What it still has to send goes when the kernel takes it, or in its next turn.
    if self.outgoing.isBlocked || rounds == 4 { self.markDirty(peer) }
    self.heap.update(peer, to: peer.connection.connection.nextDeadline)
    peer.recording?.append(&peer.connection)
  }

  private func deliver(_ peer: Peer) {
    while let event = peer.connection.pollEvent() { peer.delegate?.peer(peer, didReceive: event) }
    while peer.delivers, let size = peer.connection.connection.nextMessageSize {
      let more = self.withBuffer(of: size) { buffer in
        var writer = SpanWriter(buffer.mutableSpan)
        guard let message = peer.connection.receiveMessage(into: &writer) else { return false }
        let count = writer.count
        peer.delegate?.peer(peer, didReceive: message, bytes: buffer.span.extracting(0..<count))
        return true
      }
      guard more else { break }
      while let event = peer.connection.pollEvent() { peer.delegate?.peer(peer, didReceive: event) }
    }
    self.deliverMedia(peer)
  }

  private func deliverMedia(_ peer: Peer) {
    while let size = peer.connection.connection.nextFrameSize {
      let more = self.withBuffer(of: size) { buffer in
        var writer = SpanWriter(buffer.mutableSpan)
        guard let (transceiver, frame) = peer.connection.receiveFrame(into: &writer) else { return false }
        let count = writer.count
        guard let transform = peer.receivedTransform else {
          peer.delegate?.peer(peer, didReceive: frame, on: transceiver, bytes: buffer.span.extracting(0..<count))
          return true
        }
        let info = FrameTransformInfo(transceiver: transceiver, codec: frame.format, timestamp: frame.timestamp)
        var stage = peer.receivedFrames
        peer.receivedFrames = TransformStage()
        defer { peer.receivedFrames = stage }
        stage.apply(transform, to: buffer.span.extracting(0..<count), info) { bytes in
          peer.delegate?.peer(peer, didReceive: frame, on: transceiver, bytes: bytes)
        }
        return true
      }
      guard more else { break }
    }
    guard peer.deliversPackets else { return }
    while self.withBuffer(of: 2048, { buffer in
      var writer = SpanWriter(buffer.mutableSpan)
      guard let (transceiver, packet) = peer.connection.receivePacket(into: &writer) else { return false }
      let count = writer.count
      peer.delegate?.peer(peer, didReceive: packet, on: transceiver, payload: buffer.span.extracting(0..<count))
      return true
    }) {}
  }

  /// Lends the driver's buffer, taken out so that a delegate may call back into the driver.
  private func withBuffer(of size: Int, _ body: (inout [UInt8]) -> Bool) -> Bool {
    var buffer: [UInt8] = []
    swap(&buffer, &self.messageBuffer)
    if buffer.count < size { buffer = [UInt8](repeating: 0, count: size) }
    let result = body(&buffer)
    if buffer.count > self.messageBuffer.count { swap(&buffer, &self.messageBuffer) }
    return result
  }

  /// Whether there was anything to send.
  private func transmit(_ peer: Peer) -> Bool {
    let size = Int(clinux_batch_datagram_size(self.outgoing.batch))
    var hasSent = false
    while !self.outgoing.isBlocked {
      if self.outgoing.isFull { self.flush() }
      if self.outgoing.isBlocked { break }
      let slot = self.outgoing.end
      let bytes = UnsafeMutableBufferPointer(start: clinux_batch_bytes(self.outgoing.batch, slot), count: size)
      var writer = SpanWriter(MutableSpan(_unsafeElements: bytes))
      guard let transmit = peer.connection.pollTransmit(into: &writer) else { break }
      let count = writer.count
      hasSent = true
      guard let socket = self.sockets.first(where: { $0.signalled == transmit.source }) else {
        self.counters.sendErrors += 1
        continue
      }
      if bytes[0] < 4, socket.owner == nil { self.routes.noteTransmit(UnsafeBufferPointer(bytes).span.extracting(0..<count), of: peer) }
      clinux_batch_set(self.outgoing.batch, slot, Int32(count), clinux_address(transmit.destination))
      self.outgoing.append(to: socket.descriptor)
    }
    return hasSent
  }

  /// Hands what is in the batch to the kernel.
  func flush() {
    while !self.outgoing.isBlocked, let run = self.outgoing.nextRun {
      let sent = clinux_send(run.descriptor, self.outgoing.batch, self.outgoing.first, run.end)
      if sent > 0 {
        self.counters.datagramsSent += UInt64(sent)
        self.outgoing.first += sent
      } else if sent == -EAGAIN {
        self.outgoing.isBlocked = true
        clinux_epoll_watch(self.epoll, run.descriptor, 1)
      } else if sent != -EINTR {
        // No route, no buffer, a firewall, an old ICMP error: this datagram is lost, the ones behind it are not.
        self.counters.sendErrors += 1
        self.outgoing.first += 1
      }
    }
  }

  private func resumeSending(on socket: UDPSocket) {
    clinux_epoll_watch(self.epoll, socket.descriptor, 0)
    self.outgoing.isBlocked = false
    self.flush()
  }

  // MARK: Addresses

  private func open(_ address: IPAddress, for owner: Peer?) throws(OpenError) -> UDPSocket {
    var bound = clinux_address(TransportAddress(ip: address, port: owner == nil ? self.configuration.port : 0))
    let descriptor = clinux_udp_open(&bound, self.configuration.socketBufferSize)
    guard descriptor >= 0 else { throw .system(-descriptor) }
    let actual = TransportAddress(bound)
    var signalled = actual
    if let advertised = self.configuration.advertisedAddress, advertised.isV4 == actual.ip.isV4 {
      signalled = TransportAddress(ip: advertised, port: actual.port)
    }
    let socket = UDPSocket(descriptor: descriptor, address: actual, signalled: signalled, owner: owner)
    self.sockets.append(socket)
    clinux_epoll_watch(self.epoll, descriptor, 0)
    return socket
  }

  private func closeSockets(where condition: (UDPSocket) -> Bool) {
    guard self.sockets.contains(where: condition) else { return }
    // What waits for one of them must not leave by whatever gets its number next, nor block all others for good.
    self.flush()
    for socket in self.sockets where condition(socket) {
      self.counters.sendErrors += UInt64(self.outgoing.discard(from: socket.descriptor))
      _ = Glibc.close(socket.descriptor)
    }
    self.sockets.removeAll(where: condition)
    self.flush()
  }

  /// Makes an address of this host a host candidate of the peer, by the shared socket or one of its own. An address that
  /// cannot be bound is left out: it comes again with the interfaces' next change.
  private func offer(_ address: IPAddress, to peer: Peer, now: Instant) {
    let shared = self.sockets.first { $0.owner == nil && $0.address.ip == address }
    guard let socket = self.configuration.sharesSockets ? shared : try? self.open(address, for: peer) else { return }
    let index = self.addresses.firstIndex(of: address) ?? 0
    peer.connection.addLocalAddress(socket.signalled, preference: UInt16(clamping: 65535 - index), now: now)
    self.markDirty(peer)
  }

  /// Takes addresses that have appeared into use, and tells every peer of those that went.
  private func followInterfaces() {
    var found = [CLinux.clinux_address](repeating: CLinux.clinux_address(), count: 32)
    var count = clinux_interface_addresses(&found, 32, self.configuration.includesLoopback ? 1 : 0)
    // A host with nothing but loopback can still talk to itself.
    if count == 0 { count = clinux_interface_addresses(&found, 32, 1) }
    guard count >= 0 else { return }
    // Loopback last: it reaches nothing but this host, and browsers that take a check from it may refuse to use it.
    let all = found.prefix(Int(count)).map { TransportAddress($0).ip }
    let present = all.filter { !$0.isLoopback } + all.filter(\.isLoopback)
    let now = self.now
    let gone = self.sockets.filter { !present.contains($0.address.ip) }
    for socket in gone {
      for peer in self.peers.values where socket.owner == nil || socket.owner === peer {
        peer.connection.removeLocalAddress(socket.signalled, now: now)
        self.markDirty(peer)
      }
    }
    self.closeSockets { !present.contains($0.address.ip) }
    let known = self.addresses
    self.addresses = present
    for address in present where !known.contains(address) {
      if self.configuration.sharesSockets, (try? self.open(address, for: nil)) == nil {
        self.addresses.removeAll { $0 == address }
        continue
      }
      for peer in self.peers.values { self.offer(address, to: peer, now: now) }
    }
  }
}
