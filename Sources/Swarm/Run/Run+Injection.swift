import Bytes
import STUN
import Simulator
import Time
import WebRTC

/// Datagrams of an attacker who does not have the keys: none of them may change anything that matters.
extension Run {
  func inject(_ kind: Action.Injection, count: Int, _ peer: Int) {
    for _ in 0..<min(count, 200) where self.violation == nil {
      guard let (bytes, path) = self.forge(kind, peer) else { return }
      self.deliver(bytes, path, to: peer)
    }
  }

  private func deliver(_ bytes: [UInt8], _ path: Transmit, to peer: Int) {
    self.state.peers[peer].touchedAt = self.now
    var bytes = bytes
    var datagram = bytes.mutableSpan
    self.world[self.state.peers[peer].id].receive(&datagram, from: path.source, to: path.destination, now: self.now)
  }

  private func localAddress(of peer: Int) -> TransportAddress? {
    let host = self.state.hosts[self.state.peers[peer].plan.host]
    guard let ip = host.v4 ?? host.v6 else { return nil }
    return TransportAddress(ip: ip, port: self.world.port(of: self.state.peers[peer].id))
  }

  static func isElsewhere(_ address: TransportAddress) -> Bool { address.ip.isV4 && address.ip.v4 >> 24 == 99 }

  private func elsewhere() -> TransportAddress {
    TransportAddress(ip: IPAddress(99, 0, 0, UInt8(1 + self.state.random.next(below: 3))), port: 4000 + UInt16(self.state.random.next(below: 4)))
  }

  private func forge(_ kind: Action.Injection, _ peer: Int) -> ([UInt8], Transmit)? {
    guard let local = self.localAddress(of: peer) else { return nil }
    switch kind {
    case .garbage:
      return (self.noise(first: [0, 1, 20, 22, 23, 63, 64, 128, 144, 191, 255]), Transmit(source: self.elsewhere(), destination: local))
    case .forgedCheck:
      guard let check = self.forgedCheck(peer) else { return nil }
      return (check, Transmit(source: self.elsewhere(), destination: local))
    case .lookalike:
      guard let path = self.capture(of: peer)?.path else { return nil }
      return (self.lookalike(), path)
    case .replayed, .replayedElsewhere, .truncated, .forged, .forgedElsewhere:
      guard let captured = self.capture(of: peer) else { return nil }
      var bytes = captured.bytes
      var path = captured.path
      if kind == .replayedElsewhere || kind == .forgedElsewhere { path.source = self.elsewhere() }
      // A change behind what its integrity covers leaves a check genuine, too.
      if path.source != captured.path.source { self.state.peers[peer].wasReplayedElsewhere = true }
      if kind == .truncated { bytes.removeLast(1 + Int(self.state.random.next(below: UInt32(bytes.count)))) }
      if kind == .forged || kind == .forgedElsewhere {
        // What is not authenticated yet can be forged by anyone who may write on the path.
        guard kind == .forgedElsewhere || !self.isPlain(bytes) else { return nil }
        bytes[Int(self.state.random.next(below: UInt32(bytes.count)))] ^= 1 << UInt8(self.state.random.next(below: 8))
        guard kind == .forgedElsewhere || !self.isPlain(bytes) else { return nil }
      }
      return bytes.isEmpty ? nil : (bytes, path)
    }
  }

  private func capture(of peer: Int) -> Captured? {
    let count = self.state.peers[peer].captured.count
    guard count > 0 else { return nil }
    return self.state.peers[peer].captured[Int(self.state.random.next(below: UInt32(count)))]
  }

  /// A record of the handshake, before there are keys.
  private func isPlain(_ bytes: [UInt8]) -> Bool {
    guard let first = bytes.first, (20...63).contains(first) else { return false }
    return bytes.count < 13 || bytes[3] == 0 && bytes[4] == 0
  }

  private func noise(first: [UInt8]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 1 + Int(self.state.random.next(below: 200)))
    for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: self.state.random.nextWord()) }
    bytes[0] = first[Int(self.state.random.next(below: UInt32(first.count)))]
    return bytes
  }

  /// A nomination that knows everything but the password.
  private func forgedCheck(_ peer: Int) -> [UInt8]? {
    guard let other = self.state.peers[peer].other else { return nil }
    let (own, theirs) = (self.world[self.state.peers[peer].id].connection.localUfrag, self.world[self.state.peers[other].id].connection.localUfrag)
    var bytes = [UInt8](repeating: 0, count: 300)
    var writer = SpanWriter(bytes.mutableSpan)
    let start = writer.beginMessage(.bindingRequest, TransactionID(random: &self.state.random))
    writer.writeUsername(own.span, theirs.span)
    writer.writeAttribute(.priority, UInt32(0x6eff_ffff))
    let side: AttributeType = self.state.random.next(below: 2) == 0 ? .iceControlling : .iceControlled
    writer.writeAttribute(side, UInt64(1))
    if side == .iceControlling { writer.writeAttribute(.useCandidate) }
    let key: [UInt8] = Array("guessed password of 30 letters".utf8)
    writer.finishMessage(at: start, key: key.span)
    let count = writer.count
    return Array(bytes[..<count])
  }

  private func lookalike() -> [UInt8] {
    var bytes = self.noise(first: [0, 23, 21, 128, 144])
    switch bytes[0] {
    case 0:
      // A Binding request, response or error without integrity.
      bytes = [[0, 1], [1, 1], [1, 17]][Int(self.state.random.next(below: 3))] + [0, 0, 0x21, 0x12, 0xa4, 0x42] + bytes.prefix(12)
      while bytes.count < 20 { bytes.append(7) }
    case 21, 23:
      let body = bytes.dropFirst(13)
      bytes = [bytes[0], 254, 253, 0, 1, 0, 0] + [UInt8](repeating: UInt8(self.state.random.next(below: 256)), count: 4)
      bytes += [UInt8(body.count >> 8), UInt8(body.count & 255)] + body
    default:
      while bytes.count < 40 { bytes.append(UInt8(bytes.count)) }
      bytes[0] = 0x80
      bytes[1] = [96, 111, 200, 201, 206][Int(self.state.random.next(below: 5))]
    }
    return bytes
  }
}
