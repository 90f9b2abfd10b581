import Bytes
import Time

/// What a frame will become.
@frozen
public struct FrameSummary: Equatable, Sendable {
  public var isKeyFrame: Bool
  /// Upper bounds of what `writeNext` will write.
  public var maximumPackets: Int
  public var maximumBytes: Int

  @inlinable
  public init(isKeyFrame: Bool, maximumPackets: Int, maximumBytes: Int) {
    self.isKeyFrame = isKeyFrame
    self.maximumPackets = maximumPackets
    self.maximumBytes = maximumBytes
  }
}

/// Splits frames into RTP payloads. One per sender, kept across frames.
///
/// `begin` looks at the whole frame and refuses it or not; `writeNext` is then called with the same bytes until it returns false.
public struct Packetizer: Sendable {
  let codec: Codec
  var offset = 0
  var size = 0

  public init(codec: Codec, random: inout SeededRandom) {
    self.codec = codec
  }

  /// Starts a frame, forgetting what was not yet written of the frame before. Payloads will have `maximumPayloadSize` bytes at most.
  public mutating func begin(_ frame: Span<UInt8>, maximumPayloadSize: Int) throws(FrameError) -> FrameSummary {
    guard frame.count > 0 else { throw .empty }
    guard frame.count <= maximumPayloadSize else { throw .tooLarge }
    self.offset = 0
    self.size = frame.count
    return FrameSummary(isKeyFrame: true, maximumPackets: 1, maximumBytes: frame.count)
  }

  /// Writes the next payload of the frame that was given to `begin`; false once none is left.
  public mutating func writeNext(of frame: Span<UInt8>, into writer: inout SpanWriter) -> Bool {
    guard self.offset < self.size, frame.count == self.size else { return false }
    writer.write(frame)
    self.offset = self.size
    return true
  }

  /// Whether the payload just written was the frame's last.
  public var isLast: Bool { self.offset == self.size }

  /// The marker bit of the payload just written.
  public var marker: Bool { self.codec.kind == .video && self.isLast }

  /// Frames of silence were left out: the next one starts a talkspurt, which the marker bit says (RFC 3551 section 4.1).
  public mutating func noteSilence() {}
}
