/// Why the provider refused.
public enum CryptographyError: Error, Equatable, Sendable {
  /// A wrong tag, a wrong signature, a point off its curve: the input is not to be trusted.
  case rejected
  /// The provider could not allocate a context.
  case outOfMemory

  init?(code: CInt) {
    switch code {
    case 0: return nil
    case -2: self = .outOfMemory
    default: self = .rejected
    }
  }
}
