import Bytes

/// The rules of the payload formats that need no state. Those of video are there with the package trait `Video` alone.
public enum PayloadFormat {
  /// What `payload` says of itself; nil where it is malformed or of a form that the engine does not take. Such a packet is not
  /// to enter a jitter buffer.
  public static func inspect(_ payload: Span<UInt8>, marker: Bool, format: CodecFormat) -> PayloadFacts? {
    switch format {
    case .pcmu, .pcma: return payload.count > 0 ? Self.audio(payload) : nil
    case .opus: return OpusPacket(payload) != nil ? Self.audio(payload) : nil
    #if Video
    case .h264: return H264Payload.inspect(payload, marker: marker)
    case .vp8: return VP8Payload.inspect(payload, marker: marker)
    case .jpeg: return JPEGPayload.inspect(payload, marker: marker)
    #else
    case .h264, .vp8, .jpeg: return nil
    #endif
    }
  }

  private static func audio(_ payload: Span<UInt8>) -> PayloadFacts {
    PayloadFacts(start: .yes, endsFrame: true, isKeyFrame: true, assembledSize: payload.count)
  }
}
