import Bytes
import Time

/// When the packets with transport-wide sequence numbers came, until it has been reported (draft-holmer-rmcat-transport-wide-cc-
/// extensions-01 section 3).
struct ArrivalLog: Sendable {
  static let capacity: UInt64 = 1024
  /// Arrivals in units of 250 µs, plus 1; 0: has not come. Empty before the first.
  private var ticks: [UInt64] = []
  /// Scratch for one report, kept so that a report allocates nothing.
  private var symbols: [UInt8] = []
  /// The first that the next report is about, and the highest that came. Unwrapped, far from zero.
  private var base: UInt64 = 0
  private var highest: UInt64 = 0
  private var reports: UInt8 = 0

  /// Something has come since the last report.
  var isDue: Bool { !self.ticks.isEmpty && self.base <= self.highest }

  mutating func note(_ sequenceNumber: UInt16, at now: Instant) {
    let tick = now.nanoseconds / 250_000 &+ 1
    if self.ticks.isEmpty {
      self.ticks = [UInt64](repeating: 0, count: Int(Self.capacity))
      self.symbols = [UInt8](repeating: 0, count: Int(Self.capacity))
      self.restart(at: sequenceNumber, tick: tick)
      return
    }
    let distance = Int16(bitPattern: sequenceNumber &- UInt16(truncatingIfNeeded: self.highest))
    let sequence = UInt64(truncatingIfNeeded: Int64(truncatingIfNeeded: self.highest) &+ Int64(distance))
    if distance > 0 {
      guard UInt64(distance) < Self.capacity else { return self.restart(at: sequenceNumber, tick: tick) }
      var gap = self.highest &+ 1
      while gap < sequence {
        self.ticks[Int(gap % Self.capacity)] = 0
        gap &+= 1
      }
      self.ticks[Int(sequence % Self.capacity)] = tick
      self.highest = sequence
      if self.highest &- self.base >= Self.capacity { self.base = self.highest &- Self.capacity &+ 1 }
    } else {
      // No straggler is this late: the sender counts anew.
      guard self.highest &- sequence < Self.capacity else { return self.restart(at: sequenceNumber, tick: tick) }
      // A straggler is reported although its loss was: the report begins with it again.
      guard self.ticks[Int(sequence % Self.capacity)] == 0 else { return }
      self.ticks[Int(sequence % Self.capacity)] = tick
      self.base = min(self.base, sequence)
    }
  }

  private mutating func restart(at sequenceNumber: UInt16, tick: UInt64) {
    let sequence = 1 &<< 32 | UInt64(sequenceNumber)
    for i in self.ticks.indices { self.ticks[i] = 0 }
    self.ticks[Int(sequence % Self.capacity)] = tick
    self.base = sequence
    self.highest = sequence
  }

  /// Writes one report, a whole RTCP packet, of as much as there is room for. False: nothing is due, or there is no room.
  mutating func write(sender: UInt32, media: UInt32, into writer: inout SpanWriter) -> Bool {
    guard self.isDue else { return false }
    guard let (count, reference) = self.fill(room: writer.remaining) else { return false }
    let start = ControlPacket.begin(
      ControlPacket.Kind.transportFeedback, count: ControlPacket.Format.transportWide, into: &writer)
    writer.write(sender)
    writer.write(media)
    writer.write(UInt16(truncatingIfNeeded: self.base))
    writer.write(UInt16(truncatingIfNeeded: count))
    writer.write24(UInt32(truncatingIfNeeded: reference) & 0xFF_FFFF)
    writer.write(self.reports)
    self.writeChunks(count, into: &writer)
    self.writeDeltas(count, reference: reference, into: &writer)
    writer.writeZeros((4 &- (writer.count &- start) % 4) % 4)
    ControlPacket.end(start, into: &writer)
    guard !writer.overflowed else {
      writer.rewind(to: start)
      return false
    }
    self.reports &+= 1
    self.base &+= UInt64(count)
    return true
  }

  /// Decides how many packets the report is about, and their symbols. The reference time is that of the first that came.
  private mutating func fill(room: Int) -> (count: Int, reference: UInt64)? {
    var reference: UInt64?
    var previous: UInt64 = 0
    var deltas = 0
    var count = 0
    while self.base &+ UInt64(count) <= self.highest {
      let tick = self.ticks[Int((self.base &+ UInt64(count)) % Self.capacity)]
      var symbol: UInt8 = 0
      var size = 0
      if tick != 0 {
        if reference == nil {
          reference = (tick &- 1) / 256
          previous = (tick &- 1) / 256 &* 256 &+ 1
        }
        let delta = Int64(truncatingIfNeeded: tick &- previous)
        guard delta >= Int64(Int16.min), delta <= Int64(Int16.max) else { break }
        symbol = delta >= 0 && delta <= 255 ? 1 : 2
        size = Int(symbol)
      }
      // Two bytes of chunk for seven packets at worst, and up to three of padding.
      guard 20 &+ (count / 7 &+ 1) &* 2 &+ deltas &+ size &+ 3 <= room else { break }
      if tick != 0 { previous = tick }
      deltas &+= size
      self.symbols[count] = symbol
      count &+= 1
    }
    guard let reference else {
      // No room for so many losses in a row: they stay unsaid, and the report after this one begins behind them.
      self.base &+= UInt64(count)
      return nil
    }
    return count > 0 ? (count, reference) : nil
  }

  private func writeChunks(_ count: Int, into writer: inout SpanWriter) {
    var i = 0
    while i < count {
      let symbol = self.symbols[i]
      var run = 1
      while i &+ run < count, self.symbols[i &+ run] == symbol { run &+= 1 }
      if run >= 7 || i &+ run == count {
        writer.write(UInt16(symbol) &<< 13 | UInt16(truncatingIfNeeded: run))
        i &+= run
        continue
      }
      var small = 0
      while small < 14, i &+ small < count, self.symbols[i &+ small] < 2 { small &+= 1 }
      let fitsOneBit = small == 14 || (i &+ small == count && small > 7)
      let size = min(fitsOneBit ? 14 : 7, count &- i)
      var chunk: UInt16 = fitsOneBit ? 0x8000 : 0xC000
      for k in 0..<size {
        let bits = UInt16(self.symbols[i &+ k])
        chunk |= fitsOneBit ? bits &<< UInt16(13 &- k) : bits &<< UInt16(12 &- 2 &* k)
      }
      writer.write(chunk)
      i &+= size
    }
  }

  private func writeDeltas(_ count: Int, reference: UInt64, into writer: inout SpanWriter) {
    var previous = reference &* 256 &+ 1
    for i in 0..<count where self.symbols[i] != 0 {
      let tick = self.ticks[Int((self.base &+ UInt64(i)) % Self.capacity)]
      let delta = tick &- previous
      if self.symbols[i] == 1 {
        writer.write(UInt8(truncatingIfNeeded: delta))
      } else {
        writer.write(UInt16(truncatingIfNeeded: delta))
      }
      previous = tick
    }
  }
}
