import Bytes

/// The rules of the payload formats that need no state.
public enum PayloadFormat {
  /// What `payload` says of itself; nil where it is malformed or of a form that the engine does not take. Such a packet is not
  /// to enter a jitter buffer.
  public static func inspect(_ payload: Span<UInt8>, marker: Bool, format: CodecFormat) -> PayloadFacts? {
    guard payload.count > 0 else { return nil }
    switch format {
    case .pcmu, .pcma, .opus:
      return PayloadFacts(start: .yes, endsFrame: true, isKeyFrame: true, assembledSize: payload.count)
    case .h264, .vp8, .jpeg:
      return nil
    }
  }
}
