import Bytes

/// Packets that wait to be forwarded, oldest first, their payloads in the receiver's pool. Empty until one comes.
struct PacketQueue: Sendable {
  private var entries: [(packet: ReceivedPacket, block: UInt32)] = []
  private var head = 0
  private(set) var count = 0

  var first: (packet: ReceivedPacket, block: UInt32)? { self.count > 0 ? self.entries[self.head] : nil }

  /// False: the queue is full.
  mutating func append(_ packet: ReceivedPacket, block: UInt32, maximumCount: Int) -> Bool {
    if self.count == self.entries.count {
      guard self.count < maximumCount else { return false }
      var larger: [(packet: ReceivedPacket, block: UInt32)] = []
      let size = max(16, min(self.count &* 2, maximumCount))
      larger.reserveCapacity(size)
      for i in 0..<self.count { larger.append(self.entries[(self.head &+ i) % self.count]) }
      while larger.count < size { larger.append((packet, block)) }
      self.entries = larger
      self.head = 0
    }
    self.entries[(self.head &+ self.count) % self.entries.count] = (packet, block)
    self.count &+= 1
    return true
  }

  mutating func removeFirst() {
    guard self.count > 0 else { return }
    self.head = (self.head &+ 1) % self.entries.count
    self.count &-= 1
  }
}

/// Packets delivered as they come.
extension Receiver {
  /// The size of the next payload, where packets are delivered; nil: there is none.
  public var nextPacketSize: Int? { self.packets.first.map { self.pool.count(of: $0.block) } }

  /// Writes the next payload at `writer.count`. Nil: there is none, or it does not fit and stays.
  public mutating func receivePacket(into writer: inout SpanWriter) -> ReceivedPacket? {
    guard let next = self.packets.first, writer.remaining >= self.pool.count(of: next.block) else { return nil }
    writer.write(self.pool.payload(of: next.block))
    self.pool.free(next.block)
    self.packets.removeFirst()
    return next.packet
  }

  /// The oldest give way where there is no room. False: larger than all room there is.
  mutating func enqueue(_ packet: ReceivedPacket, _ payload: Span<UInt8>) -> Bool {
    if self.packets.count == self.configuration.maximumPackets { self.dropFirstPacket() }
    var block = self.pool.store(payload)
    while block == nil, self.packets.count > 0 {
      self.dropFirstPacket()
      block = self.pool.store(payload)
    }
    guard let block else { return false }
    return self.packets.append(packet, block: block, maximumCount: self.configuration.maximumPackets)
  }

  private mutating func dropFirstPacket() {
    guard let first = self.packets.first else { return }
    self.pool.free(first.block)
    self.packets.removeFirst()
    self.counters.packetsDropped &+= 1
  }
}
