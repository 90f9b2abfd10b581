import Bytes

/// TLS 1.2's pseudorandom function, P_hash over HMAC (RFC 5246 section 5).
public enum PRF: Sendable {
  case sha256
  case sha384

  /// Fills `output` from the secret, the label and the concatenation of the seed's two parts.
  public func derive(
    secret: Span<UInt8>, label: StaticString, seed first: Span<UInt8>, _ second: Span<UInt8>,
    into output: inout MutableSpan<UInt8>
  ) {
    // A(0), the same at every step: label and seed.
    var seed = [UInt8](repeating: 0, count: label.utf8CodeUnitCount &+ first.count &+ second.count)
    var writer = SpanWriter(seed.mutableSpan)
    writer.write(label)
    writer.write(first)
    writer.write(second)
    switch self {
    case .sha256: expand(seed.span, into: &output) { (a, b) in HMAC.sha256(key: secret, a, b) }
    case .sha384: expand(seed.span, into: &output) { (a, b) in HMAC.sha384(key: secret, a, b) }
    }
  }
}

@inline(__always)
private func expand<let size: Int>(
  _ seed: Span<UInt8>, into output: inout MutableSpan<UInt8>,
  _ hmac: (Span<UInt8>, Span<UInt8>) -> InlineArray<size, UInt8>
) {
  let empty = seed.extracting(first: 0)
  var chain = hmac(seed, empty)
  var written = 0
  while written < output.count {
    let block = hmac(chain.span, seed)
    let count = min(size, output.count &- written)
    copyBytes(from: block.span.extracting(first: count), to: &output, at: written)
    written &+= count
    chain = hmac(chain.span, empty)
  }
}
