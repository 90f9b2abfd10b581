import RTP

extension MediaClip {
  /// An H264 byte stream (ITU-T H.264 annex B), one frame an access unit, at a constant rate.
  ///
  /// Access units are found as H.264 section 7.4.1.2.3 says, for streams in which the first slice of a picture holds its
  /// first macroblock: every stream without arbitrary slice order.
  /// - Parameter framesPerSecond: 1...240; nil: what the first sequence parameter set says, or 30.
  /// - Throws: `.notRecognized` without a start code at the beginning, `.truncated` without a picture, `.unsupported` for
  ///   a rate out of 1...240.
  public init(annexB bytes: [UInt8], framesPerSecond: Int? = nil) throws(MediaFileError) {
    let rate = try ConstantRate(framesPerSecond, said: H264Timing.frameRate(bytes), of: .h264)
    var frames: [Frame] = []
    var start = 0
    var unit = AccessUnit()
    var position = nextStartCode(bytes, from: 0)
    guard let first = position, bytes[..<first.lowerBound].allSatisfy({ $0 == 0 }) else { throw .notRecognized }
    while let code = position {
      if unit.ends(before: code.upperBound, in: bytes) {
        frames.append(rate.frame(start..<code.lowerBound, number: frames.count, isKeyFrame: unit.isKeyFrame))
        start = code.lowerBound
        unit = AccessUnit()
      }
      unit.take(code.upperBound, in: bytes)
      position = nextStartCode(bytes, from: code.upperBound)
    }
    if unit.hasSlice { frames.append(rate.frame(start..<bytes.count, number: frames.count, isKeyFrame: unit.isKeyFrame)) }
    try self.init(format: .h264, bytes: bytes, frames: frames)
  }
}

/// The next start code: 00 00 01 and the zero before it, if any.
func nextStartCode(_ bytes: [UInt8], from offset: Int) -> Range<Int>? {
  var i = offset
  while i + 2 < bytes.count {
    if bytes[i + 2] > 1 {
      i += 3
    } else if bytes[i] == 0 && bytes[i + 1] == 0 && bytes[i + 2] == 1 {
      return (i > offset && bytes[i - 1] == 0 ? i - 1 : i)..<(i + 3)
    } else {
      i += 1
    }
  }
  return nil
}

/// The access unit that is being put together.
private struct AccessUnit {
  var hasSlice = false
  var isKeyFrame = false

  private static func type(_ offset: Int, _ bytes: [UInt8]) -> UInt8 { offset < bytes.count ? bytes[offset] & 31 : 0 }

  /// Whether the NAL unit at `offset` belongs to the next one.
  func ends(before offset: Int, in bytes: [UInt8]) -> Bool {
    guard self.hasSlice else { return false }
    switch Self.type(offset, bytes) {
    // first_mb_in_slice is 0: the Exp-Golomb code of a single 1 bit.
    case 1, 2, 5: return offset + 1 < bytes.count && bytes[offset + 1] & 0x80 != 0
    // SEI, parameter sets, delimiter, and what H.264 reserves for the front of an access unit.
    case 6, 7, 8, 9, 14...18: return true
    default: return false
    }
  }

  mutating func take(_ offset: Int, in bytes: [UInt8]) {
    switch Self.type(offset, bytes) {
    case 1, 2: self.hasSlice = true
    case 5:
      self.hasSlice = true
      self.isKeyFrame = true
    default: break
    }
  }
}

/// Writes an H264 byte stream (annex B) from the first key frame on.
public struct AnnexBWriter {
  private var output: MediaOutput
  public private(set) var frameCount = 0

  public init(to sink: @escaping MediaSink) { self.output = MediaOutput(sink) }

  /// Appends an access unit that comes with its start codes. Nothing is written before the first key frame, for no decoder
  /// could show it.
  /// - Returns: whether it was written.
  @discardableResult
  public mutating func append(_ accessUnit: Span<UInt8>, isKeyFrame: Bool) throws(MediaFileError) -> Bool {
    guard isKeyFrame || self.frameCount > 0 else { return false }
    try self.output.append(accessUnit)
    self.frameCount += 1
    return true
  }
}
