/// Reads and writes the little-endian fields of IVF, Ogg and RIFF.
extension [UInt8] {
  /// nil: the array ends before.
  func littleEndian<T: FixedWidthInteger & UnsignedInteger>(_: T.Type = T.self, at offset: Int) -> T? {
    guard offset >= 0, offset <= self.count - MemoryLayout<T>.size else { return nil }
    var value: T = 0
    for i in 0..<MemoryLayout<T>.size { value |= T(self[offset + i]) << T(8 * i) }
    return value
  }

  mutating func appendLittleEndian<T: FixedWidthInteger & UnsignedInteger>(_ value: T) {
    for i in 0..<MemoryLayout<T>.size { self.append(UInt8(truncatingIfNeeded: value >> T(8 * i))) }
  }

  func hasBytes(_ text: StaticString, at offset: Int) -> Bool {
    guard offset >= 0, offset <= self.count - text.utf8CodeUnitCount else { return false }
    for i in 0..<text.utf8CodeUnitCount where self[offset + i] != text.utf8Start[i] { return false }
    return true
  }
}
