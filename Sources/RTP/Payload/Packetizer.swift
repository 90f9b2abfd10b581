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
/// Frames are H264 access units in the byte stream format of annex B, JPEG files, and the codec's own bytes for all other formats.
///
/// An H264 key frame that lacks parameter sets is given those that earlier frames carried. JPEG is taken as RFC 2435 can carry it:
/// baseline, 4:2:0 or 4:2:2 (luminance sampled 2x2 or 2x1, chrominance 1x1), the Huffman tables of annex K, 2040 pixels a side;
/// sides that are no multiples of 8 arrive rounded up.
public struct Packetizer: Sendable {
  let codec: Codec
  /// Of the frame given to `begin`, 0 after a refused one.
  var size = 0
  var audio = AudioPacketizer()
  #if Video
  var h264: H264Packetizer
  var vp8: VP8Packetizer
  var jpeg = JPEGPacketizer()
  #endif

  public init(codec: Codec, random: inout SeededRandom) {
    self.codec = codec
    #if Video
    self.h264 = H264Packetizer(packetizationMode: codec.h264.packetizationMode)
    self.vp8 = VP8Packetizer(firstPictureID: UInt16(truncatingIfNeeded: random.nextWord()))
    #endif
  }

  /// Starts a frame, forgetting what was not yet written of the frame before. Payloads will have `maximumPayloadSize` bytes at most.
  public mutating func begin(_ frame: Span<UInt8>, maximumPayloadSize: Int) throws(FrameError) -> FrameSummary {
    self.size = 0
    guard frame.count > 0 else { throw .empty }
    let summary: FrameSummary
    switch self.codec.format {
    case .pcmu, .pcma: summary = try self.audio.begin(frame, limit: maximumPayloadSize)
    case .opus:
      guard let packet = OpusPacket(frame) else { throw .malformed }
      summary = try self.audio.begin(frame, limit: maximumPayloadSize)
      self.audio.isSilent = packet.isDiscontinuous
    #if Video
    case .h264: summary = try self.h264.begin(frame, limit: maximumPayloadSize)
    case .vp8: summary = try self.vp8.begin(frame, limit: maximumPayloadSize)
    case .jpeg: summary = try self.jpeg.begin(frame, limit: maximumPayloadSize)
    #else
    case .h264, .vp8, .jpeg: throw .unsupported
    #endif
    }
    self.size = frame.count
    return summary
  }

  /// Writes the next payload of the frame that was given to `begin`; false once none is left.
  ///
  /// Where the payload does not fit, `writer.overflowed` tells, false is returned, and the payload is not lost.
  public mutating func writeNext(of frame: Span<UInt8>, into writer: inout SpanWriter) -> Bool {
    guard self.size > 0, frame.count == self.size else { return false }
    switch self.codec.format {
    case .pcmu, .pcma, .opus: return self.audio.writeNext(of: frame, into: &writer)
    #if Video
    case .h264: return self.h264.writeNext(of: frame, into: &writer)
    case .vp8: return self.vp8.writeNext(of: frame, into: &writer)
    case .jpeg: return self.jpeg.writeNext(of: frame, into: &writer)
    #else
    case .h264, .vp8, .jpeg: return false
    #endif
    }
  }

  /// Whether the payload just written was the frame's last.
  public var isLast: Bool {
    guard self.size > 0 else { return true }
    switch self.codec.format {
    case .pcmu, .pcma, .opus: return self.audio.isSent
    #if Video
    case .h264: return self.h264.isLast
    case .vp8: return self.vp8.isLast
    case .jpeg: return self.jpeg.isLast
    #else
    case .h264, .vp8, .jpeg: return true
    #endif
    }
  }

  /// The marker bit of the payload just written: the end of a video frame, the first packet of audio after silence.
  public var marker: Bool { self.codec.kind == .video ? self.isLast : self.audio.marker }

  /// Frames of silence were left out: the next one starts a talkspurt, which the marker bit says (RFC 3551 section 4.1).
  public mutating func noteSilence() { self.audio.followsSilence = true }
}

/// Audio: a frame is a payload, never split.
struct AudioPacketizer: Sendable {
  var isSent = true
  var marker = false
  /// Set by what went before the frame at hand, or was left out before it.
  var followsSilence = false
  /// The frame at hand is one that an encoder in DTX sends now and then (RFC 7587 section 3.1.3).
  var isSilent = false

  mutating func begin(_ frame: Span<UInt8>, limit: Int) throws(FrameError) -> FrameSummary {
    guard frame.count <= limit else { throw .tooLarge }
    self.isSent = false
    self.isSilent = false
    return FrameSummary(isKeyFrame: true, maximumPackets: 1, maximumBytes: frame.count)
  }

  mutating func writeNext(of frame: Span<UInt8>, into writer: inout SpanWriter) -> Bool {
    guard !self.isSent else { return false }
    writer.write(frame)
    guard !writer.overflowed else { return false }
    self.isSent = true
    self.marker = self.followsSilence && !self.isSilent
    self.followsSilence = self.isSilent || (self.followsSilence && !self.marker)
    return true
  }
}
