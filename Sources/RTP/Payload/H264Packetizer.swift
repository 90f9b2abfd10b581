import Bytes

#if Video

/// Access units in the byte stream format to payloads of RFC 6184.
struct H264Packetizer: Sendable {
  /// A NAL unit of the frame, or of the kept parameter sets.
  struct Unit: Sendable {
    var start: Int
    var count: Int
    var isKept: Bool
  }

  /// STAP-A and FU-A may be used.
  let aggregates: Bool
  var sets = H264ParameterSets()
  /// The NAL units of the frame in the order of sending. Kept from frame to frame for its memory.
  var units: [Unit] = []
  var next = 0
  /// How much of `units[next]` has been sent in fragments, its header included; 0: none.
  var fragmented = 0
  var limit = 0

  init(packetizationMode: UInt8) { self.aggregates = packetizationMode != 0 }

  var isLast: Bool { self.next == self.units.count }

  mutating func begin(_ frame: Span<UInt8>, limit: Int) throws(FrameError) -> FrameSummary {
    self.units.removeAll(keepingCapacity: true)
    self.next = 0
    self.fragmented = 0
    self.limit = limit
    let isKeyFrame: Bool
    do {
      isKeyFrame = try self.collect(frame)
      return try self.summary(isKeyFrame: isKeyFrame)
    } catch {
      self.units.removeAll(keepingCapacity: true)
      throw error
    }
  }

  /// Finds the NAL units; gives parameter sets to a key frame that comes without. Returns whether it is one.
  private mutating func collect(_ frame: Span<UInt8>) throws(FrameError) -> Bool {
    var prefix = AnnexB.nextStartCode(in: frame, from: 0)
    // Nothing but leading zeros may precede the first start code.
    var i = 0
    while i < prefix {
      if frame[i] != 0 { throw .malformed }
      i &+= 1
    }
    var hasIDR = false
    var hasSPS = false
    var hasPPS = false
    while prefix < frame.count {
      let (range, following) = AnnexB.unit(in: frame, after: prefix)
      prefix = following
      if range.isEmpty { continue }
      guard H264NAL.isPlain(frame[range.lowerBound]) else { throw .malformed }
      switch frame[range.lowerBound] & H264NAL.typeMask {
      case H264NAL.idrSlice: hasIDR = true
      case H264NAL.sps:
        hasSPS = true
        self.sets.keep(frame.extracting(range))
      case H264NAL.pps:
        hasPPS = true
        self.sets.keep(frame.extracting(range))
      default: break
      }
      self.units.append(Unit(start: range.lowerBound, count: range.count, isKept: false))
    }
    guard self.units.count > 0 else { throw .malformed }
    if hasIDR, !hasSPS || !hasPPS { self.insertSets(into: frame, sps: !hasSPS, pps: !hasPPS) }
    return hasIDR
  }

  /// An access unit delimiter stays first, an SPS that the frame has stays before the PPS (ITU-T H.264 7.4.1.2.3).
  private mutating func insertSets(into frame: Span<UInt8>, sps: Bool, pps: Bool) {
    var place = 0
    while place < self.units.count {
      let type = frame[self.units[place].start] & H264NAL.typeMask
      let stays = type == H264NAL.delimiter || (!sps && type == H264NAL.sps)
      if !stays { break }
      place &+= 1
    }
    var pass = 0
    while pass < 2 {
      var i = 0
      while i < self.sets.entries.count {
        let entry = self.sets.entries[i]
        if pass == 0 ? sps && entry.type == H264NAL.sps : pps && entry.type == H264NAL.pps {
          self.units.insert(Unit(start: entry.start, count: entry.count, isKept: true), at: place)
          place &+= 1
        }
        i &+= 1
      }
      pass &+= 1
    }
  }

  private func summary(isKeyFrame: Bool) throws(FrameError) -> FrameSummary {
    var packets = 0
    var bytes = 0
    var i = 0
    while i < self.units.count {
      let count = self.units[i].count
      if count <= self.limit {
        packets &+= 1
        bytes &+= count &+ 3
      } else {
        guard self.aggregates, self.limit >= 3 else { throw .tooLarge }
        let room = self.limit &- 2
        let fragments = (count &- 2) / room &+ 1
        packets &+= fragments
        bytes &+= count &+ 2 &* fragments
      }
      i &+= 1
    }
    return FrameSummary(isKeyFrame: isKeyFrame, maximumPackets: packets, maximumBytes: bytes)
  }

  mutating func writeNext(of frame: Span<UInt8>, into writer: inout SpanWriter) -> Bool {
    guard self.next < self.units.count else { return false }
    let unit = self.units[self.next]
    if unit.count > self.limit { return self.writeFragment(unit, of: frame, into: &writer) }
    let end = self.aggregateEnd()
    if end == self.next &+ 1 {
      self.write(unit, from: 0, count: unit.count, of: frame, into: &writer)
    } else {
      self.writeAggregate(upTo: end, of: frame, into: &writer)
    }
    guard !writer.overflowed else { return false }
    self.next = end
    return true
  }

  /// The end of the run of units, from the next on, that fit into one payload together.
  private func aggregateEnd() -> Int {
    var end = self.next &+ 1
    guard self.aggregates else { return end }
    var size = 3 &+ self.units[self.next].count
    while end < self.units.count {
      let count = self.units[end].count
      guard count <= self.limit &- size &- 2, count <= 0xFFFF else { break }
      size &+= 2 &+ count
      end &+= 1
    }
    return end
  }

  /// RFC 6184 section 5.7: the header has the highest NRI of the units, and F were one of them broken, which none is.
  private func writeAggregate(upTo end: Int, of frame: Span<UInt8>, into writer: inout SpanWriter) {
    var importance: UInt8 = 0
    var i = self.next
    while i < end {
      importance = max(importance, self.header(self.units[i], of: frame) & H264NAL.importanceMask)
      i &+= 1
    }
    writer.write(importance | H264NAL.stapA)
    i = self.next
    while i < end {
      let unit = self.units[i]
      writer.write(UInt16(truncatingIfNeeded: unit.count))
      self.write(unit, from: 0, count: unit.count, of: frame, into: &writer)
      i &+= 1
    }
  }

  /// RFC 6184 section 5.8.
  private mutating func writeFragment(_ unit: Unit, of frame: Span<UInt8>, into writer: inout SpanWriter) -> Bool {
    let header = self.header(unit, of: frame)
    let from = max(self.fragmented, 1)
    let count = min(unit.count &- from, self.limit &- 2)
    let isEnd = from &+ count == unit.count
    writer.write(header & H264NAL.importanceMask | H264NAL.fuA)
    writer.write(
      header & H264NAL.typeMask | (self.fragmented == 0 ? H264Payload.FragmentHeader.start : 0)
        | (isEnd ? H264Payload.FragmentHeader.end : 0))
    self.write(unit, from: from, count: count, of: frame, into: &writer)
    guard !writer.overflowed else { return false }
    if isEnd {
      self.fragmented = 0
      self.next &+= 1
    } else {
      self.fragmented = from &+ count
    }
    return true
  }

  private func header(_ unit: Unit, of frame: Span<UInt8>) -> UInt8 {
    unit.isKept ? self.sets.bytes[unit.start] : frame[unit.start]
  }

  private func write(_ unit: Unit, from: Int, count: Int, of frame: Span<UInt8>, into writer: inout SpanWriter) {
    let start = unit.start &+ from
    if unit.isKept {
      writer.write(self.sets.bytes.span.extracting(start..<(start &+ count)))
    } else {
      writer.write(frame.extracting(start..<(start &+ count)))
    }
  }
}

#endif
