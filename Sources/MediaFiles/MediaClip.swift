import RTP

/// A file of one audio or video stream, held in memory and cut into the frames that a peer sends.
///
/// Each format has an initialiser of its own; `init(_:framesPerSecond:)` goes by the file's first bytes. All of them look
/// at every length before they use it, so that any bytes either give a clip or throw.
public struct MediaClip: Sendable {
  /// One frame: an H264 access unit in Annex B, a whole JPEG, a VP8 frame, an Opus packet, or 20 ms of G.711.
  public struct Frame: Equatable, Sendable {
    /// Where its bytes are in `MediaClip.bytes`.
    public var range: Range<Int>
    /// From the clip's begin, in `CodecFormat.clockRate` units; never decreases.
    public var timestamp: Int64
    /// Until the next frame, in the same units.
    public var duration: Int64
    /// Whether decoding can begin here. Always so for audio and JPEG.
    public var isKeyFrame: Bool
  }

  public let format: CodecFormat
  /// Of audio: 1 or 2; of video: 0.
  public let channels: Int
  /// The frames' bytes, all in one array: those of the file, except for Ogg, whose packets need not be contiguous there.
  public let bytes: [UInt8]
  /// At least one.
  public let frames: [Frame]

  /// The whole clip, in clock-rate units: where its second round begins when it is played in a loop.
  public var duration: Int64 { self.frames.last.map { $0.timestamp + $0.duration } ?? 0 }

  init(format: CodecFormat, channels: Int = 0, bytes: [UInt8], frames: [Frame]) throws(MediaFileError) {
    guard !frames.isEmpty else { throw .truncated }
    self.format = format
    self.channels = channels
    self.bytes = bytes
    self.frames = frames
  }

  /// Whatever kind of file it is.
  /// - Parameter framesPerSecond: of H264 and MJPEG, 1...240; nil: what an H264 stream says of itself, or 30.
  /// - Throws: `.notRecognized` where it is none of them; otherwise as the initialiser of its format.
  public init(_ bytes: [UInt8], framesPerSecond: Int? = nil) throws(MediaFileError) {
    switch bytes.prefix(4) {
    case let magic where magic.elementsEqual("DKIF".utf8): try self.init(ivf: bytes)
    case let magic where magic.elementsEqual("OggS".utf8): try self.init(oggOpus: bytes)
    case let magic where magic.elementsEqual("RIFF".utf8): try self.init(wav: bytes)
    case let magic where magic.starts(with: [0xFF, 0xD8, 0xFF]):
      try self.init(motionJPEG: bytes, framesPerSecond: framesPerSecond)
    case let magic where magic.starts(with: [0, 0, 1]) || magic.elementsEqual([0, 0, 0, 1]):
      try self.init(annexB: bytes, framesPerSecond: framesPerSecond)
    default: throw .notRecognized
    }
  }

  /// The bytes of the frame at `index`, which must be one of `frames.indices`.
  @_lifetime(borrow self)
  public func frame(at index: Int) -> Span<UInt8> { self.bytes.span.extracting(self.frames[index].range) }

  /// The first key frame at or behind `index`, going on from the beginning after the end: what a source jumps to when the
  /// other side asks for a key frame. nil: there is none.
  public func keyFrame(from index: Int) -> Int? {
    for i in 0..<self.frames.count {
      let candidate = (index % self.frames.count + i) % self.frames.count
      if self.frames[candidate].isKeyFrame { return candidate }
    }
    return nil
  }
}

/// Timestamps of frames at a constant rate, without drift.
struct ConstantRate {
  private let numerator: Int64
  /// Ticks of the clock for `numerator` frames.
  private let ticks: Int64

  /// - Parameter said: what the file itself says, which counts where the caller says nothing; 30 where neither does.
  init(
    _ framesPerSecond: Int?, said: (numerator: Int64, denominator: Int64)? = nil, of format: CodecFormat
  ) throws(MediaFileError) {
    guard (1...240).contains(framesPerSecond ?? 1) else { throw .unsupported }
    let rate = framesPerSecond.map { (numerator: Int64($0), denominator: 1) } ?? said ?? (30, 1)
    self.numerator = rate.numerator
    self.ticks = Int64(format.clockRate) * rate.denominator
  }

  func frame(_ range: Range<Int>, number: Int, isKeyFrame: Bool) -> MediaClip.Frame {
    let (start, end) = (self.time(of: number), self.time(of: number + 1))
    return MediaClip.Frame(range: range, timestamp: start, duration: end - start, isKeyFrame: isKeyFrame)
  }

  private func time(of number: Int) -> Int64 {
    let product = Int64(number).multipliedFullWidth(by: self.ticks)
    return self.numerator.dividingFullWidth(product).quotient
  }
}
