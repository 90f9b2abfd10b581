import Bytes
import STUN

/// Datagrams that came before they could be judged: a ClientHello ahead of the answer, or ahead of the check that
/// validates its path. Dropping one costs the peer a retransmission time-out, so a bounded number is kept.
struct EarlyDatagrams: Sendable {
  struct Entry: Sendable {
    var remote: TransportAddress
    var local: TransportAddress
    var bytes: [UInt8]
  }

  /// No more than fits a datagram on any sensible path is kept of one.
  static let maximumSize = 1500

  private(set) var entries: [Entry] = []
  private(set) var dropped: UInt32 = 0
  let capacity: Int

  init(capacity: Int) { self.capacity = capacity }

  mutating func append(_ bytes: Span<UInt8>, from remote: TransportAddress, to local: TransportAddress) {
    guard self.entries.count < self.capacity, bytes.count <= Self.maximumSize else {
      self.dropped &+= 1
      return
    }
    self.entries.append(Entry(remote: remote, local: local, bytes: arrayCopy(bytes)))
  }

  /// All that was kept, in order; the store is empty afterwards.
  mutating func removeAll() -> [Entry] {
    let all = self.entries
    self.entries = []
    return all
  }
}
