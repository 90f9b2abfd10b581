import Bytes
import Time

/// Every TSN that the peer has not acknowledged cumulatively, in a ring indexed by TSN.
///
/// Chunks in flight form a list in the order in which they were last sent, so that loss detection by time
/// (RFC 8985) looks only at those it declares lost; lost ones form a list of what to send next. Acknowledged
/// ones form runs that a later SACK jumps over: the cost of a SACK follows what is new in it.
struct Outstanding: Sendable {
  enum State { case inFlight, lost, acknowledged, abandoned }

  struct Chunk: Sendable {
    var message: Int32 = SendQueue.none
    /// `none` once the bytes are gone.
    var block: Int32 = BlockPool.Chain.none
    /// Neighbours in the list of its state, valid where there is one.
    var previous: UInt32 = 0
    var next: UInt32 = 0
    /// In an acknowledged chunk: the next TSN that may not be.
    var skip: UInt32 = 0
    var size: UInt16 = 0
    var transmissions: UInt16 = 0
    var flags: UInt8 = 0
    var state = State.inFlight
    var sentAt = Instant.zero

    /// What congestion control counts: with header and padding (RFC 9260 section 7.2.2).
    var weight: Int { DataChunk.headerSize &+ Int(self.size) &+ padding(of: Int(self.size)) }
  }

  /// A doubly linked list through the ring.
  struct List: Sendable {
    var first: UInt32 = 0
    var last: UInt32 = 0
    var count = 0
  }

  /// The lowest TSN not acknowledged cumulatively, and the next to be given.
  private(set) var first: UInt32
  private(set) var next: UInt32
  private(set) var flight = List()
  private(set) var lost = List()
  /// Of the chunks in flight: weights, and sizes alone.
  private(set) var bytesInFlight = 0
  private(set) var payloadInFlight = 0
  /// Acknowledged by gap blocks only.
  private(set) var gapAcknowledged = 0
  private(set) var abandoned = 0
  private var slots: [Chunk] = []

  init(initialTSN: UInt32) {
    self.first = initialTSN
    self.next = initialTSN
  }

  var isEmpty: Bool { self.first == self.next }
  /// Whether something is neither acknowledged nor given up.
  var isAwaiting: Bool { self.flight.count > 0 || self.lost.count > 0 }

  subscript(tsn: UInt32) -> Chunk { self.slots[self.index(tsn)] }

  /// Whether `tsn` is one that was given and is not acknowledged cumulatively.
  func contains(_ tsn: UInt32) -> Bool { tsn &- self.first < self.next &- self.first }

  /// Gives the next TSN to a chunk that is being sent now.
  mutating func append(_ chunk: Chunk) -> UInt32 {
    let tsn = self.extend(chunk)
    self.join(tsn, .inFlight)
    return tsn
  }

  /// Gives a TSN to what will never be sent: the end of a message abandoned midway.
  mutating func appendAbandoned(_ chunk: Chunk) {
    let tsn = self.extend(chunk)
    self.slots[self.index(tsn)].state = .abandoned
    self.abandoned &+= 1
  }

  /// A lost chunk is being sent again.
  mutating func resend(_ tsn: UInt32, now: Instant) {
    self.leave(tsn)
    let i = self.index(tsn)
    self.slots[i].sentAt = now
    if self.slots[i].transmissions < .max { self.slots[i].transmissions &+= 1 }
    self.join(tsn, .inFlight)
  }

  mutating func markLost(_ tsn: UInt32) {
    self.leave(tsn)
    self.join(tsn, .lost)
  }

  /// Everything in flight is lost, the lowest TSN first.
  mutating func markAllLost() {
    var tsn = self.first
    while tsn != self.next {
      if self.slots[self.index(tsn)].state == .inFlight { self.markLost(tsn) }
      tsn = tsn &+ 1
    }
  }

  mutating func markAcknowledged(_ tsn: UInt32) {
    self.leave(tsn)
    let i = self.index(tsn)
    self.slots[i].state = .acknowledged
    self.slots[i].skip = tsn &+ 1
    self.gapAcknowledged &+= 1
  }

  mutating func markAbandoned(_ tsn: UInt32) {
    self.leave(tsn)
    let i = self.index(tsn)
    self.slots[i].state = .abandoned
    self.slots[i].block = BlockPool.Chain.none
    self.abandoned &+= 1
  }

  /// The peer took back what its gap blocks had acknowledged (RFC 9260 section 6.2): it is to be sent again.
  mutating func revokeGaps() {
    var tsn = self.first
    while tsn != self.next, self.gapAcknowledged > 0 {
      if self.slots[self.index(tsn)].state == .acknowledged {
        self.gapAcknowledged &-= 1
        self.join(tsn, .lost)
      }
      tsn = tsn &+ 1
    }
  }

  /// Removes the lowest TSN.
  mutating func removeFirst() -> Chunk {
    self.leave(self.first)
    let chunk = self.slots[self.index(self.first)]
    self.first = self.first &+ 1
    return chunk
  }

  /// The first TSN from `tsn` on, and not beyond `end`, that no gap block has acknowledged.
  mutating func skipAcknowledged(from tsn: UInt32, end: UInt32) -> UInt32 {
    var at = tsn
    while at != end, self.slots[self.index(at)].state == .acknowledged {
      let skip = self.slots[self.index(at)].skip
      // What follows in the run is jumped over the next time.
      if self.contains(skip), self.slots[self.index(skip)].state == .acknowledged {
        self.slots[self.index(at)].skip = self.slots[self.index(skip)].skip
      }
      at = skip &- tsn > end &- tsn ? end : skip
    }
    return at
  }

  /// Whether all counts are what a recount says: for simulations.
  var isConsistent: Bool {
    var (flight, lost, acknowledged, abandoned, bytes, payload) = (0, 0, 0, 0, 0, 0)
    var tsn = self.first
    while tsn != self.next {
      let chunk = self[tsn]
      switch chunk.state {
      case .inFlight:
        flight &+= 1
        bytes &+= chunk.weight
        payload &+= Int(chunk.size)
      case .lost: lost &+= 1
      case .acknowledged: acknowledged &+= 1
      case .abandoned: abandoned &+= 1
      }
      tsn = tsn &+ 1
    }
    return flight == self.flight.count && lost == self.lost.count && acknowledged == self.gapAcknowledged
      && abandoned == self.abandoned && bytes == self.bytesInFlight && payload == self.payloadInFlight
  }

  /// Blocks that chunks hold.
  var blocksInUse: Int {
    var blocks = 0
    var tsn = self.first
    while tsn != self.next {
      let chunk = self[tsn]
      if chunk.block != BlockPool.Chain.none { blocks &+= BlockPool.blocks(for: Int(chunk.size)) }
      tsn = tsn &+ 1
    }
    return blocks
  }

  // MARK: Lists

  private mutating func join(_ tsn: UInt32, _ state: State) {
    let i = self.index(tsn)
    self.slots[i].state = state
    if state == .inFlight {
      self.bytesInFlight &+= self.slots[i].weight
      self.payloadInFlight &+= Int(self.slots[i].size)
      Self.push(tsn, to: &self.flight, in: &self.slots)
    } else {
      Self.push(tsn, to: &self.lost, in: &self.slots)
    }
  }

  private mutating func leave(_ tsn: UInt32) {
    let i = self.index(tsn)
    switch self.slots[i].state {
    case .inFlight:
      self.bytesInFlight &-= self.slots[i].weight
      self.payloadInFlight &-= Int(self.slots[i].size)
      Self.unlink(tsn, from: &self.flight, in: &self.slots)
    case .lost: Self.unlink(tsn, from: &self.lost, in: &self.slots)
    case .acknowledged: self.gapAcknowledged &-= 1
    case .abandoned: self.abandoned &-= 1
    }
  }

  private static func push(_ tsn: UInt32, to list: inout List, in slots: inout [Chunk]) {
    let mask = UInt32(truncatingIfNeeded: slots.count &- 1)
    if list.count == 0 {
      list.first = tsn
    } else {
      slots[Int(list.last & mask)].next = tsn
      slots[Int(tsn & mask)].previous = list.last
    }
    list.last = tsn
    list.count &+= 1
  }

  private static func unlink(_ tsn: UInt32, from list: inout List, in slots: inout [Chunk]) {
    let mask = UInt32(truncatingIfNeeded: slots.count &- 1)
    let chunk = slots[Int(tsn & mask)]
    if list.count > 1 {
      if tsn == list.first {
        list.first = chunk.next
      } else if tsn == list.last {
        list.last = chunk.previous
      } else {
        slots[Int(chunk.previous & mask)].next = chunk.next
        slots[Int(chunk.next & mask)].previous = chunk.previous
      }
    }
    list.count &-= 1
  }

  // MARK: The ring

  private func index(_ tsn: UInt32) -> Int { Int(tsn & UInt32(truncatingIfNeeded: self.slots.count &- 1)) }

  private mutating func extend(_ chunk: Chunk) -> UInt32 {
    if Int(truncatingIfNeeded: self.next &- self.first) == self.slots.count { self.grow() }
    let tsn = self.next
    self.slots[self.index(tsn)] = chunk
    self.next = tsn &+ 1
    return tsn
  }

  private mutating func grow() {
    let old = self
    self.slots = [Chunk](repeating: Chunk(), count: max(16, old.slots.count &* 2))
    var tsn = self.first
    while tsn != self.next {
      self.slots[self.index(tsn)] = old[tsn]
      tsn = tsn &+ 1
    }
  }
}
