import Bytes
import Time

/// Messages from `send` until their last fragment is acknowledged or given up.
///
/// Bytes lie in the block pool. Streams with something unsent take turns, a message each; without I-DATA
/// (RFC 8260) a message once begun has to be sent to its end.
@usableFromInline struct SendQueue: Sendable {
  static let none: Int32 = -1

  struct Message: Sendable {
    /// The first block not yet sent.
    var block: Int32 = none
    var size: Int32 = 0
    var sent: Int32 = 0
    /// Fragments that have a TSN and are not yet done with.
    var outstanding: Int32 = 0
    var stream: Int32 = none
    var next: Int32 = none
    var protocolIdentifier: UInt32 = 0
    var maximumTransmissions: UInt32 = .max
    var sequence: UInt16 = 0
    var isOrdered = true
    var isAbandoned = false
    var deadline = Instant.distantFuture

    var isLimited: Bool { self.maximumTransmissions != .max || self.deadline != .distantFuture }
    var isSent: Bool { self.sent == self.size || self.isAbandoned }
  }

  struct Stream: Sendable {
    enum Reset { case none, requested, asked }
    var first: Int32 = none
    var last: Int32 = none
    /// The next stream in turn.
    var next: Int32 = none
    /// Messages not done with.
    var messages: Int32 = 0
    var nextSequence: UInt16 = 0
    var reset = Reset.none
    var isInTurn = false
    var isLowReported = false
    /// Bytes not yet sent.
    var buffered = 0
    /// Negative where nobody asked.
    var threshold = -1
  }

  /// A fragment to be sent for the first time.
  struct Fragment: Sendable {
    var message: Int32
    var block: Int32
    var size: Int
    /// B, E and U.
    var flags: UInt8
  }

  private(set) var pool: BlockPool
  private var messages: [Message] = []
  private var freeMessage: Int32 = none
  private var index = StreamIndex()
  private var streams: [Stream] = []
  private var turnFirst: Int32 = none
  private var turnLast: Int32 = none
  /// Streams whose amount fell to the threshold and was not reported.
  private var low: [Int32] = []
  /// Streams of which a reset is wanted and that have nothing left to send.
  private(set) var resettable = 0
  private(set) var messageCount = 0
  private(set) var unsentBytes = 0
  private let maximumStreams: Int
  private let limit: Int

  init(configuration: Association.Configuration) {
    self.limit = configuration.sendBufferLimit
    self.pool = BlockPool(limit: BlockPool.blocks(for: configuration.sendBufferLimit))
    self.maximumStreams = configuration.maximumActiveStreams
  }

  var hasUnsent: Bool { self.turnFirst != Self.none }
  var isEmpty: Bool { self.messageCount == 0 }
  /// The message whose fragments come next.
  var current: Int32 { self.turnFirst == Self.none ? Self.none : self.streams[Int(self.turnFirst)].first }
  var freeBytes: Int { min(self.limit, self.pool.available &* BlockPool.blockSize) }

  func message(_ message: Int32) -> Message { self.messages[Int(message)] }
  func identifier(of message: Int32) -> UInt16 { self.index.identifier(of: self.messages[Int(message)].stream) }

  // MARK: Streams

  @usableFromInline func bufferedAmount(stream: UInt16) -> Int {
    let slot = self.index.slot(of: stream)
    return slot == StreamIndex.none ? 0 : self.streams[Int(slot)].buffered
  }

  mutating func setThreshold(_ bytes: Int, stream: UInt16) {
    let slot = self.slot(of: stream)
    if slot != StreamIndex.none { self.streams[Int(slot)].threshold = max(0, bytes) }
  }

  mutating func takeLowStream() -> UInt16? {
    while let slot = self.low.popLast() {
      guard self.streams[Int(slot)].isLowReported else { continue }
      self.streams[Int(slot)].isLowReported = false
      return self.index.identifier(of: slot)
    }
    return nil
  }

  /// Whether a reset of the stream is awaited.
  func isResetting(_ stream: UInt16) -> Bool {
    let slot = self.index.slot(of: stream)
    return slot != StreamIndex.none && self.streams[Int(slot)].reset != .none
  }

  /// False where the stream is being reset already, or state for it would exceed the bound.
  mutating func requestReset(_ stream: UInt16) -> Bool {
    let slot = self.slot(of: stream)
    guard slot != StreamIndex.none, self.streams[Int(slot)].reset == .none else { return false }
    self.streams[Int(slot)].reset = .requested
    if self.streams[Int(slot)].messages == 0 { self.resettable &+= 1 }
    return true
  }

  /// Up to `limit` streams of which a reset is wanted and everything sent was acknowledged; they count as asked.
  mutating func takeResettable(limit: Int) -> [UInt16] {
    var result: [UInt16] = []
    var slot = 0
    while slot < self.streams.count, result.count < limit {
      if self.streams[slot].reset == .requested, self.streams[slot].messages == 0 {
        self.streams[slot].reset = .asked
        self.resettable &-= 1
        result.append(self.index.identifier(of: Int32(truncatingIfNeeded: slot)))
      }
      slot &+= 1
    }
    return result
  }

  /// The peer answered: the stream is new again, or stays as it was.
  mutating func finishReset(_ stream: UInt16, accepted: Bool) {
    let slot = self.index.slot(of: stream)
    guard slot != StreamIndex.none else { return }
    if accepted {
      self.streams[Int(slot)] = Stream()
      self.index.remove(slot)
    } else {
      self.streams[Int(slot)].reset = .none
    }
  }

  private mutating func slot(of stream: UInt16) -> Int32 {
    let found = self.index.slot(of: stream)
    if found != StreamIndex.none { return found }
    guard self.index.count < self.maximumStreams else { return StreamIndex.none }
    let slot = self.index.insert(stream)
    if Int(slot) == self.streams.count { self.streams.append(Stream()) } else { self.streams[Int(slot)] = Stream() }
    return slot
  }

  // MARK: Messages

  mutating func enqueue(
    _ bytes: Span<UInt8>, stream: UInt16, protocolIdentifier: UInt32, options: Association.SendOptions, now: Instant
  ) throws(Association.SendError) {
    guard BlockPool.blocks(for: bytes.count) <= self.pool.limit, bytes.count <= self.limit else { throw .messageTooLarge }
    guard BlockPool.blocks(for: bytes.count) <= self.pool.available else { throw .wouldBlock }
    let slot = self.slot(of: stream)
    guard slot != StreamIndex.none else { throw .noSuchStream }
    guard self.streams[Int(slot)].reset == .none else { throw .streamResetting }
    var message = Message()
    var chain = BlockPool.Chain()
    self.pool.append(bytes, to: &chain)
    message.block = chain.first
    message.size = Int32(truncatingIfNeeded: bytes.count)
    message.stream = slot
    message.protocolIdentifier = protocolIdentifier
    message.isOrdered = options.ordered
    switch options.reliability {
    case .reliable: break
    case .maxRetransmits(let count): message.maximumTransmissions = UInt32(count) &+ 1
    case .maxLifetime(let lifetime): message.deadline = now + lifetime
    }
    let added = self.store(message)
    self.messageCount &+= 1
    self.unsentBytes &+= bytes.count
    self.streams[Int(slot)].messages &+= 1
    self.streams[Int(slot)].buffered &+= bytes.count
    if self.streams[Int(slot)].last == Self.none {
      self.streams[Int(slot)].first = added
    } else {
      self.messages[Int(self.streams[Int(slot)].last)].next = added
    }
    self.streams[Int(slot)].last = added
    if !self.streams[Int(slot)].isInTurn { self.appendToTurns(slot) }
  }

  /// The size of the fragment that `takeFragment` would give, if it fits into `room` bytes; nil if nothing is
  /// unsent, or it does not. `full` is what a fragment that is not the last one holds: whole blocks.
  func nextFragmentSize(room: Int, full: Int) -> Int? {
    guard self.turnFirst != Self.none else { return nil }
    let message = self.messages[Int(self.streams[Int(self.turnFirst)].first)]
    let left = Int(message.size &- message.sent)
    let size = min(left, full)
    return size <= room ? size : nil
  }

  /// Takes the next fragment of `size` bytes, which `nextFragmentSize` named.
  mutating func takeFragment(size: Int) -> Fragment {
    let slot = Int(self.turnFirst)
    let index = self.streams[slot].first
    let at = Int(index)
    var flags: UInt8 = self.messages[at].isOrdered ? 0 : DataChunk.unordered
    if self.messages[at].sent == 0 {
      flags |= DataChunk.beginning
      if self.messages[at].isOrdered {
        self.messages[at].sequence = self.streams[slot].nextSequence
        self.streams[slot].nextSequence &+= 1
      }
    }
    let block = self.messages[at].block
    self.messages[at].sent &+= Int32(truncatingIfNeeded: size)
    self.messages[at].outstanding &+= 1
    self.unsentBytes &-= size
    self.lower(slot, by: size)
    if self.messages[at].sent == self.messages[at].size {
      flags |= DataChunk.ending
      self.messages[at].block = Self.none
      self.removeFirst(of: slot)
      self.passTurn()
    } else {
      self.messages[at].block = self.pool.skip(size, from: block)
    }
    return Fragment(message: index, block: block, size: size, flags: flags)
  }

  /// A fragment is acknowledged or abandoned: its bytes go, unless they went before.
  mutating func finish(message: Int32, block: Int32, size: Int) {
    if block != Self.none { self.pool.release(size, from: block) }
    self.messages[Int(message)].outstanding &-= 1
    self.removeIfDone(message)
  }

  /// Lets a fragment's bytes go before its TSN is done with.
  mutating func discard(block: Int32, size: Int) { self.pool.release(size, from: block) }

  /// Gives up the message; what is unsent goes. Returns whether some of it had been sent and some had not.
  mutating func abandon(_ message: Int32) -> Bool {
    let at = Int(message)
    guard !self.messages[at].isAbandoned else { return false }
    self.messages[at].isAbandoned = true
    let unsent = Int(self.messages[at].size &- self.messages[at].sent)
    guard unsent > 0 else { return false }
    // A message sent in part is its stream's first, and its stream's turn it is.
    let slot = Int(self.messages[at].stream)
    self.dropUnsent(message, unsent)
    self.removeFirst(of: slot)
    self.passTurn()
    return true
  }

  /// Counts a TSN that stands for the unsent rest of an abandoned message.
  mutating func addPlaceholder(_ message: Int32) { self.messages[Int(message)].outstanding &+= 1 }

  /// Drops messages whose lifetime ended before any of them was sent. Returns how many, and when to look again.
  mutating func expire(now: Instant) -> (count: Int, next: Instant) {
    var count = 0
    var next = Instant.distantFuture
    var slot = self.turnFirst
    var previous = Self.none
    while slot != Self.none {
      let following = self.streams[Int(slot)].next
      var message = self.streams[Int(slot)].first
      while message != Self.none, self.messages[Int(message)].sent == 0, self.messages[Int(message)].deadline <= now {
        let after = self.messages[Int(message)].next
        self.messages[Int(message)].isAbandoned = true
        self.dropUnsent(message, Int(self.messages[Int(message)].size))
        self.removeFirst(of: Int(slot))
        self.removeIfDone(message)
        count &+= 1
        message = after
      }
      if message == Self.none {
        self.removeFromTurns(slot, after: previous)
      } else {
        if self.messages[Int(message)].sent == 0 { next = min(next, self.messages[Int(message)].deadline) }
        previous = slot
      }
      slot = following
    }
    return (count, next)
  }

  mutating func trim() { self.pool.trim() }

  /// Whether what is kept up to date adds up, where chunks that were sent hold `outstanding` blocks: for simulations.
  func isConsistent(outstanding: Int) -> Bool {
    var (buffered, unsent, blocks) = (0, 0, outstanding)
    for stream in self.streams { buffered &+= stream.buffered }
    for message in self.messages where message.block != Self.none {
      let left = Int(message.size &- message.sent)
      unsent &+= left
      blocks &+= BlockPool.blocks(for: left)
    }
    return buffered == self.unsentBytes && unsent == self.unsentBytes && blocks == self.pool.used
      && self.pool.used <= self.pool.limit
  }

  private mutating func dropUnsent(_ message: Int32, _ unsent: Int) {
    let at = Int(message)
    self.pool.release(unsent, from: self.messages[at].block)
    self.messages[at].block = Self.none
    self.unsentBytes &-= unsent
    self.lower(Int(self.messages[at].stream), by: unsent)
  }

  private mutating func lower(_ slot: Int, by size: Int) {
    let before = self.streams[slot].buffered
    let after = before &- size
    self.streams[slot].buffered = after
    let threshold = self.streams[slot].threshold
    if before > threshold, after <= threshold, !self.streams[slot].isLowReported {
      self.streams[slot].isLowReported = true
      self.low.append(Int32(truncatingIfNeeded: slot))
    }
  }

  private mutating func removeIfDone(_ message: Int32) {
    let at = Int(message)
    guard self.messages[at].outstanding == 0, self.messages[at].isSent else { return }
    let slot = Int(self.messages[at].stream)
    self.streams[slot].messages &-= 1
    if self.streams[slot].messages == 0, self.streams[slot].reset == .requested { self.resettable &+= 1 }
    self.messages[at].next = self.freeMessage
    self.freeMessage = message
    self.messageCount &-= 1
  }

  private mutating func removeFirst(of slot: Int) {
    let first = self.streams[slot].first
    self.streams[slot].first = self.messages[Int(first)].next
    self.messages[Int(first)].next = Self.none
    if self.streams[slot].first == Self.none { self.streams[slot].last = Self.none }
  }

  private mutating func passTurn() {
    let slot = self.turnFirst
    self.removeFromTurns(slot, after: Self.none)
    if self.streams[Int(slot)].first != Self.none { self.appendToTurns(slot) }
  }

  private mutating func appendToTurns(_ slot: Int32) {
    self.streams[Int(slot)].isInTurn = true
    self.streams[Int(slot)].next = Self.none
    if self.turnLast == Self.none { self.turnFirst = slot } else { self.streams[Int(self.turnLast)].next = slot }
    self.turnLast = slot
  }

  private mutating func removeFromTurns(_ slot: Int32, after previous: Int32) {
    let next = self.streams[Int(slot)].next
    if previous == Self.none { self.turnFirst = next } else { self.streams[Int(previous)].next = next }
    if self.turnLast == slot { self.turnLast = previous }
    self.streams[Int(slot)].next = Self.none
    self.streams[Int(slot)].isInTurn = false
  }

  private mutating func store(_ message: Message) -> Int32 {
    guard self.freeMessage != Self.none else {
      self.messages.append(message)
      return Int32(truncatingIfNeeded: self.messages.count &- 1)
    }
    let slot = self.freeMessage
    self.freeMessage = self.messages[Int(slot)].next
    self.messages[Int(slot)] = message
    return slot
  }
}
