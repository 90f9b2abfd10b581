import Bytes

/// What an Opus packet says of itself (RFC 6716 section 3).
@frozen
public struct OpusPacket: Equatable, Sendable {
  @frozen
  public enum Mode: UInt8, Sendable { case silk, hybrid, celt }

  public var mode: Mode
  public var isStereo: Bool
  /// 1 to 48.
  public var frameCount: Int
  /// In samples at 48 kHz, which are RTP timestamp units (RFC 7587 section 4.1): 120 to 5760.
  public var duration: Int
  /// A frame or silence that the encoder, in DTX, describes with no more than its header.
  public var isDiscontinuous: Bool
  /// Redundant data is present from which the packet before, were it lost, can be decoded (LBRR, RFC 6716 section 4.2.4).
  public var hasInbandFEC: Bool

  /// Nil where the packet breaks a requirement of RFC 6716 section 3.4.
  public init?(_ packet: Span<UInt8>) {
    // No more than a UDP datagram holds: lengths and paddings then add up in 32 bits.
    guard packet.count > 0, packet.count <= 0xFFFF else { return nil }
    let toc = packet[0]
    let configuration = Int(toc &>> 3)
    let perFrame: Int
    switch configuration {
    case 0..<12:
      self.mode = .silk
      perFrame = configuration & 3 == 0 ? 480 : 960 &* (configuration & 3)
    case 12..<16:
      self.mode = .hybrid
      perFrame = configuration & 1 == 0 ? 480 : 960
    default:
      self.mode = .celt
      perFrame = 120 &<< (configuration & 3)
    }
    self.isStereo = toc & 4 != 0
    guard let layout = OpusLayout(packet) else { return nil }
    self.frameCount = layout.frameCount
    self.duration = layout.frameCount &* perFrame
    // R5: no more than 120 ms.
    guard self.duration <= 5760 else { return nil }
    self.isDiscontinuous = packet.count <= 2
    self.hasInbandFEC = false
    if self.mode != .celt, layout.firstFrame.count > 0 {
      // 4.2.3: the LBRR flag follows the VAD flags of the frame's SILK frames of 20 ms, for each channel. The first bits of the
      // range coder, being of even odds, appear as they are.
      let silkFrames = UInt8(max(1, perFrame / 960))
      let first = packet[layout.firstFrame.lowerBound]
      self.hasInbandFEC = first &>> (7 &- silkFrames) & 1 != 0
      if self.isStereo, first &>> (6 &- 2 &* silkFrames) & 1 != 0 { self.hasInbandFEC = true }
    }
  }
}

/// How a packet divides into frames (RFC 6716 section 3.2).
private struct OpusLayout {
  var frameCount = 1
  var firstFrame: Range<Int>

  /// R1 to R7 of section 3.4.
  init?(_ packet: Span<UInt8>) {
    let count = packet.count
    switch packet[0] & 3 {
    case 0: self.firstFrame = 1..<count
    case 1:
      guard (count &- 1) & 1 == 0 else { return nil }
      self.frameCount = 2
      self.firstFrame = 1..<(1 &+ (count &- 1) / 2)
    case 2:
      guard let (size, start) = Self.length(packet, at: 1), size <= count &- start else { return nil }
      self.frameCount = 2
      self.firstFrame = start..<(start &+ size)
    default:
      guard count >= 2 else { return nil }
      let flags = packet[1]
      self.frameCount = Int(flags & 0x3F)
      guard self.frameCount > 0 else { return nil }
      var offset = 2
      var end = count
      if flags & 0x40 != 0 {
        guard let padding = Self.padding(packet, &offset) else { return nil }
        guard padding <= count &- offset else { return nil }
        end &-= padding
      }
      if flags & 0x80 == 0 {
        let size = (end &- offset) / self.frameCount
        guard size &* self.frameCount == end &- offset else { return nil }
        self.firstFrame = offset..<(offset &+ size)
      } else {
        var first = 0
        var total = 0
        var i = 1
        while i < self.frameCount {
          guard let (size, next) = Self.length(packet, at: offset), next <= end else { return nil }
          if i == 1 { first = size }
          total &+= size
          offset = next
          i &+= 1
        }
        guard total <= end &- offset else { return nil }
        if self.frameCount == 1 { first = end &- offset }
        self.firstFrame = offset..<(offset &+ first)
      }
    }
    // R2: 1275 bytes a frame at most. The first stands for the others where all are of one size.
    guard self.firstFrame.count <= 1275 else { return nil }
  }

  /// Section 3.2.1.
  private static func length(_ packet: Span<UInt8>, at offset: Int) -> (size: Int, next: Int)? {
    guard offset < packet.count else { return nil }
    let first = Int(packet[offset])
    if first < 252 { return (first, offset &+ 1) }
    guard offset &+ 1 < packet.count else { return nil }
    return (first &+ 4 &* Int(packet[offset &+ 1]), offset &+ 2)
  }

  /// Section 3.2.5: 255 stands for 254 bytes and another length byte.
  private static func padding(_ packet: Span<UInt8>, _ offset: inout Int) -> Int? {
    var total = 0
    while true {
      guard offset < packet.count else { return nil }
      let byte = Int(packet[offset])
      offset &+= 1
      total &+= byte == 255 ? 254 : byte
      if byte != 255 { return total }
    }
  }
}
