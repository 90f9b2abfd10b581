import RTP

extension MediaClip {
  /// VP8 in an IVF file.
  /// - Throws: `.notRecognized`, `.truncated`, `.unsupported` for another codec, `.malformed` for a time base or times that
  ///   cannot be.
  public init(ivf bytes: [UInt8]) throws(MediaFileError) {
    guard bytes.hasBytes("DKIF", at: 0) else { throw .notRecognized }
    guard let headerSize = bytes.littleEndian(UInt16.self, at: 6), let rate = bytes.littleEndian(UInt32.self, at: 16),
      let scale = bytes.littleEndian(UInt32.self, at: 20), bytes.count >= 32
    else { throw .truncated }
    guard bytes.hasBytes("VP80", at: 8) else { throw .unsupported }
    guard headerSize >= 32, rate > 0, scale > 0 else { throw .malformed }

    var frames: [Frame] = []
    var offset = Int(headerSize)
    var first: UInt64?
    guard offset <= bytes.count else { throw .truncated }
    while offset < bytes.count {
      guard let size = bytes.littleEndian(UInt32.self, at: offset), let time = bytes.littleEndian(UInt64.self, at: offset + 4),
        Int(size) <= bytes.count - offset - 12
      else { throw .truncated }
      let begin = first ?? time
      first = begin
      guard time >= begin, let timestamp = ticks(time - begin, rate: rate, scale: scale),
        timestamp >= frames.last?.timestamp ?? 0
      else { throw .malformed }
      let start = offset + 12
      if let last = frames.indices.last { frames[last].duration = timestamp - frames[last].timestamp }
      // The last frame lasts as long as the one before; a single one, for a tick of the time base.
      let duration = frames.last?.duration ?? ticks(1, rate: rate, scale: scale) ?? 0
      let isKeyFrame = size > 0 && bytes[start] & 1 == 0
      frames.append(
        Frame(range: start..<(start + Int(size)), timestamp: timestamp, duration: duration, isKeyFrame: isKeyFrame))
      offset = start + Int(size)
    }
    try self.init(format: .vp8, bytes: bytes, frames: frames)
  }
}

/// From the file's time base to 90 kHz; nil where that is beyond centuries.
private func ticks(_ time: UInt64, rate: UInt32, scale: UInt32) -> Int64? {
  let units = (UInt64(scale) * 90_000).multipliedFullWidth(by: time)
  guard units.high < UInt64(rate) else { return nil }
  return Int64(exactly: UInt64(rate).dividingFullWidth(units).quotient)
}

/// Writes VP8 into an IVF file with a time base of 90 kHz, from the first key frame on.
public struct IVFWriter {
  private var output: MediaOutput
  private var first: Int64 = 0
  private var latest: Int64 = -1
  public private(set) var frameCount = 0

  public init(to sink: @escaping MediaSink) { self.output = MediaOutput(sink) }

  /// Appends a VP8 frame. The first key frame gives the picture's size; nothing is written before it.
  /// - Parameter timestamp: in 90 kHz units, unwrapped; a frame whose time is not behind the latest one's is put one unit
  ///   behind it.
  /// - Returns: whether it was written.
  /// - Throws: `.malformed` where the first key frame is none of VP8's.
  @discardableResult
  public mutating func append(_ frame: Span<UInt8>, timestamp: Int64) throws(MediaFileError) -> Bool {
    if self.frameCount == 0 {
      // RFC 6386 section 9.1: a clear low bit says key frame.
      guard frame.count > 0, frame[0] & 1 == 0 else { return false }
      guard frame.count >= 10, frame[3] == 0x9D, frame[4] == 0x01, frame[5] == 0x2A else { throw .malformed }
      let width = (UInt16(frame[6]) | UInt16(frame[7]) << 8) & 0x3FFF
      let height = (UInt16(frame[8]) | UInt16(frame[9]) << 8) & 0x3FFF
      self.first = timestamp
      try self.output.append(Self.header(width: width, height: height))
    }
    let (elapsed, overflow) = timestamp.subtractingReportingOverflow(self.first)
    // Held far from the end of the numbers, where there would be no "one unit behind".
    self.latest = max(overflow ? 0 : min(elapsed, 1 << 62), self.latest + 1)
    var header: [UInt8] = []
    header.appendLittleEndian(UInt32(clamping: frame.count))
    header.appendLittleEndian(UInt64(self.latest))
    try self.output.append(header)
    try self.output.append(frame)
    self.frameCount += 1
    return true
  }

  /// Puts the length into the header: as ffmpeg writes and reads it, in units of the time base, the last frame taken for as
  /// long as the mean. Without this the file plays as well.
  public mutating func finish() throws(MediaFileError) {
    guard self.frameCount > 0 else { return }
    let mean = self.frameCount > 1 ? self.latest / Int64(self.frameCount - 1) : 1
    var length: [UInt8] = []
    length.appendLittleEndian(UInt32(clamping: UInt64(self.latest) + UInt64(mean)))
    try self.output.overwrite(length, at: 24)
  }

  private static func header(width: UInt16, height: UInt16) -> [UInt8] {
    var header = [UInt8]("DKIF".utf8)
    header.appendLittleEndian(UInt16(0))
    header.appendLittleEndian(UInt16(32))
    header += "VP80".utf8
    header.appendLittleEndian(width)
    header.appendLittleEndian(height)
    header.appendLittleEndian(UInt32(90_000))
    header.appendLittleEndian(UInt32(1))
    header.appendLittleEndian(UInt64(0))
    return header
  }
}
