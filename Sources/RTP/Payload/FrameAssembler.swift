import Bytes

/// Puts the payloads of a frame together again: given in order, none missing, each one that `PayloadFormat.inspect` took.
///
/// One per stream, kept across frames. Frames come out as H264 access units in the byte stream format of annex B with start codes
/// of 4 bytes, as whole JFIF files, and as the codec's own bytes for all other formats. Payloads that `inspect` would refuse are
/// refused here as well.
public struct FrameAssembler: Sendable {
  let format: CodecFormat
  var hasAudio = false
  #if Video
  var h264 = H264Assembler()
  var vp8 = VP8Assembler()
  var jpeg = JPEGAssembler()
  #endif

  public init(format: CodecFormat) { self.format = format }

  /// Starts a frame, forgetting one that was not finished.
  public mutating func begin() {
    switch self.format {
    case .pcmu, .pcma, .opus: self.hasAudio = false
    #if Video
    case .h264: self.h264.begin()
    case .vp8: self.vp8.begin()
    case .jpeg: self.jpeg.begin()
    #else
    case .h264, .vp8, .jpeg: break
    #endif
    }
  }

  /// Adds a payload to the frame, at `writer.count`. False where it cannot follow what came before or does not fit: the payloads
  /// make no frame, and what was written of it is to be thrown away.
  public mutating func append(_ payload: Span<UInt8>, marker: Bool, into writer: inout SpanWriter) -> Bool {
    switch self.format {
    case .pcmu, .pcma, .opus:
      // A packet is a frame (RFC 3551 section 4.2, RFC 7587 section 4.2).
      guard !self.hasAudio, payload.count > 0 else { return false }
      self.hasAudio = true
      writer.write(payload)
      return !writer.overflowed
    #if Video
    case .h264: return self.h264.append(payload, into: &writer)
    case .vp8: return self.vp8.append(payload, into: &writer)
    case .jpeg: return self.jpeg.append(payload, into: &writer)
    #else
    case .h264, .vp8, .jpeg: return false
    #endif
    }
  }

  /// Ends the frame; nil where it turns out not to be whole.
  public mutating func finish(into writer: inout SpanWriter) -> FrameFacts? {
    switch self.format {
    case .pcmu, .pcma, .opus: return self.hasAudio ? FrameFacts(isKeyFrame: true) : nil
    #if Video
    case .h264: return self.h264.finish()
    case .vp8: return self.vp8.finish(in: writer)
    case .jpeg: return self.jpeg.finish(into: &writer)
    #else
    case .h264, .vp8, .jpeg: return nil
    #endif
    }
  }
}
