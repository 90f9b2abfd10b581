/// What an Opus packet's first bytes say (RFC 6716 section 3).
public enum OpusPacket {
  /// How long the packet is, in 48 kHz samples: 120...5,760. nil: not an Opus packet.
  public static func duration(_ packet: Span<UInt8>) -> Int? {
    guard packet.count >= 1 else { return nil }
    let frame = self.frameDuration(packet[0])
    switch packet[0] & 3 {
    case 0: return frame
    case 1, 2: return 2 * frame
    default:
      guard packet.count >= 2 else { return nil }
      let duration = Int(packet[1] & 63) * frame
      return (120...5_760).contains(duration) ? duration : nil
    }
  }

  /// Samples of each frame under this TOC byte.
  static func frameDuration(_ toc: UInt8) -> Int {
    let size = Int(toc >> 3 & 3)
    switch toc >> 3 {
    case 0...11: return size == 3 ? 2_880 : 480 << size  // SILK: 10, 20, 40, 60 ms
    case 12...15: return 480 << (size & 1)  // hybrid: 10, 20 ms
    default: return 120 << size  // CELT: 2.5, 5, 10, 20 ms
    }
  }

  /// The TOC byte of an empty frame, to be concealed by the decoder, of the same kind as one with `toc` but at most
  /// `samples` long (120 or more). SILK and hybrid have none shorter than 10 ms: CELT's shorter ones stand in.
  static func emptyFrame(like toc: UInt8, atMost samples: Int) -> UInt8 {
    let stereo = toc & 4
    let configuration = toc >> 3
    let base: UInt8
    let sizes: [Int]
    switch configuration {
    case 0...11 where samples >= 480: (base, sizes) = (configuration & ~3, [480, 960, 1_920, 2_880])
    case 12...15 where samples >= 480: (base, sizes) = (configuration & ~1, [480, 960])
    default: (base, sizes) = (configuration < 16 ? 28 : configuration & ~3, [120, 240, 480, 960])
    }
    // No longer than 20 ms, so that the decoder's concealment fades as it does over lost packets.
    let choice = sizes.lastIndex { $0 <= min(samples, 960) } ?? 0
    return (base + UInt8(choice)) << 3 | stereo
  }
}
