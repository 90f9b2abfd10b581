import Bytes
import STUN
import Time

/// Everything that is under way, the next to arrive first: a binary heap of small entries over slots whose buffers are used again.
struct FlightQueue: Sendable {
  /// What a datagram has before it.
  enum Stage: Sendable {
    /// It left its host's link, into this network.
    case network(Int)
    /// It arrives at a host, by this interface's link.
    case host(Int)
    /// A signalling message; `origin` and `destination` do not matter.
    case signal(Int)
  }

  struct Flight: Sendable {
    var stage = Stage.network(0)
    var source = TransportAddress(ip: .anyV6, port: 0)
    var destination = TransportAddress(ip: .anyV6, port: 0)
    /// The host that it comes from.
    var origin = 0
    var bytes: [UInt8] = []
  }

  private struct Entry: Sendable {
    var arrival: Instant
    /// Keeps what arrives at one instant in the order in which it was sent.
    var number: UInt64
    var slot: Int

    static func < (a: Entry, b: Entry) -> Bool {
      a.arrival == b.arrival ? a.number < b.number : a.arrival < b.arrival
    }
  }

  private var heap: [Entry] = []
  private var slots: [Flight] = []
  private var free: [Int] = []
  private var number: UInt64 = 0

  var count: Int { self.heap.count }
  var nextArrival: Instant? { self.heap.first?.arrival }

  mutating func append(
    arrival: Instant, stage: Stage, source: TransportAddress, destination: TransportAddress, origin: Int,
    damage: UInt64? = nil, _ bytes: Span<UInt8>
  ) {
    let slot: Int
    if let last = self.free.popLast() {
      slot = last
    } else {
      slot = self.slots.count
      self.slots.append(Flight())
    }
    self.slots[slot].stage = stage
    self.slots[slot].source = source
    self.slots[slot].destination = destination
    self.slots[slot].origin = origin
    self.slots[slot].bytes.removeAll(keepingCapacity: true)
    appendBytes(bytes, to: &self.slots[slot].bytes)
    if let damage { flipBit(damage, of: &self.slots[slot].bytes) }
    self.number &+= 1
    self.push(Entry(arrival: arrival, number: self.number, slot: slot))
  }

  /// The next flight that has arrived by `now`, its bytes in `bytes`, whose buffer is taken in exchange.
  mutating func popFirst(now: Instant, bytes: inout [UInt8]) -> Flight? {
    guard let first = self.heap.first, first.arrival <= now else { return nil }
    self.pop()
    swap(&bytes, &self.slots[first.slot].bytes)
    let slot = self.slots[first.slot]
    self.free.append(first.slot)
    return Flight(
      stage: slot.stage, source: slot.source, destination: slot.destination, origin: slot.origin, bytes: [])
  }

  private mutating func push(_ entry: Entry) {
    var index = self.heap.count
    self.heap.append(entry)
    while index > 0 {
      let parent = (index &- 1) / 2
      guard entry < self.heap[parent] else { break }
      self.heap[index] = self.heap[parent]
      index = parent
    }
    self.heap[index] = entry
  }

  private mutating func pop() {
    let last = self.heap.removeLast()
    guard !self.heap.isEmpty else { return }
    var index = 0
    while true {
      var child = index &* 2 &+ 1
      guard child < self.heap.count else { break }
      if child &+ 1 < self.heap.count, self.heap[child &+ 1] < self.heap[child] { child &+= 1 }
      guard self.heap[child] < last else { break }
      self.heap[index] = self.heap[child]
      index = child
    }
    self.heap[index] = last
  }
}

func appendBytes(_ bytes: Span<UInt8>, to array: inout [UInt8]) {
  unsafe bytes.withUnsafeBufferPointer { unsafe array.append(contentsOf: $0) }
}
