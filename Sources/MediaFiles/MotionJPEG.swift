import RTP

extension MediaClip {
  /// JPEG files one behind the other, at a constant rate. Zeros and fill bytes between them are passed over.
  /// - Parameter framesPerSecond: 1...240; nil: 30.
  /// - Throws: `.notRecognized` without a JPEG at the beginning, `.truncated`, `.malformed`, `.unsupported` for a rate out of
  ///   1...240.
  public init(motionJPEG bytes: [UInt8], framesPerSecond: Int? = nil) throws(MediaFileError) {
    let rate = try ConstantRate(framesPerSecond, of: .jpeg)
    guard bytes.starts(with: [0xFF, 0xD8]) else { throw .notRecognized }
    var frames: [Frame] = []
    var start = 0
    while start < bytes.count {
      let end = try endOfJPEG(bytes, from: start)
      frames.append(rate.frame(start..<end, number: frames.count, isKeyFrame: true))
      start = end
      while start < bytes.count, bytes[start] == 0 || bytes[start] == 0xFF && start + 1 < bytes.count && bytes[start + 1] != 0xD8
      {
        start += 1
      }
    }
    try self.init(format: .jpeg, bytes: bytes, frames: frames)
  }
}

/// Walks the marker segments of a JPEG (ITU-T T.81 annex B) to behind its EOI.
private func endOfJPEG(_ bytes: [UInt8], from start: Int) throws(MediaFileError) -> Int {
  guard start + 2 <= bytes.count else { throw .truncated }
  guard bytes[start] == 0xFF, bytes[start + 1] == 0xD8 else { throw .malformed }
  var i = start + 2
  var hasScan = false
  while true {
    guard i + 2 <= bytes.count else { throw .truncated }
    guard bytes[i] == 0xFF else { throw .malformed }
    switch bytes[i + 1] {
    case 0xFF: i += 1  // fill
    case 0xD9:
      guard hasScan else { throw .malformed }
      return i + 2
    case 0x01, 0xD0...0xD7: i += 2
    case 0x00, 0xD8: throw .malformed
    case let marker:
      guard i + 4 <= bytes.count else { throw .truncated }
      let length = Int(bytes[i + 2]) << 8 | Int(bytes[i + 3])
      guard length >= 2 else { throw .malformed }
      guard length <= bytes.count - i - 2 else { throw .truncated }
      i += 2 + length
      if marker == 0xDA {
        hasScan = true
        i = endOfScan(bytes, from: i)
      }
    }
  }
}

/// Entropy-coded data goes up to a marker that is neither a stuffed 0xFF nor a restart.
private func endOfScan(_ bytes: [UInt8], from start: Int) -> Int {
  var i = start
  while i + 1 < bytes.count {
    if bytes[i] == 0xFF {
      switch bytes[i + 1] {
      case 0x00, 0xD0...0xD7: i += 2
      case 0xFF: i += 1
      default: return i
      }
    } else {
      i += 1
    }
  }
  return bytes.count
}
