import RTP

/// Frames that packetizers take for real ones, with a payload's name in them.
enum Frame {
  // Constrained baseline, level 3.1, 640 by 480.
  static let sps: [UInt8] = [0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 0xda, 0x02, 0x80, 0xf6, 0x84, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xf2, 0x3c, 0x60, 0xca, 0x80]
  static let pps: [UInt8] = [0, 0, 0, 1, 0x68, 0xce, 0x3c, 0x80]

  /// What comes before the payload.
  static func head(_ format: CodecFormat, isKeyFrame: Bool) -> [UInt8] {
    switch format {
    case .pcmu, .pcma, .jpeg: []
    // CELT, 20 ms, mono, one frame.
    case .opus: [0xf8]
    case .vp8: isKeyFrame ? [0x10, 1, 1, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01] : [0x11, 1, 1]
    case .h264: isKeyFrame ? self.sps + self.pps + [0, 0, 0, 1, 0x65] : [0, 0, 0, 1, 0x41]
    }
  }

  static func bytes(_ payload: Payload, size: Int, format: CodecFormat, isKeyFrame: Bool) -> [UInt8] {
    var bytes = self.head(format, isKeyFrame: isKeyFrame)
    let start = bytes.count
    let limit = format == .opus ? 1200 : format.kind == .audio ? 1000 : size
    bytes += [UInt8](repeating: 0, count: max(Payload.nameSize, min(size, limit)))
    payload.fill(&bytes, from: start)
    return bytes
  }

  static func name(in bytes: [UInt8], format: CodecFormat) -> Payload? {
    let isKeyFrame =
      switch format {
      case .vp8: (bytes.first ?? 1) & 1 == 0
      case .h264: bytes.count > 4 && bytes[4] == 0x67
      default: true
      }
    return Payload(reading: bytes.dropFirst(self.head(format, isKeyFrame: isKeyFrame).count))
  }
}
