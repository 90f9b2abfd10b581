import Bytes
import Time

extension Receiver {
  /// A silence as long as the hold time, with more than this many packets missing after it, is an outage: what was sent meanwhile
  /// is too old to be shown.
  static var outageGap: Int { 32 }

  /// How many packets before a stream's first to look for, where that does not begin a key frame: the first ones may arrive in
  /// another order, or be lost like any others.
  static var startingGap: Int64 { 16 }

  /// Takes a packet. Of an RTX packet (`isRepair`) the header is to have the original's payload type, sequence number and SSRC,
  /// and `payload` what follows the original sequence number (RFC 4588 section 4).
  ///
  /// Gives back what a receiver with the delivery `.inPlace` has to forward, unless `keeps`: then it waits for `receivePacket`.
  @discardableResult
  public mutating func receive(
    _ header: PacketHeader, payload: Span<UInt8>, isRepair: Bool, keeps: Bool = false, now: Instant
  ) -> ReceivedPacket? {
    self.now = max(self.now, now)
    self.counters.packetsReceived &+= 1
    self.counters.bytesReceived &+= UInt64(payload.count)
    if isRepair {
      self.counters.retransmittedPacketsReceived &+= 1
      self.counters.retransmittedBytesReceived &+= UInt64(payload.count)
    }
    let known = self.findMapping(header.payloadType)
    var facts: PayloadFacts?
    var beginsKeyFrame = false
    if known {
      let format = self.mappings[self.mapping].codec.format
      if var found = PayloadFormat.inspect(payload, marker: header.marker, format: format) {
        beginsKeyFrame = carriesVideo && KeyFrameStart.find(in: payload, &found, format: format)
        facts = found
      }
    }
    let mayFollow = carriesVideo && !beginsKeyFrame && facts != nil && self.mappings[self.mapping].codec.kind == .video
    guard let index = self.place(header, isRepair: isRepair, isKnown: known, mayFollow: mayFollow) else { return nil }
    self.counters.lastPacketReceivedAt = self.now
    if index < self.scan || (index < self.window.end && self.window[index].kind != .missing) {
      self.countLate(index)
      return nil
    }
    var slot = PacketSlot()
    slot.payloadType = header.payloadType
    slot.timestamp = header.timestamp
    slot.marker = header.marker
    slot.time = self.now
    var lent: ReceivedPacket?
    if let facts, self.configuration.delivery == .inPlace, !keeps {
      lent = self.packet(header, facts, isRepair: isRepair)
      slot.kind = .done
    } else if let facts, self.keep(header, payload, facts, isRepair: isRepair, in: &slot) {
      // Making room may have given this packet's place up.
      guard index >= self.scan else {
        if slot.kind == .payload { self.pool.free(slot.block) }
        self.counters.packetsDiscarded &+= 1
        self.scanPackets()
        return nil
      }
    } else if facts == nil, payload.count == 0 || !known {
      // Padding, comfort noise, events: of no frame, and no loss.
      slot.kind = .done
      if payload.count > 0 { self.counters.packetsMalformed &+= 1 }
    } else {
      slot.kind = .broken
      slot.endsFrame = header.marker
      self.counters.packetsMalformed &+= 1
    }
    self.put(slot, at: index, isRepair: isRepair)
    if beginsKeyFrame { self.jumpToKeyFrame(index) }
    self.scanPackets()
    return lent
  }

  /// What is forwarded of a packet.
  private mutating func packet(_ header: PacketHeader, _ facts: PayloadFacts, isRepair: Bool) -> ReceivedPacket {
    if facts.isKeyFrame { self.keyFrameCame() }
    return ReceivedPacket(
      line: self.line, header: header, codec: self.mappings[self.mapping].codec, isKeyFrame: facts.isKeyFrame,
      isRepair: isRepair, receivedAt: self.now)
  }

  private mutating func findMapping(_ payloadType: UInt8) -> Bool {
    if self.mapping < self.mappings.count, self.mappings[self.mapping].payloadType == payloadType { return true }
    for i in self.mappings.indices where self.mappings[i].payloadType == payloadType {
      self.mapping = i
      return true
    }
    return false
  }

  /// The packet's index, once the gap before it is known to be missing. Nil: not to be taken. `mayFollow`: another packet of
  /// its frame may precede it.
  private mutating func place(
    _ header: PacketHeader, isRepair: Bool, isKnown: Bool, mayFollow: Bool
  ) -> Int64? {
    let wasStarted = self.tracker.isStarted
    let verdict =
      isRepair
      ? self.tracker.place(header.sequenceNumber, window: self.window.maximumCount)
      : self.tracker.take(header.sequenceNumber, window: self.window.maximumCount)
    let index: Int64
    switch verdict {
    case .refused:
      self.counters.packetsDiscarded &+= 1
      return nil
    case .backward(let distance): return self.highestIndex &- Int64(distance)
    case .first, .restart:
      if wasStarted {
        self.counters.restarts &+= 1
        self.loss.beginsAnew = true
        self.breakSequence(missing: 0)
      }
      index = self.window.end &+ (mayFollow ? Self.startingGap : 0)
      self.firstIndex = index
      self.sequenceShift = header.sequenceNumber &- UInt16(truncatingIfNeeded: index)
      if mayFollow, self.mappings[self.mapping].codec.format.hasDependentFrames {
        self.needKeyFrame(notBefore: self.now + self.configuration.firstNACKDelay)
        self.isStarting = self.needsKeyFrame
      }
    case .forward(let distance):
      let direct = self.highestIndex &+ Int64(distance)
      let gap = Int(clamping: direct &- self.window.end)
      let silence = self.now - (self.counters.lastPacketReceivedAt ?? self.now)
      if gap >= self.window.maximumCount / 2 || (gap > Self.outageGap && silence > self.configuration.holdTime) {
        // Where the sequence goes on, only the stream itself can say: it keeps its place in the tracker's numbers.
        guard !isRepair else {
          self.counters.packetsDiscarded &+= 1
          return nil
        }
        self.breakSequence(missing: gap)
        index = self.window.end
        self.sequenceShift = header.sequenceNumber &- UInt16(truncatingIfNeeded: index)
      } else {
        index = direct
      }
    }
    if !isRepair {
      self.highestIndex = index
      if isKnown {
        self.tracker.noteArrival(
          self.now, timestamp: header.timestamp, clockRate: self.mappings[self.mapping].codec.clockRate)
      }
    }
    self.noticeMissing(before: index)
    return index
  }

  /// Stores the payload, making room if need be: an empty pool has room. False: it is larger than all room there is.
  private mutating func keep(
    _ header: PacketHeader, _ payload: Span<UInt8>, _ facts: PayloadFacts, isRepair: Bool, in slot: inout PacketSlot
  ) -> Bool {
    guard payload.count <= self.configuration.maximumBytes else { return false }
    slot.format = self.mappings[self.mapping].codec.format
    slot.start = facts.start
    slot.endsFrame = facts.endsFrame
    slot.isKeyFrame = facts.isKeyFrame
    if self.configuration.delivery != .frames {
      slot.kind = .done
      return self.enqueue(self.packet(header, facts, isRepair: isRepair), payload)
    }
    var block = self.pool.store(payload)
    while block == nil, self.evictOldest() { block = self.pool.store(payload) }
    guard let block else { return false }
    slot.kind = .payload
    slot.block = block
    slot.assembledSize = Int32(clamping: facts.assembledSize)
    if let level = header.extensions.audioLevel {
      slot.audioLevel = level
      slot.hasVoice = header.extensions.hasVoice
    }
    if let captureTime = header.extensions.absoluteCaptureTime {
      slot.captureTime = captureTime
      slot.hasCaptureTime = true
    }
    return true
  }

  private mutating func put(_ slot: PacketSlot, at index: Int64, isRepair: Bool) {
    if index < self.window.end {
      self.noteNoLongerMissing()
      self.firstIndex = min(self.firstIndex, index)
      if self.window[index].requests > 0 || isRepair { self.counters.packetsRepaired &+= 1 }
    } else {
      self.makeRoom(for: index)
      self.window.end = index &+ 1
    }
    self.window[index] = slot
  }

  /// The packets between the newest known and this one are missing.
  private mutating func noticeMissing(before index: Int64) {
    guard index > self.window.end else { return }
    let isAskedFor = self.mapping < self.mappings.count && self.mappings[self.mapping].nack
    var slot = PacketSlot()
    slot.kind = .missing
    slot.time = self.now
    if isAskedFor, self.configuration.maximumNACKs > 0 {
      slot.nextRequest = self.now + self.configuration.firstNACKDelay
      self.scheduleRequests(at: slot.nextRequest)
    }
    while self.window.end < index {
      self.makeRoom(for: self.window.end)
      self.window[self.window.end] = slot
      self.window.end &+= 1
      self.missingCount &+= 1
    }
  }

  /// Room in the window for a new slot at its end.
  private mutating func makeRoom(for index: Int64) {
    while Int(clamping: index &- self.window.base) >= self.window.count {
      if !self.window.grow(), !self.evictOldest() { break }
    }
  }

  private mutating func countLate(_ index: Int64) {
    if index < 0 || !self.window.remembers(index) || self.window[index].kind == .lost || self.window[index].kind == .none {
      self.counters.packetsDiscarded &+= 1
    } else {
      self.counters.packetsDuplicated &+= 1
    }
  }
}
