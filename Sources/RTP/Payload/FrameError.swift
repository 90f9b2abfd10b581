/// Why a frame cannot be packetized.
@frozen
public enum FrameError: Error, Equatable, Sendable {
  case empty
  /// Not a frame of the codec: a length lies, a start code is missing, a header contradicts itself.
  case malformed
  /// A part of the frame fits into no packet and must not be split: audio, or H264 in packetization mode 0.
  case tooLarge
  /// A frame of the codec, but of a kind that the payload format cannot carry (RFC 2435: progressive, arithmetic, other
  /// samplings, Huffman tables other than the usual).
  case unsupported
  /// More pixels a side than the payload format can say (RFC 2435: 2040).
  case dimensionsTooLarge
}
