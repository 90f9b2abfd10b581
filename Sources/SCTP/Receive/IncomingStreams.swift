import Bytes

/// Whole messages: held until their turn on an ordered stream, then ready to be pulled (RFC 9260 section 6.6).
@usableFromInline struct IncomingStreams: Sendable {
  static let none: Int32 = -1

  struct Entry: Sendable {
    var chain = BlockPool.Chain()
    var size: Int32 = 0
    var protocolIdentifier: UInt32 = 0
    var stream: UInt16 = 0
    var sequence: UInt16 = 0
    var isOrdered = false
    /// No message, but the place where a reset took effect: the event must not overtake messages before it.
    var isReset = false
    var next: Int32 = none

    var message: Association.Message {
      Association.Message(
        stream: self.stream, protocolIdentifier: self.protocolIdentifier, ordered: self.isOrdered, size: Int(self.size))
    }
  }

  private struct Stream: Sendable {
    var nextSequence: UInt16 = 0
    var heldFirst: Int32 = none
    var heldLast: Int32 = none
  }

  private var index = StreamIndex()
  private var streams: [Stream] = []
  private var entries: [Entry] = []
  private var free: Int32 = none
  private var readyFirst: Int32 = none
  private var readyLast: Int32 = none
  private(set) var pendingResets = 0
  private let maximumStreams: Int

  init(maximumStreams: Int) { self.maximumStreams = maximumStreams }

  var isReadyEmpty: Bool { self.readyFirst == Self.none }
  /// What `takeReady` would return.
  func withReady<Result>(_ body: (Entry) -> Result) -> Result? {
    self.readyFirst == Self.none ? nil : body(self.entries[Int(self.readyFirst)])
  }

  /// All of the next message but its bytes; nil where there is none, or a reset comes first.
  @usableFromInline var nextMessage: Association.Message? {
    guard let (message, isReset) = self.withReady({ ($0.message, $0.isReset) }), !isReset else { return nil }
    return message
  }

  /// False where one stream more than `maximumStreams` would be in use; the chain remains the caller's.
  mutating func deliver(_ entry: Entry, pool: inout BlockPool) -> Bool {
    guard entry.isOrdered else {
      self.makeReady(self.store(entry))
      return true
    }
    let slot = self.slot(of: entry.stream)
    guard slot != StreamIndex.none else { return false }
    let expected = SequenceNumber(self.streams[Int(slot)].nextSequence)
    let sequence = SequenceNumber(entry.sequence)
    if sequence == expected {
      self.makeReady(self.store(entry))
      self.streams[Int(slot)].nextSequence = expected.next.value
      self.drain(slot)
    } else if expected.precedes(sequence) {
      self.hold(entry, slot)
    } else {
      // Skipped by a FORWARD TSN, or a number used twice.
      pool.release(entry.chain)
    }
    return true
  }

  /// FORWARD TSN: `sequence` and what precedes it is not waited for any more (RFC 3758 section 3.6).
  mutating func skip(stream: UInt16, through sequence: UInt16) -> Bool {
    let slot = self.slot(of: stream)
    guard slot != StreamIndex.none else { return false }
    let expected = SequenceNumber(self.streams[Int(slot)].nextSequence)
    guard expected.precedesOrEquals(SequenceNumber(sequence)) else { return true }
    self.streams[Int(slot)].nextSequence = sequence &+ 1
    // What is held and whole is delivered even where it was skipped.
    while self.streams[Int(slot)].heldFirst != Self.none {
      let entry = self.streams[Int(slot)].heldFirst
      guard SequenceNumber(self.entries[Int(entry)].sequence).precedesOrEquals(SequenceNumber(sequence)) else { break }
      self.releaseHeld(slot)
    }
    self.drain(slot)
    return true
  }

  /// The peer starts the stream anew (RFC 6525 section 5.2.2).
  mutating func reset(stream: UInt16) {
    let slot = self.index.slot(of: stream)
    if slot != StreamIndex.none {
      while self.streams[Int(slot)].heldFirst != Self.none { self.releaseHeld(slot) }
      self.index.remove(slot)
    }
    var marker = Entry()
    marker.stream = stream
    marker.isReset = true
    self.makeReady(self.store(marker))
    self.pendingResets &+= 1
  }

  /// As `reset`, for every stream in use.
  mutating func resetAll() {
    var slot: Int32 = 0
    while slot < self.index.slots {
      let stream = self.index.identifier(of: slot)
      if self.index.slot(of: stream) == slot { self.reset(stream: stream) }
      slot &+= 1
    }
  }

  var streamsInUse: Int { self.index.count }

  /// The next message or reset marker; a message's chain becomes the caller's.
  mutating func takeReady() -> Entry? {
    guard self.readyFirst != Self.none else { return nil }
    let slot = self.readyFirst
    let entry = self.entries[Int(slot)]
    self.readyFirst = entry.next
    if self.readyFirst == Self.none { self.readyLast = Self.none }
    if entry.isReset { self.pendingResets &-= 1 }
    self.entries[Int(slot)].next = self.free
    self.free = slot
    return entry
  }

  private mutating func slot(of stream: UInt16) -> Int32 {
    let found = self.index.slot(of: stream)
    if found != StreamIndex.none { return found }
    guard self.index.count < self.maximumStreams else { return StreamIndex.none }
    let slot = self.index.insert(stream)
    if Int(slot) == self.streams.count { self.streams.append(Stream()) } else { self.streams[Int(slot)] = Stream() }
    return slot
  }

  private mutating func drain(_ slot: Int32) {
    while self.streams[Int(slot)].heldFirst != Self.none,
      self.entries[Int(self.streams[Int(slot)].heldFirst)].sequence == self.streams[Int(slot)].nextSequence
    {
      self.releaseHeld(slot)
      self.streams[Int(slot)].nextSequence &+= 1
    }
  }

  private mutating func releaseHeld(_ slot: Int32) {
    let entry = self.streams[Int(slot)].heldFirst
    self.streams[Int(slot)].heldFirst = self.entries[Int(entry)].next
    if self.streams[Int(slot)].heldFirst == Self.none { self.streams[Int(slot)].heldLast = Self.none }
    self.makeReady(entry)
  }

  /// Keeps the held messages of a stream in order; mostly the new one is the last.
  private mutating func hold(_ entry: Entry, _ slot: Int32) {
    let new = self.store(entry)
    let last = self.streams[Int(slot)].heldLast
    if last == Self.none || self.precedes(last, new) {
      if last == Self.none { self.streams[Int(slot)].heldFirst = new } else { self.entries[Int(last)].next = new }
      self.streams[Int(slot)].heldLast = new
      return
    }
    var previous = Self.none
    var at = self.streams[Int(slot)].heldFirst
    while at != Self.none, self.precedes(at, new) {
      previous = at
      at = self.entries[Int(at)].next
    }
    self.entries[Int(new)].next = at
    if previous == Self.none {
      self.streams[Int(slot)].heldFirst = new
    } else {
      self.entries[Int(previous)].next = new
    }
  }

  private func precedes(_ a: Int32, _ b: Int32) -> Bool {
    SequenceNumber(self.entries[Int(a)].sequence).precedes(SequenceNumber(self.entries[Int(b)].sequence))
  }

  private mutating func makeReady(_ entry: Int32) {
    self.entries[Int(entry)].next = Self.none
    if self.readyLast == Self.none {
      self.readyFirst = entry
    } else {
      self.entries[Int(self.readyLast)].next = entry
    }
    self.readyLast = entry
  }

  private mutating func store(_ entry: Entry) -> Int32 {
    guard self.free != Self.none else {
      self.entries.append(entry)
      return Int32(truncatingIfNeeded: self.entries.count &- 1)
    }
    let slot = self.free
    self.free = self.entries[Int(slot)].next
    self.entries[Int(slot)] = entry
    self.entries[Int(slot)].next = Self.none
    return slot
  }
}
