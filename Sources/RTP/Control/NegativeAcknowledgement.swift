import Bytes

/// Generic NACK (RFC 4585 section 6.2.1), written as its sequence numbers come, in ascending order.
public struct NegativeAcknowledgement: Sendable {
  let start: Int
  var first: UInt16 = 0
  var following: UInt16 = 0
  var isOpen = false

  /// Starts the packet; one without sequence numbers is undone by `finish`.
  public init(sender: UInt32, media: UInt32, into writer: inout SpanWriter) {
    self.start = ControlPacket.begin(
      ControlPacket.Kind.transportFeedback, count: ControlPacket.Format.negativeAcknowledgement, into: &writer)
    writer.write(sender)
    writer.write(media)
  }

  /// False where no more fits.
  public mutating func add(_ sequenceNumber: UInt16, into writer: inout SpanWriter) -> Bool {
    if self.isOpen {
      let distance = sequenceNumber &- self.first
      if distance >= 1, distance <= 16 {
        self.following |= 1 &<< (distance &- 1)
        return true
      }
    }
    // Room for the pair that is open and for the new one.
    guard writer.remaining >= (self.isOpen ? 8 : 4) else { return false }
    self.flush(into: &writer)
    self.first = sequenceNumber
    self.following = 0
    self.isOpen = true
    return true
  }

  /// Ends the packet. False, with nothing written, where it names nothing.
  public mutating func finish(into writer: inout SpanWriter) -> Bool {
    self.flush(into: &writer)
    guard !writer.overflowed, writer.count > self.start &+ 12 else {
      writer.rewind(to: self.start)
      return false
    }
    ControlPacket.end(self.start, into: &writer)
    return true
  }

  private mutating func flush(into writer: inout SpanWriter) {
    guard self.isOpen else { return }
    writer.write(self.first)
    writer.write(self.following)
    self.isOpen = false
  }
}
