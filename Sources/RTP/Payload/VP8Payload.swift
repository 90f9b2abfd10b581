import Bytes

#if Video

/// Payloads of RFC 7741.
enum VP8Payload {
  static func inspect(_ payload: Span<UInt8>, marker: Bool) -> PayloadFacts? {
    guard let descriptor = VP8Descriptor(payload) else { return nil }
    return PayloadFacts(
      start: descriptor.startsFrame ? .yes : .no, endsFrame: marker,
      // The inverse key frame flag is in the first byte of the frame (RFC 7741 section 4.3).
      isKeyFrame: descriptor.startsFrame && payload[descriptor.size] & 1 == 0,
      assembledSize: payload.count &- descriptor.size)
  }

  /// The uncompressed header of a frame (RFC 6386 section 9.1); nil where it is cut short or lacks a key frame's start code.
  static func facts(of frame: Span<UInt8>) -> FrameFacts? {
    guard frame.count >= 3 else { return nil }
    guard frame[0] & 1 == 0 else { return FrameFacts(isKeyFrame: false) }
    guard frame.count >= 10, frame[3] == 0x9D, frame[4] == 0x01, frame[5] == 0x2A else { return nil }
    // Fourteen bits each, lowest byte first; the two above them ask for scaling.
    let width = UInt16(frame[6]) | UInt16(frame[7] & 0x3F) &<< 8
    let height = UInt16(frame[8]) | UInt16(frame[9] & 0x3F) &<< 8
    return FrameFacts(isKeyFrame: true, width: width, height: height)
  }
}

/// The state of a VP8 frame that is put together.
struct VP8Assembler: Sendable {
  var start = 0
  var isEmpty = true
  var pictureID: UInt16?
  var width: UInt16 = 0
  var height: UInt16 = 0

  mutating func begin() { self.isEmpty = true }

  mutating func append(_ payload: Span<UInt8>, into writer: inout SpanWriter) -> Bool {
    guard let descriptor = VP8Descriptor(payload), descriptor.startsFrame == self.isEmpty else { return false }
    if self.isEmpty {
      self.start = writer.count
      self.pictureID = descriptor.pictureID
    } else if descriptor.pictureID != self.pictureID {
      return false
    }
    self.isEmpty = false
    writer.write(payload.extracting(descriptor.size..<payload.count))
    return !writer.overflowed
  }

  mutating func finish(in writer: borrowing SpanWriter) -> FrameFacts? {
    guard !self.isEmpty, self.start <= writer.count,
      var facts = VP8Payload.facts(of: writer.bytes(in: self.start..<writer.count))
    else { return nil }
    if facts.isKeyFrame {
      self.width = facts.width
      self.height = facts.height
    } else {
      facts.width = self.width
      facts.height = self.height
    }
    return facts
  }
}

/// VP8 frames to payloads, with picture ids of 15 bits: what a receiver needs to tell a lost frame from a lost packet.
struct VP8Packetizer: Sendable {
  static let descriptorSize = 4

  /// Of the frame at hand. The first is random (RFC 7741 section 4.2).
  var pictureID: UInt16
  var offset = 0
  var size = 0
  var limit = 0

  init(firstPictureID: UInt16) { self.pictureID = firstPictureID &- 1 & 0x7FFF }

  var isLast: Bool { self.offset == self.size }

  mutating func begin(_ frame: Span<UInt8>, limit: Int) throws(FrameError) -> FrameSummary {
    self.size = 0
    self.offset = 0
    guard let facts = VP8Payload.facts(of: frame) else { throw .malformed }
    guard limit > Self.descriptorSize else { throw .tooLarge }
    self.size = frame.count
    self.limit = limit
    self.pictureID = self.pictureID &+ 1 & 0x7FFF
    let packets = (frame.count &- 1) / (limit &- Self.descriptorSize) &+ 1
    return FrameSummary(
      isKeyFrame: facts.isKeyFrame, maximumPackets: packets,
      maximumBytes: frame.count &+ packets &* Self.descriptorSize)
  }

  mutating func writeNext(of frame: Span<UInt8>, into writer: inout SpanWriter) -> Bool {
    guard self.offset < self.size else { return false }
    let count = min(self.size &- self.offset, self.limit &- Self.descriptorSize)
    writer.write((self.offset == 0 ? 0x90 : 0x80) as UInt8)
    writer.write(0x80 as UInt8)
    writer.write(0x8000 | self.pictureID)
    writer.write(frame.extracting(self.offset..<(self.offset &+ count)))
    guard !writer.overflowed else { return false }
    self.offset &+= count
    return true
  }
}

#endif
