import STUN
import Time

/// A machine: addresses, and sockets that were opened on them.
struct Host: Sendable {
  var interfaces: [Int] = []
  /// By address: searched by halves. A port of 0 stands for all that no other socket has.
  var sockets: [OpenSocket] = []
  var isSuspended = false
  var nextPort: UInt16 = Host.firstPort

  static let firstPort: UInt16 = 50_000

  struct OpenSocket: Sendable {
    var address: TransportAddress
    var endpoint: Int
  }

  func endpoint(at address: TransportAddress) -> Int? {
    let place = self.place(of: address)
    if place < self.sockets.count, self.sockets[place].address == address { return self.sockets[place].endpoint }
    let any = TransportAddress(ip: address.ip, port: 0)
    let fallback = self.place(of: any)
    guard fallback < self.sockets.count, self.sockets[fallback].address == any else { return nil }
    return self.sockets[fallback].endpoint
  }

  func isOpen(_ address: TransportAddress) -> Bool {
    let place = self.place(of: address)
    return place < self.sockets.count && self.sockets[place].address == address
  }

  mutating func open(_ address: TransportAddress, for endpoint: Int) {
    self.sockets.insert(OpenSocket(address: address, endpoint: endpoint), at: self.place(of: address))
  }

  mutating func close(_ address: TransportAddress) {
    let place = self.place(of: address)
    guard place < self.sockets.count, self.sockets[place].address == address else { return }
    self.sockets.remove(at: place)
  }

  private func place(of address: TransportAddress) -> Int {
    var low = 0
    var high = self.sockets.count
    while low < high {
      let middle = (low &+ high) / 2
      if isBefore(self.sockets[middle].address, address) { low = middle &+ 1 } else { high = middle }
    }
    return low
  }
}

/// An address of a host and the links to and from it.
struct Interface: Sendable {
  let host: Int
  var ip: IPAddress
  /// 0: the public one; n + 1: the one behind NAT n.
  var network: Int
  var up: Link
  var down: Link
  /// It was taken away; the number is not used again.
  var isGone = false
}

/// Who has an address of a network.
struct Route: Sendable {
  enum Owner: Equatable, Sendable {
    case interface(Int)
    case nat(Int)
  }

  var network: Int
  var ip: IPAddress
  var owner: Owner

  func isBefore(_ network: Int, _ ip: IPAddress) -> Bool {
    if self.network != network { return self.network < network }
    if self.ip.high != ip.high { return self.ip.high < ip.high }
    return self.ip.low < ip.low
  }
}

/// A NAT and the network that its outer side is in.
struct NATBox: Sendable {
  var nat: NAT
  var network: Int
}

/// No datagram goes from a host of the one set to a host of the other.
struct Partition: Sendable {
  var id: PartitionID
  var from: [Int]
  var to: [Int]
}

struct Endpoint: Sendable {
  enum Kind: Sendable {
    case peer(Int)
    case socket(Int)
    case stunServer(Int)
    case turnServer(Int)
  }

  var kind: Kind
  let host: Int
  var isDirty = false
}

/// What a bare socket received and its owner has not taken yet.
struct BareSocket: Sendable {
  static let maximumReceived = 16_384
  let endpoint: Int
  var address: TransportAddress
  var received: [World.Datagram] = []
}
