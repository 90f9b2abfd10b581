import Bytes
import STUN
import Time
import WebRTC

/// Data between clients and peers.
extension TURNServer {
  /// RFC 8656 section 11.3: a datagram from a peer to a relayed address.
  mutating func relayToClient(
    _ datagram: Span<UInt8>, from peer: TransportAddress, to relay: TransportAddress, allocation index: Int, now: Instant
  ) {
    guard self.isPermitted(peer.ip, by: index, now: now) else {
      self.statistics.ignored &+= 1
      return
    }
    var buffer = [UInt8](repeating: 0, count: datagram.count &+ 64)
    var writer = SpanWriter(buffer.mutableSpan)
    if let channel = self.allocations[index].channels.first(where: { $0.peer == peer && $0.expiry > now }) {
      writer.writeChannelData(channel.number, datagram)
    } else {
      let id = TransactionID(random: &self.random)
      let start = writer.beginMessage(MessageType(.indication, method: MessageType.dataMethod), id)
      writer.writeXorAddress(.xorPeerAddress, peer, id)
      writer.writeAttribute(.data, datagram)
      writer.finishMessage(at: start)
    }
    let count = writer.count
    guard !writer.overflowed else { return }
    buffer.removeLast(buffer.count &- count)
    let path = Transmit(source: self.allocations[index].server, destination: self.allocations[index].client)
    if self.append(buffer, path) { self.statistics.relayedToClients &+= 1 }
  }

  /// RFC 8656 section 11.2: it may name one peer, which has a permission; all else is silently dropped.
  mutating func receiveSend(
    _ message: borrowing Message, _ fields: TURNFields, from client: TransportAddress, to server: TransportAddress,
    now: Instant
  ) {
    guard let index = self.allocation(of: client, at: server), fields.peerCount == 1, let data = fields.data,
      fields.unknown.isEmpty
    else {
      self.statistics.ignored &+= 1
      return
    }
    self.relayToPeer(message.bytes.extracting(data), to: fields.peers[0], allocation: index, now: now)
  }

  /// RFC 8656 section 12.6.
  mutating func receiveChannelData(
    _ datagram: Span<UInt8>, from client: TransportAddress, to server: TransportAddress, now: Instant
  ) {
    guard let header = try? ChannelData(parsing: datagram), let index = self.allocation(of: client, at: server),
      let channel = self.allocations[index].channels.first(where: { $0.number == header.number && $0.expiry > now })
    else {
      self.statistics.ignored &+= 1
      return
    }
    self.relayToPeer(datagram.extracting(header.data), to: channel.peer, allocation: index, now: now)
  }

  /// A channel outlives the permission that came with it: section 9 asks for one whenever data flow.
  private mutating func relayToPeer(
    _ data: Span<UInt8>, to peer: TransportAddress, allocation index: Int, now: Instant
  ) {
    guard self.isPermitted(peer.ip, by: index, now: now),
      let relay = self.allocations[index].relays.first(where: { $0.ip.isV4 == peer.ip.isV4 })
    else {
      self.statistics.ignored &+= 1
      return
    }
    if self.append(arrayCopy(data), Transmit(source: relay, destination: peer)) { self.statistics.relayedToPeers &+= 1 }
  }

  func isPermitted(_ ip: IPAddress, by index: Int, now: Instant) -> Bool {
    for permission in self.allocations[index].permissions where permission.ip == ip && permission.expiry > now {
      return true
    }
    return false
  }
}
