import Bytes
import Time

/// The packets of one sender, whole as they go out: the youngest wait for their turn, the older ones were sent and are kept to be
/// sent again. One ring of bytes and one of entries; each packet lies in one piece. Sequence numbers are consecutive, so that a
/// packet is found by its number without a search.
struct SendStore: Sendable {
  /// 32 bytes, for one is touched by every packet.
  struct Entry: Sendable {
    var offset: Int32 = 0
    var count: UInt16 = 0
    /// Where the payload begins.
    var headerCount: UInt16 = 0
    var sequenceNumber: UInt16 = 0
    var stamps = ExtensionStamps()
    var repeats: UInt8 = 0
    var repeatIsDue = false
    var firstSent = Instant.zero
    var lastSent = Instant.zero

    var start: Int { Int(self.offset) }
    var end: Int { Int(self.offset) &+ Int(self.count) }
  }

  let limits: Session.StoreLimits
  /// The largest packet.
  let packetSize: Int
  /// Both empty until the first packet: a line that never sends costs nothing.
  var bytes: [UInt8] = []
  private(set) var entries: [Entry] = []
  /// The oldest entry's place in its ring, how many there are, and how many of the youngest were not sent yet.
  private var first = 0
  private(set) var count = 0
  private(set) var waiting = 0
  private(set) var waitingBytes = 0
  /// Behind the youngest packet.
  private var head = 0

  init(limits: Session.StoreLimits, packetSize: Int) {
    self.limits = limits
    self.packetSize = packetSize
  }

  // Up to a packet's size may go to waste at the end of the ring, and another before what waits longest.
  private var usableBytes: Int { self.limits.bytes &- 2 &* self.packetSize }

  /// Whether a frame of these bounds could ever fit.
  func canHold(packets: Int, bytes: Int) -> Bool { packets <= self.limits.packets && bytes <= self.usableBytes }

  /// Whether it fits now, the packets that were sent giving way.
  func hasRoom(packets: Int, bytes: Int) -> Bool {
    packets <= self.limits.packets &- self.waiting && bytes <= self.usableBytes &- self.waitingBytes
  }

  /// Where in `bytes` a packet of `packetSize` bytes at most may be written; packets that were sent give way. Nil: those that wait
  /// are in the way.
  mutating func reserve() -> Int? {
    if self.bytes.isEmpty {
      self.bytes = [UInt8](repeating: 0, count: self.limits.bytes)
      self.entries = [Entry](repeating: Entry(), count: self.limits.packets)
    }
    if self.count == self.limits.packets, !self.dropOldest() { return nil }
    while true {
      guard self.count > 0 else {
        self.head = 0
        return 0
      }
      let tail = self.entries[self.first].start
      if self.head > tail {
        if self.limits.bytes &- self.head >= self.packetSize { return self.head }
        if tail >= self.packetSize { return 0 }
      } else if tail &- self.head >= self.packetSize {
        return self.head
      }
      guard self.dropOldest() else { return nil }
    }
  }

  /// Takes the packet that was written at `offset`.
  @inline(__always)
  mutating func append(_ entry: Entry) {
    self.entries[self.place(self.count)] = entry
    self.count &+= 1
    self.waiting &+= 1
    self.waitingBytes &+= Int(entry.count)
    self.head = entry.end
  }

  /// The place in the ring of the entry with this number, among those that were sent.
  func find(_ sequenceNumber: UInt16) -> Int? {
    guard self.count > self.waiting else { return nil }
    let distance = Int(sequenceNumber &- self.entries[self.first].sequenceNumber)
    return distance < self.count &- self.waiting ? self.place(distance) : nil
  }

  /// The place of the packet whose turn it is.
  var nextWaiting: Int? { self.waiting == 0 ? nil : self.place(self.count &- self.waiting) }

  func entry(at place: Int) -> Entry { self.entries[place] }

  @_lifetime(borrow self)
  func packet(at place: Int) -> Span<UInt8> {
    self.bytes.span.extracting(self.entries[place].start..<self.entries[place].end)
  }

  /// Marks the packet whose turn it was, at `place`, as sent.
  mutating func markSent(_ place: Int, at now: Instant) {
    self.entries[place].firstSent = now
    self.entries[place].lastSent = now
    self.waiting &-= 1
    self.waitingBytes &-= Int(self.entries[place].count)
  }

  mutating func markRepeatDue(_ place: Int) { self.entries[place].repeatIsDue = true }

  mutating func markRepeated(_ place: Int, at now: Instant) {
    self.entries[place].repeatIsDue = false
    self.entries[place].repeats &+= 1
    self.entries[place].lastSent = now
  }

  /// Fills in what only the moment of sending knows, in the kept packet: a plain repeat has to be the same bytes.
  mutating func stamp(_ place: Int, absoluteSendTime: UInt32, transportSequence: UInt16) {
    let start = self.entries[place].start
    let stamps = self.entries[place].stamps
    var bytes = self.bytes.mutableSpan
    if stamps.absoluteSendTime != 0 {
      let offset = start &+ Int(stamps.absoluteSendTime)
      bytes[offset] = UInt8(truncatingIfNeeded: absoluteSendTime &>> 16)
      bytes[offset &+ 1] = UInt8(truncatingIfNeeded: absoluteSendTime &>> 8)
      bytes[offset &+ 2] = UInt8(truncatingIfNeeded: absoluteSendTime)
    }
    if stamps.transportSequence != 0 {
      let offset = start &+ Int(stamps.transportSequence)
      bytes[offset] = UInt8(truncatingIfNeeded: transportSequence &>> 8)
      bytes[offset &+ 1] = UInt8(truncatingIfNeeded: transportSequence)
    }
  }

  /// Forgets the youngest `packets`, none of which was sent.
  mutating func undo(_ packets: Int) {
    for _ in 0..<min(packets, self.waiting) {
      let entry = self.entries[self.place(self.count &- 1)]
      self.count &-= 1
      self.waiting &-= 1
      self.waitingBytes &-= Int(entry.count)
      self.head = entry.start
    }
  }

  /// Forgets what was sent, and gives what waits another SSRC.
  mutating func rename(_ ssrc: UInt32) {
    while self.dropOldest() {}
    for i in 0..<self.count {
      let offset = self.entries[self.place(i)].start &+ 8
      for k in 0..<4 {
        self.bytes[offset &+ k] = UInt8(truncatingIfNeeded: ssrc &>> UInt32(24 &- 8 &* k))
      }
    }
  }

  mutating func removeAll() {
    self.count = 0
    self.waiting = 0
    self.waitingBytes = 0
    self.first = 0
    self.head = 0
  }

  private func place(_ index: Int) -> Int {
    let place = self.first &+ index
    return place >= self.limits.packets ? place &- self.limits.packets : place
  }

  private mutating func dropOldest() -> Bool {
    guard self.count > self.waiting else { return false }
    self.first = self.place(1)
    self.count &-= 1
    return true
  }
}
