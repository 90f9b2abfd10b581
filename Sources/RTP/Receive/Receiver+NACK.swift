import Bytes
import Time

/// Asking for missing packets (RFC 4585 section 6.2.1).
extension Receiver {
  /// Requests that are due within this time go along with those that are due.
  static var requestGrain: Interval { .milliseconds(5) }

  /// Whether packets are to be asked for.
  public var owesNACK: Bool { self.owesRequests }

  /// Writes a NACK (RFC 4585 section 6.2.1), a whole RTCP packet, with as many of the packets that are due as there is room for.
  /// False: nothing was due, or there is no room.
  public mutating func writeNACK(into writer: inout SpanWriter, senderSSRC: UInt32) -> Bool {
    guard self.owesNACK, writer.remaining >= 16 else { return false }
    let start = writer.count
    writer.write(UInt8(0x81))
    writer.write(UInt8(205))
    writer.write(UInt16(0))
    writer.write(senderSSRC)
    writer.write(self.ssrc)
    self.owesRequests = false
    let horizon = self.now + Self.requestGrain
    var earliest = Instant.distantFuture
    var words: UInt16 = 2
    var packetID: UInt16 = 0
    var mask: UInt16 = 0
    var index = self.scan
    while index < self.window.end {
      if self.window[index].kind == .missing {
        if self.window[index].nextRequest <= horizon {
          let sequence = UInt16(truncatingIfNeeded: index) &+ self.sequenceShift
          let distance = sequence &- packetID
          if words > 2, distance >= 1, distance <= 16 {
            mask |= 1 &<< (distance &- 1)
            writer.patch(mask, at: writer.count &- 2)
          } else if writer.remaining >= 4 {
            packetID = sequence
            mask = 0
            words &+= 1
            writer.write(packetID)
            writer.write(mask)
          } else {
            self.owesRequests = true
            break
          }
          self.noteRequest(at: index)
        }
        earliest = min(earliest, self.window[index].nextRequest)
      }
      index &+= 1
    }
    self.timers.cancel(.nack)
    if earliest != .distantFuture, !self.owesRequests {
      self.timers.set(.nack, at: max(earliest, self.now + Self.requestGrain))
    }
    guard words > 2 else {
      writer.rewind(to: start)
      return false
    }
    writer.patch(words, at: start &+ 2)
    self.counters.nackCount &+= 1
    return true
  }

  private mutating func noteRequest(at index: Int64) {
    let count = self.window[index].requests &+ 1
    self.window[index].requests = count
    self.counters.packetsAskedFor &+= 1
    self.window[index].nextRequest =
      count < self.configuration.maximumNACKs ? self.now + self.requestInterval : .distantFuture
  }

  /// Half a round trip: a request may be lost as well as its answer, and to know would take a whole one. A sender ignores
  /// requests for what it repeated within a round trip. 100 ms while nothing is known.
  @inline(__always) private var requestInterval: Interval {
    if let interval = self.configuration.nackInterval { return interval }
    guard let roundTrip = self.roundTrip else { return .milliseconds(100) }
    return min(max(roundTrip / 2, .milliseconds(10)), .seconds(1))
  }

  /// A missing packet came, or was given up.
  mutating func noteNoLongerMissing() {
    self.missingCount &-= 1
    if self.missingCount == 0 {
      self.owesRequests = false
      self.timers.cancel(.nack)
    }
  }

  mutating func scheduleRequests(at deadline: Instant) {
    if let earlier = self.timers.deadline(of: .nack), earlier <= deadline { return }
    self.timers.set(.nack, at: deadline)
  }
}
