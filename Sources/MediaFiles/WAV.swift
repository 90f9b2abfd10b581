import RTP

extension MediaClip {
  /// G.711 in a RIFF WAVE file, 8 kHz and one channel, in frames of 20 ms; the last may be shorter.
  /// - Throws: `.notRecognized`, `.truncated`, `.unsupported` for other audio, `.malformed` without a format.
  public init(wav bytes: [UInt8]) throws(MediaFileError) {
    guard bytes.hasBytes("RIFF", at: 0), bytes.hasBytes("WAVE", at: 8) else { throw .notRecognized }
    var format: CodecFormat?
    var offset = 12
    while true {
      guard let length = bytes.littleEndian(UInt32.self, at: offset + 4) else { throw .truncated }
      let start = offset + 8
      let left = bytes.count - start
      if bytes.hasBytes("data", at: offset) {
        guard let format else { throw .malformed }
        // A recorder that never finished leaves the greatest length, and so does one that writes into a pipe.
        guard length == .max || length <= left else { throw .truncated }
        let end = length == .max ? bytes.count : start + Int(length)
        try self.init(format: format, channels: 1, bytes: bytes, frames: Self.slices(start..<end))
        return
      }
      guard length <= left else { throw .truncated }
      if bytes.hasBytes("fmt ", at: offset) {
        guard length >= 16 else { throw .malformed }
        format = try Self.waveFormat(bytes, at: start, length: Int(length))
      }
      offset = start + Int(length) + Int(length & 1)
    }
  }

  private static func waveFormat(_ bytes: [UInt8], at start: Int, length: Int) throws(MediaFileError) -> CodecFormat {
    // WAVE_FORMAT_EXTENSIBLE has the tag at the front of its GUID.
    let isExtensible = bytes.littleEndian(UInt16.self, at: start) == 0xFFFE && length >= 40
    let format: CodecFormat
    switch bytes.littleEndian(UInt16.self, at: start + (isExtensible ? 24 : 0)) {
    case 6: format = .pcma
    case 7: format = .pcmu
    default: throw .unsupported
    }
    guard bytes.littleEndian(UInt16.self, at: start + 2) == 1, bytes.littleEndian(UInt32.self, at: start + 4) == 8_000,
      bytes.littleEndian(UInt16.self, at: start + 14) == 8
    else { throw .unsupported }
    return format
  }

  private static func slices(_ data: Range<Int>) -> [Frame] {
    stride(from: data.lowerBound, to: data.upperBound, by: 160).map { start in
      let end = min(start + 160, data.upperBound)
      return Frame(
        range: start..<end, timestamp: Int64(start - data.lowerBound), duration: Int64(end - start), isKeyFrame: true)
    }
  }
}

/// Writes G.711 into a RIFF WAVE file; gaps become silence.
public struct WAVWriter {
  private static let headerSize = 58
  private var output: MediaOutput
  private let format: CodecFormat
  private let maximumGap: Int64
  private var first: Int64?
  /// Samples in the file.
  public private(set) var sampleCount: Int64 = 0

  /// - Parameters:
  ///   - format: `.pcma` or `.pcmu`.
  ///   - maximumGap: the longest silence that is filled in, in samples; a longer one is cut to this.
  /// - Throws: `.unsupported` for another format.
  public init(_ format: CodecFormat, maximumGap: Int64 = 8_000 * 600, to sink: @escaping MediaSink) throws(MediaFileError) {
    guard format == .pcma || format == .pcmu else { throw .unsupported }
    self.output = MediaOutput(sink)
    self.format = format
    self.maximumGap = max(0, maximumGap)
    try self.output.append(self.header(riff: .max, samples: .max))
  }

  /// Appends samples.
  /// - Parameter timestamp: of the first sample, in samples, unwrapped. What lies before the end of the file is left out.
  /// - Throws: `.tooLarge` where the file would pass 4 GB.
  public mutating func append(_ samples: Span<UInt8>, timestamp: Int64) throws(MediaFileError) {
    let first = self.first ?? timestamp
    let (position, overflow) = timestamp.subtractingReportingOverflow(first)
    guard !overflow else { return }
    self.first = first
    var gap = position - self.sampleCount
    let late = Int(clamping: max(0, -gap))
    guard late < samples.count else { return }
    gap = max(0, gap)
    if gap > self.maximumGap {
      // Later timestamps follow suit.
      self.first = first + (gap - self.maximumGap)
      gap = self.maximumGap
    }
    let added = gap + Int64(samples.count - late)
    guard self.sampleCount + added < Int64(UInt32.max) - Int64(Self.headerSize) else { throw .tooLarge }
    // Silence: the codes of the smallest positive value (ITU-T G.711).
    let silence = [UInt8](repeating: self.format == .pcma ? 0xD5 : 0xFF, count: Int(min(gap, 8_000)))
    var left = Int(gap)
    while left > 0 {
      let count = min(left, silence.count)
      try self.output.append(silence.span.extracting(0..<count))
      left -= count
    }
    try self.output.append(samples.extracting(late..<samples.count))
    self.sampleCount += added
  }

  /// Puts the lengths into the header, and a byte behind an odd number of samples.
  public mutating func finish() throws(MediaFileError) {
    let samples = UInt32(self.sampleCount)
    if samples & 1 == 1 { try self.output.append([0]) }
    try self.output.overwrite(
      self.header(riff: UInt32(Self.headerSize - 8) + samples + (samples & 1), samples: samples), at: 0)
  }

  private func header(riff: UInt32, samples: UInt32) -> [UInt8] {
    var header = [UInt8]("RIFF".utf8)
    header.appendLittleEndian(riff)
    header += "WAVEfmt ".utf8
    header.appendLittleEndian(UInt32(18))
    header.appendLittleEndian(UInt16(self.format == .pcma ? 6 : 7))
    header.appendLittleEndian(UInt16(1))
    header.appendLittleEndian(UInt32(8_000))
    header.appendLittleEndian(UInt32(8_000))
    header.appendLittleEndian(UInt16(1))
    header.appendLittleEndian(UInt16(8))
    header.appendLittleEndian(UInt16(0))
    // Formats other than linear PCM need the number of samples as well.
    header += "fact".utf8
    header.appendLittleEndian(UInt32(4))
    header.appendLittleEndian(samples)
    header += "data".utf8
    header.appendLittleEndian(samples)
    return header
  }
}
