import Bytes

/// Puts the payloads of a frame together again: given in order, none missing, each one that `PayloadFormat.inspect` took.
///
/// One per stream, kept across frames. Frames come out as H264 access units in the byte stream format of annex B with start codes
/// of 4 bytes, as whole JFIF files, and as the codec's own bytes for all other formats.
public struct FrameAssembler: Sendable {
  let format: CodecFormat

  public init(format: CodecFormat) { self.format = format }

  /// Starts a frame, forgetting one that was not finished.
  public mutating func begin() {}

  /// Adds a payload to the frame, at `writer.count`. False where it cannot follow what came before or does not fit: the payloads
  /// make no frame, and what was written of it is to be thrown away.
  public mutating func append(_ payload: Span<UInt8>, marker: Bool, into writer: inout SpanWriter) -> Bool {
    writer.write(payload)
    return !writer.overflowed
  }

  /// Ends the frame; nil where it turns out not to be whole.
  public mutating func finish(into writer: inout SpanWriter) -> FrameFacts? {
    FrameFacts(isKeyFrame: true)
  }
}
