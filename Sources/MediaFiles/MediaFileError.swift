/// Why a media file cannot be read or written.
public enum MediaFileError: Error, Equatable, Sendable {
  /// The file ends in the middle of a frame or of a header.
  case truncated
  /// Not a file of this kind.
  case notRecognized
  /// A file of this kind, with a codec, a layout or a rate that WebRTC does not carry.
  case unsupported
  /// A length, a checksum or an order that cannot be.
  case malformed
  /// A frame does not fit into the file format.
  case tooLarge
  /// The sink took no more. Sinks throw it; nothing else does.
  case writeFailed
}
