import CLinux
import Time

/// The operating system's randomness, from which every peer gets its seed.
public enum Entropy {
  public static func seed() -> SeededRandom.Seed {
    var bytes = InlineArray<32, UInt8>(repeating: 0)
    var span = bytes.mutableSpan
    let failure = span.withUnsafeMutableBufferPointer { clinux_random($0.baseAddress, Int32($0.count)) }
    // Keys must never come from anything less; a kernel that has none cannot run a peer.
    precondition(failure == 0, "getrandom failed")
    return SeededRandom.Seed(bytes: bytes)
  }
}
