import Bytes

/// The receiving half: from DATA chunks to messages, and the window that bounds it all.
@usableFromInline struct Inbox: Sendable {
  enum Verdict { case accepted, duplicate, dropped, violation, tooLarge, tooManyStreams }

  /// Blocks kept for each TSN missing below the highest: a hole that could not be filled would never close.
  private static let blocksPerHole = 10

  private(set) var tsns: ReceivedTSNs
  private var reassembly: Reassembly
  @usableFromInline private(set) var streams: IncomingStreams
  private var pool: BlockPool
  private let window: Int
  private let packetSize: Int
  /// Blocks that new data may fill: the window, and a quarter for blocks that a fragment fills in part.
  private let capacity: Int
  /// Runs of fragments dropped because they belong to no message.
  private(set) var orphans = 0
  /// The window in the last SACK.
  private var advertised: Int

  init(configuration: Association.Configuration, initialTSN: UInt32) {
    self.window = configuration.receiveWindow
    self.packetSize = configuration.maximumPacketSize
    self.capacity = BlockPool.blocks(for: self.window) &* 5 / 4 &+ 16
    self.pool = BlockPool(limit: BlockPool.blocks(for: self.window) &* 2 &+ 32)
    self.advertised = self.window
    self.tsns = ReceivedTSNs(initialTSN: initialTSN, limit: self.pool.limit)
    self.reassembly = Reassembly(
      initialTSN: initialTSN, maximumMessageSize: configuration.maximumMessageSize, limit: self.pool.limit &* 2)
    self.streams = IncomingStreams(maximumStreams: configuration.maximumActiveStreams)
  }

  /// Room for new data, rounded down to nothing when it is not worth a packet: the receiver's half of silly
  /// window avoidance (RFC 9260 section 6.2).
  var receiveWindow: Int {
    let free = self.window &- self.pool.used &* BlockPool.blockSize
    return free < min(self.packetSize, self.window / 2) ? 0 : free
  }

  /// Whether enough was pulled since the last SACK that a sender who waits should hear of it.
  var isWindowUpdateDue: Bool {
    let growth = self.receiveWindow &- self.advertised
    guard growth > 0 else { return false }
    return growth >= (self.advertised < self.packetSize &* 2 ? min(self.packetSize &* 2, self.window / 2) : self.window / 4)
  }

  mutating func receive(_ data: borrowing DataChunk) -> Verdict {
    let tsn = data.tsn
    switch self.tsns.judge(tsn) {
    case .duplicate:
      self.tsns.noteDuplicate(tsn)
      return .duplicate
    case .outside: return .dropped
    case .new: break
    }
    guard self.reassembly.reaches(tsn), self.hasRoom(for: data.payload.count, tsn: tsn) else { return .dropped }
    var fragment = Reassembly.Fragment()
    self.pool.append(data.payload, to: &fragment.chain)
    fragment.size = Int32(truncatingIfNeeded: data.payload.count)
    fragment.protocolIdentifier = data.protocolIdentifier
    fragment.stream = data.stream
    fragment.sequence = data.sequence
    fragment.flags = data.flags
    fragment.isUsed = true
    self.tsns.insert(tsn)
    let verdict = self.place(fragment, tsn: tsn)
    self.orphans &+= self.reassembly.follow(cumulative: self.tsns.cumulative, pool: &self.pool)
    return verdict
  }

  private mutating func place(_ fragment: Reassembly.Fragment, tsn: UInt32) -> Verdict {
    switch self.reassembly.insert(fragment, tsn: tsn, pool: &self.pool) {
    case .stored: return .accepted
    case .violation:
      self.pool.release(fragment.chain)
      return .violation
    case .tooLarge: return .tooLarge
    case .complete(let first):
      return self.deliver(self.reassembly.take(first: first)) ? .accepted : .tooManyStreams
    }
  }

  /// False where the streams that it names are more than may be in use.
  mutating func forward(_ chunk: borrowing ForwardTSNChunk) -> Bool {
    self.tsns.skip(to: chunk.newCumulativeTSN)
    self.reassembly.discard(through: chunk.newCumulativeTSN, pool: &self.pool)
    self.orphans &+= self.reassembly.follow(cumulative: self.tsns.cumulative, pool: &self.pool)
    var i = 0
    while i < chunk.streamCount {
      let skipped = chunk.skipped(i)
      guard self.streams.skip(stream: skipped.stream, through: skipped.sequence) else { return false }
      i &+= 1
    }
    return true
  }

  mutating func reset(stream: UInt16) { self.streams.reset(stream: stream) }
  mutating func resetAllStreams() { self.streams.resetAll() }

  mutating func writeSack(room: Int, into writer: inout SpanWriter) {
    self.advertised = self.receiveWindow
    self.tsns.writeSack(receiveWindow: UInt32(truncatingIfNeeded: self.advertised), room: room, into: &writer)
  }

  /// The size of the next message; nil if there is none or a reset comes first.
  var nextMessageSize: Int? {
    guard let (size, isReset) = self.streams.withReady({ (Int($0.size), $0.isReset) }), !isReset else { return nil }
    return size
  }

  mutating func discardMessage() {
    guard self.nextMessageSize != nil, let entry = self.streams.takeReady() else { return }
    self.pool.release(entry.chain)
  }

  /// Pulls the next message if the writer has room for it.
  mutating func takeMessage(into writer: inout SpanWriter) -> Association.Message? {
    guard let size = self.nextMessageSize, writer.remaining >= size, let entry = self.streams.takeReady() else {
      return nil
    }
    self.pool.write(size, from: entry.chain.first, into: &writer)
    self.pool.release(entry.chain)
    return entry.message
  }

  /// The stream whose reset comes next, once the messages before it were pulled.
  mutating func takeReset() -> UInt16? {
    guard self.streams.withReady({ $0.isReset }) == true, let entry = self.streams.takeReady() else { return nil }
    return entry.stream
  }

  mutating func trim() { self.pool.trim() }

  /// Whether memory is within its bound: for simulations.
  var isWithinBounds: Bool { self.pool.used <= self.pool.limit && self.receiveWindow <= self.window }

  private func hasRoom(for size: Int, tsn: UInt32) -> Bool {
    let need = BlockPool.blocks(for: size)
    guard self.tsns.isBeyondHighest(tsn) else { return need <= self.pool.available }
    let newHoles = Int(truncatingIfNeeded: tsn &- self.tsns.highest &- 1)
    let reserve = (self.tsns.holes &+ newHoles) &* Self.blocksPerHole
    return self.pool.used &+ need &+ reserve <= self.capacity
  }

  private mutating func deliver(_ run: Reassembly.Fragment) -> Bool {
    var entry = IncomingStreams.Entry()
    entry.chain = run.chain
    entry.size = run.size
    entry.protocolIdentifier = run.protocolIdentifier
    entry.stream = run.stream
    entry.sequence = run.sequence
    entry.isOrdered = run.flags & DataChunk.unordered == 0
    return self.streams.deliver(entry, pool: &self.pool)
  }
}
