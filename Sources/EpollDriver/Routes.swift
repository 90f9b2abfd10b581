import Bytes
import STUN

/// One path as a shared socket sees it.
struct Route: Hashable {
  var socket: Int32
  var remote: TransportAddress
}

/// Finds the peer that a datagram on a shared socket is for.
///
/// Binding requests name it (USERNAME starts with our ufrag, RFC 8445 section 7.2.2); responses are known by the
/// transaction they answer; everything else goes by its path, which is learned only once the peer's ICE agent has
/// authenticated a packet on it. So nobody can take over another's path by writing its address.
struct Routes {
  private var byUfrag: [[UInt8]: Peer] = [:]
  private var byPath: [Route: Peer] = [:]
  private var byTransaction: [TransactionID: Peer] = [:]
  private var transactions: [TransactionID?]
  private var nextTransaction = 0
  static let maximumRoutesPerPeer = 64

  init(maximumTransactions: Int = 4096) {
    self.transactions = Array(repeating: nil, count: maximumTransactions)
  }

  /// Makes the peer known by its present name alone: a restart of ICE changes it, and what comes under the old one
  /// comes on paths that are known.
  mutating func add(_ peer: Peer) {
    let name = peer.connection.connection.localUfrag
    guard name != peer.localUfrag else { return }
    self.removeName(of: peer)
    peer.localUfrag = name
    self.byUfrag[name] = peer
  }

  mutating func remove(_ peer: Peer) {
    self.removeName(of: peer)
    for route in peer.routes { self.byPath[route] = nil }
    peer.routes = []
    for (index, transaction) in self.transactions.enumerated() {
      guard let transaction, self.byTransaction[transaction] === peer else { continue }
      self.byTransaction[transaction] = nil
      self.transactions[index] = nil
    }
  }

  private mutating func removeName(of peer: Peer) {
    if self.byUfrag[peer.localUfrag] === peer { self.byUfrag[peer.localUfrag] = nil }
  }

  /// The path is the peer's now; of more than a peer can have use for, the oldest is forgotten.
  mutating func learn(_ route: Route, for peer: Peer) {
    if let owner = self.byPath[route] {
      guard owner !== peer else { return }
      owner.routes.removeAll { $0 == route }
    }
    if peer.routes.count == Self.maximumRoutesPerPeer { self.byPath[peer.routes.removeFirst()] = nil }
    self.byPath[route] = peer
    peer.routes.append(route)
  }

  /// Remembers whose check this is, if it is one; the oldest is forgotten.
  mutating func noteTransmit(_ datagram: Span<UInt8>, of peer: Peer) {
    guard let message = try? STUN.Message(parsing: datagram), message.type == .bindingRequest else { return }
    let transaction = message.transactionID
    if let old = self.transactions[self.nextTransaction] { self.byTransaction[old] = nil }
    self.transactions[self.nextTransaction] = transaction
    self.byTransaction[transaction] = peer
    self.nextTransaction = (self.nextTransaction + 1) % self.transactions.count
  }

  func peer(for datagram: Span<UInt8>, on route: Route) -> Peer? {
    if datagram[0] < 4, let message = try? STUN.Message(parsing: datagram) {
      switch message.type.messageClass {
      case .success, .error:
        if let peer = self.byTransaction[message.transactionID] { return peer }
      case .request, .indication:
        if let range = (try? message.fields())?.username, let peer = self.byUfrag[localPart(datagram.extracting(range))] {
          return peer
        }
      }
    }
    return self.byPath[route]
  }
}

/// What stands before the colon of a check's USERNAME: the fragment of the side that is asked.
private func localPart(_ username: Span<UInt8>) -> [UInt8] {
  var ufrag: [UInt8] = []
  for i in username.indices {
    if username[i] == UInt8(ascii: ":") { break }
    ufrag.append(username[i])
  }
  return ufrag
}
