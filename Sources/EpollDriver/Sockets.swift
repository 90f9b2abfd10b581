import Bytes
import CLinux
import STUN

struct UDPSocket {
  var descriptor: Int32
  /// Where it is bound.
  var address: TransportAddress
  /// What peers know it by: the same, but for an advertised address.
  var signalled: TransportAddress
  /// The peer whose it is; nil where all share it.
  var owner: Peer?
}

/// Datagrams on their way to the kernel: slots `first..<end` of a batch, each with the socket it leaves by.
struct Outgoing {
  let batch: OpaquePointer
  private var descriptors: [Int32]
  var first: Int32 = 0
  private(set) var end: Int32 = 0
  /// The kernel takes no more for now; nothing is polled from peers until it does.
  var isBlocked = false

  init(batch: OpaquePointer) {
    self.batch = batch
    self.descriptors = Array(repeating: -1, count: Int(clinux_batch_capacity(batch)))
  }

  var isFull: Bool { Int(self.end) == self.descriptors.count }

  mutating func append(to descriptor: Int32) {
    self.descriptors[Int(self.end)] = descriptor
    self.end += 1
  }

  /// Drops what waits for a socket that is about to be closed; tells how many datagrams that were.
  mutating func discard(from descriptor: Int32) -> Int {
    var count = 0
    for slot in self.first..<self.end where self.descriptors[Int(slot)] == descriptor {
      self.descriptors[Int(slot)] = Self.discarded
      count += 1
    }
    // If that socket was the one that is full, its event will not come.
    if count > 0 { self.isBlocked = false }
    return count
  }

  private static let discarded: Int32 = -1

  /// The longest run of waiting slots that leave by one socket; nil, with the batch made empty, where none waits.
  var nextRun: (descriptor: Int32, end: Int32)? {
    mutating get {
      while self.first < self.end, self.descriptors[Int(self.first)] == Self.discarded { self.first += 1 }
      guard self.first < self.end else {
        self.first = 0
        self.end = 0
        return nil
      }
      let descriptor = self.descriptors[Int(self.first)]
      var end = self.first + 1
      while end < self.end, self.descriptors[Int(end)] == descriptor { end += 1 }
      return (descriptor, end)
    }
  }
}

extension TransportAddress {
  init(_ address: clinux_address) {
    var bytes = address.ip
    let ip = withUnsafeBytes(of: &bytes) { bytes in
      address.family == 4
        ? IPAddress(bytes[0], bytes[1], bytes[2], bytes[3])
        : IPAddress(
          high: UInt64(bigEndian: bytes.load(as: UInt64.self)),
          low: UInt64(bigEndian: bytes.load(fromByteOffset: 8, as: UInt64.self)))
    }
    self.init(ip: ip, port: address.port)
  }
}

extension clinux_address {
  init(_ address: TransportAddress) {
    self.init()
    self.port = address.port
    self.family = address.ip.isV4 ? 4 : 6
    withUnsafeMutableBytes(of: &self.ip) { bytes in
      // An IPv4 address has its four bytes at the end of the engine's sixteen.
      let (first, count) = address.ip.isV4 ? (12, 4) : (0, 16)
      for i in 0..<count { bytes[i] = address.ip[first + i] }
    }
  }
}
