import Bytes

/// Packets that wait to be forwarded, oldest first, their payloads in the receiver's pool. Empty until one comes.
struct PacketQueue: Sendable {
  private var entries: [(packet: ReceivedPacket, block: UInt32)] = []
  private var head = 0
  private(set) var count = 0

  /// Where the oldest packet's payload lies; nil: there is none.
  var firstBlock: UInt32? { self.count > 0 ? self.entries[self.head].block : nil }

  /// There is one.
  var first: ReceivedPacket { self.entries[self.head].packet }

  /// False: the queue is full.
  mutating func append(_ packet: ReceivedPacket, block: UInt32, maximumCount: Int) -> Bool {
    if self.count == self.entries.count {
      guard self.count < maximumCount else { return false }
      var larger: [(packet: ReceivedPacket, block: UInt32)] = []
      let size = max(16, min(self.count &* 2, maximumCount))
      larger.reserveCapacity(size)
      for i in 0..<self.count { larger.append(self.entries[self.place(i)]) }
      while larger.count < size { larger.append((packet, block)) }
      self.entries = larger
      self.head = 0
    }
    self.entries[self.place(self.count)] = (packet, block)
    self.count &+= 1
    return true
  }

  mutating func removeFirst() {
    guard self.count > 0 else { return }
    self.head = self.place(1)
    self.count &-= 1
  }

  private func place(_ index: Int) -> Int {
    let place = self.head &+ index
    return place >= self.entries.count ? place &- self.entries.count : place
  }
}

/// Packets delivered as they come.
extension Receiver {
  /// The size of the next payload, where packets are delivered; nil: there is none.
  @inline(__always)
  public var nextPacketSize: Int? { self.packets.firstBlock.map { self.pool.count(of: $0) } }

  /// Writes the next payload at `writer.count`. Nil: there is none, or it does not fit and stays.
  public mutating func receivePacket(into writer: inout SpanWriter) -> ReceivedPacket? {
    guard let block = self.packets.firstBlock, writer.remaining >= self.pool.count(of: block) else { return nil }
    writer.write(self.pool.payload(of: block))
    self.pool.free(block)
    defer { self.packets.removeFirst() }
    return self.packets.first
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
    guard let block = self.packets.firstBlock else { return }
    self.pool.free(block)
    self.packets.removeFirst()
    self.counters.packetsDropped &+= 1
  }
}
