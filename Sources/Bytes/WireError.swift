/// Why bytes from the wire were refused. Trivial on purpose: throwing it costs no allocation.
@frozen
public enum WireError: Error, Equatable, Sendable {
  /// The input ended before a field did.
  case truncated
  /// A field holds a value that its specification forbids.
  case malformed
}
