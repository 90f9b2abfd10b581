import SCTP

/// The channels that exist, found by handle or by stream.
@usableFromInline struct ChannelTable: Sendable {
  struct Entry: Sendable {
    var label: [UInt8] = []
    var subprotocol: [UInt8] = []
    var reliability = Association.Reliability.reliable
    var priority: UInt16 = 256
    var generation: UInt16 = 0
    var ordered = true
    var isNegotiated = false
    var isInUse = false
    var state = DataChannels.ChannelState.closed
    /// Its slot in `streams`, or `none` while it has no stream.
    var stream: Int32 = StreamIndex.none
    /// What has yet to be queued for sending.
    var isOpenDue = false
    var isAckDue = false
    /// Something came from the peer on it: unordered messages cannot overtake our OPEN any more.
    var isAcknowledged = false
    /// Which directions have been reset.
    var isIncomingReset = false
    var isOutgoingReset = false
    /// Its stream's former channel still awaits the answer to the reset of our direction, which the peer has performed: it opened
    /// the stream anew.
    var awaitsFormerReset = false
    var threshold = -1
  }

  private var entries: [Entry] = []
  private var free: [Int32] = []
  private var streams = StreamIndex()
  /// The channel of each slot of `streams`.
  private var owners: [Int32] = []
  private(set) var count = 0

  /// One past the highest slot used.
  var slots: Int { self.entries.count }

  subscript(slot: Int) -> Entry {
    get { self.entries[slot] }
    _modify { yield &self.entries[slot] }
  }

  func handle(of slot: Int) -> DataChannels.Channel {
    DataChannels.Channel(index: UInt32(self.entries[slot].generation) &<< 16 | UInt32(truncatingIfNeeded: slot))
  }

  /// The slot of a channel that exists.
  @usableFromInline func slot(of channel: DataChannels.Channel) -> Int? {
    let slot = Int(channel.index & 0xFFFF)
    guard slot < self.entries.count, self.entries[slot].isInUse,
      UInt32(self.entries[slot].generation) == channel.index &>> 16
    else { return nil }
    return slot
  }

  func slot(ofStream stream: UInt16) -> Int? {
    let found = self.streams.slot(of: stream)
    return found == StreamIndex.none ? nil : Int(self.owners[Int(found)])
  }

  @usableFromInline func stream(of slot: Int) -> UInt16? {
    let stream = self.entries[slot].stream
    return stream == StreamIndex.none ? nil : self.streams.identifier(of: stream)
  }

  @usableFromInline func info(of channel: DataChannels.Channel) -> DataChannels.ChannelInfo? {
    guard let slot = self.slot(of: channel) else { return nil }
    let entry = self.entries[slot]
    return DataChannels.ChannelInfo(
      label: entry.label, subprotocol: entry.subprotocol, ordered: entry.ordered, reliability: entry.reliability,
      priority: entry.priority, negotiated: entry.isNegotiated, state: entry.state, streamID: self.stream(of: slot))
  }

  func isTaken(_ stream: UInt16) -> Bool { self.streams.slot(of: stream) != StreamIndex.none }

  mutating func insert(_ entry: Entry) -> Int {
    let slot: Int
    if let free = self.free.popLast() {
      slot = Int(free)
      let generation = self.entries[slot].generation
      self.entries[slot] = entry
      self.entries[slot].generation = generation &+ 1
    } else {
      slot = self.entries.count
      self.entries.append(entry)
    }
    self.entries[slot].isInUse = true
    self.count &+= 1
    return slot
  }

  mutating func assign(_ stream: UInt16, to slot: Int) {
    let index = self.streams.insert(stream)
    if Int(index) == self.owners.count { self.owners.append(0) }
    self.owners[Int(index)] = Int32(truncatingIfNeeded: slot)
    self.entries[slot].stream = index
  }

  mutating func remove(_ slot: Int) {
    if self.entries[slot].stream != StreamIndex.none { self.streams.remove(self.entries[slot].stream) }
    let generation = self.entries[slot].generation
    self.entries[slot] = Entry()
    self.entries[slot].generation = generation
    self.free.append(Int32(truncatingIfNeeded: slot))
    self.count &-= 1
  }
}
