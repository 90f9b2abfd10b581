/// Why a media file cannot be read.
public enum MediaFileError: Error, Equatable, Sendable {
  case truncated
  case notRecognized
  case unsupported
}
