import Bytes

extension ExtensionValues {
  /// Reads the extension block in `start..<end` of the packet, in its one-byte form (RFC 8285 section 4.2) or its two-byte form
  /// (section 4.3); other profiles are passed over. An element that reaches past the block ends the reading: what came before
  /// it counts.
  mutating func read(
    _ packet: Span<UInt8>, from start: Int, to end: Int, profile: UInt16, map: HeaderExtensionMap
  ) {
    let isOneByte = profile == 0xBEDE
    guard isOneByte || profile & 0xFFF0 == 0x1000 else { return }
    var offset = start
    while offset < end {
      let first = packet[offset]
      offset &+= 1
      // Padding between elements is a zero byte in both forms.
      guard first != 0 else { continue }
      let id: UInt8
      let count: Int
      if isOneByte {
        id = first &>> 4
        // RFC 8285 section 4.2: id 15 ends the reading, and so does id 0 with a length.
        guard id != 15, id != 0 else { return }
        count = Int(first & 0x0F) &+ 1
      } else {
        guard offset < end else { return }
        id = first
        count = Int(packet[offset])
        offset &+= 1
      }
      guard end &- offset >= count else { return }
      self.take(id, packet, at: offset, count: count, map: map)
      offset &+= count
    }
  }

  private mutating func take(_ id: UInt8, _ packet: Span<UInt8>, at offset: Int, count: Int, map: HeaderExtensionMap) {
    switch id {
    case map.transportSequence:
      // The second version adds 2 bytes that ask for feedback.
      guard count == 2 || count == 4 else { return }
      self.transportSequence = UInt16(packet[offset]) &<< 8 | UInt16(packet[offset &+ 1])
    case map.absoluteSendTime:
      guard count == 3 else { return }
      self.absoluteSendTime =
        UInt32(packet[offset]) &<< 16 | UInt32(packet[offset &+ 1]) &<< 8 | UInt32(packet[offset &+ 2])
    case map.mid: self.mid = ByteField(offset: UInt16(truncatingIfNeeded: offset), count: UInt8(truncatingIfNeeded: count))
    case map.rid: self.rid = ByteField(offset: UInt16(truncatingIfNeeded: offset), count: UInt8(truncatingIfNeeded: count))
    case map.repairedRID:
      self.repairedRID = ByteField(offset: UInt16(truncatingIfNeeded: offset), count: UInt8(truncatingIfNeeded: count))
    case map.audioLevel:
      // RFC 6464 section 3: one byte of payload; the two-byte form may pad it.
      guard count >= 1 else { return }
      self.audioLevel = packet[offset] & 0x7F
      self.hasVoice = packet[offset] & 0x80 != 0
    case map.absoluteCaptureTime:
      guard count == 8 || count == 16 else { return }
      self.absoluteCaptureTime = load64(packet, at: offset)
      if count == 16 { self.captureClockOffset = Int64(bitPattern: load64(packet, at: offset &+ 8)) }
    default: return
    }
  }
}
