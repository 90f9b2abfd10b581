import RTP

/// A frame that its codec's packetizer takes, with its number within.
func makeFrame(_ number: UInt32, _ format: CodecFormat, size: UInt8) -> [UInt8] {
  // Seven bits a byte, the highest set: no start code comes about.
  let digits = (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(7 * $0)) | 0x80 }
  let fill = UInt8(truncatingIfNeeded: number) | 0x80
  let isKey = size & 3 == 0
  switch format {
  case .opus: return [0x78] + digits + [UInt8](repeating: fill, count: Int(size))
  case .pcmu, .pcma: return digits + [UInt8](repeating: fill, count: 156)
  case .vp8:
    let head: [UInt8] = isKey ? [0x10, 0, 0, 0x9D, 1, 0x2A, 0x40, 1, 0xF0, 0] : [0x11, 0, 0]
    return head + digits + [UInt8](repeating: fill, count: Int(size) * 24)
  case .h264:
    let head: [UInt8] =
      isKey
      ? [0, 0, 0, 1, 0x67, 0x42, 0xE0, 0x1F, 0x8C, 0x68, 0, 0, 0, 1, 0x68, 0xCE, 0x3C, 0x80, 0, 0, 0, 1, 0x65, 0x88]
      : [0, 0, 0, 1, 0x41, 0x9A]
    return head + digits + [UInt8](repeating: fill, count: Int(size) * 24)
  case .jpeg: return [0xFF, 0xD8, 0xFF, 0xD9]
  }
}

/// The number of a frame that came; nil where the codec rebuilds its frames. It traps when the rest is not as it was.
func frameNumber(_ frame: ArraySlice<UInt8>, _ format: CodecFormat) -> UInt32? {
  let head: Int
  switch format {
  case .opus: head = 1
  case .pcmu, .pcma: head = 0
  case .vp8: head = frame.first.map { $0 & 1 == 0 } ?? false ? 10 : 3
  case .h264, .jpeg: return nil
  }
  precondition(frame.count >= head + 4, "a frame came short")
  var number: UInt32 = 0
  for i in 0..<4 { number |= UInt32(frame[head + i] & 0x7F) << UInt32(7 * i) }
  let fill = UInt8(truncatingIfNeeded: number) | 0x80
  precondition(frame.dropFirst(head + 4).allSatisfy { $0 == fill }, "a frame came changed")
  switch format {
  case .opus: precondition(frame.count <= 260)
  case .pcmu, .pcma: precondition(frame.count == 160)
  default: precondition((frame.count - head - 4) % 24 == 0, "a frame came in part")
  }
  return number
}
