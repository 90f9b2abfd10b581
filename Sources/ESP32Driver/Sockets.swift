import Bytes
import CESPPeer
import STUN
import Time
import WebRTC

/// A socket of the port's, and where it is bound.
@safe
struct Socket {
  let handle: OpaquePointer
  let address: TransportAddress

  /// Nil where the address cannot be bound.
  init?(on ip: IPAddress) {
    var bound = port_address(TransportAddress(ip: ip, port: 0))
    guard let handle = unsafe port_socket_open(&bound) else { return nil }
    unsafe self.handle = handle
    self.address = TransportAddress(ip: ip, port: bound.port)
  }

  func close() { unsafe port_socket_close(self.handle) }
}

/// A datagram that waits for room in the system's buffers.
struct BlockedDatagram {
  var bytes: [UInt8] = []
  var transmit: Transmit?
}

extension Peer {
  /// One socket an interface address: each is a host candidate.
  func openSockets() {
    let capacity = 8
    var found = [port_address](repeating: port_address(), count: capacity)
    let includesV6: CInt = self.settings.usesV6 ? 1 : 0
    let count = unsafe found.withUnsafeMutableBufferPointer { unsafe port_addresses($0.baseAddress, $0.count, includesV6) }
    for address in found.prefix(min(count, capacity)) {
      guard let socket = Socket(on: TransportAddress(address).ip) else { continue }
      self.sockets.append(socket)
      unsafe self.handles.append(socket.handle)
    }
  }

  func closeSockets() {
    if self.isWaiting {
      self.retiredSockets += self.sockets
      self.wake()
    } else {
      for socket in self.sockets { socket.close() }
    }
    self.sockets = []
    unsafe self.handles = []
    self.blocked.transmit = nil
  }

  /// Takes what has come, up to a bound: sends of other threads and callbacks have their turn, too.
  func receiveDatagrams() -> Bool {
    var hasReceived = false
    var index = 0
    while index < self.sockets.count {
      var rounds = 0
      while rounds < 32, index < self.sockets.count, swift_peer_has_reserve(), self.receiveDatagram(on: self.sockets[index]) {
        hasReceived = true
        rounds &+= 1
      }
      index &+= 1
    }
    return hasReceived
  }

  private func receiveDatagram(on socket: Socket) -> Bool {
    var source = port_address()
    let bytes = unsafe self.datagram.bytes
    let size = unsafe port_socket_receive(socket.handle, bytes.baseAddress, bytes.count, &source)
    guard size != CInt(PORT_WOULD_BLOCK) else { return false }
    // An error in a datagram's place, an ICMP message for one, says nothing that consent does not say better.
    guard size > 0, Int(size) <= bytes.count else { return true }
    var datagram = unsafe MutableSpan(_unsafeElements: UnsafeMutableBufferPointer(rebasing: bytes[0..<Int(size)]))
    self.connection?.receive(&datagram, from: TransportAddress(source), to: socket.address, now: self.now)
    return true
  }

  /// Sends all that the connection has to send, until the system has no more room.
  func transmit() {
    guard self.connection != nil else { return }
    if let transmit = self.blocked.transmit {
      let result = unsafe self.blocked.bytes.withUnsafeBufferPointer { unsafe self.send($0, transmit) }
      guard result != CInt(PORT_WOULD_BLOCK) else { return }
      self.blocked.transmit = nil
    }
    let bytes = unsafe self.datagram.bytes
    while true {
      var writer = SpanWriter(unsafe MutableSpan(_unsafeElements: bytes))
      guard let transmit = self.connection?.pollTransmit(into: &writer) ?? nil else { return }
      let datagram = unsafe UnsafeBufferPointer(rebasing: bytes[0..<writer.count])
      guard unsafe self.send(datagram, transmit) == CInt(PORT_WOULD_BLOCK) else { continue }
      self.blocked.bytes.removeAll(keepingCapacity: true)
      unsafe self.blocked.bytes.append(contentsOf: datagram)
      self.blocked.transmit = transmit
      return
    }
  }

  private func send(_ bytes: UnsafeBufferPointer<UInt8>, _ transmit: Transmit) -> CInt {
    for socket in self.sockets where socket.address == transmit.source {
      var destination = port_address(transmit.destination)
      let result = unsafe port_socket_send(socket.handle, &destination, bytes.baseAddress, bytes.count)
      if result == CInt(PORT_FAILED) { self.counters.datagramsLost &+= 1 }
      return result
    }
    self.counters.datagramsLost &+= 1
    return CInt(PORT_FAILED)
  }
}
