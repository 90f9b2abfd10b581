/// A JPEG file taken apart, by other means than the engine's.
struct JPEGParts: Equatable {
  var quantization: [UInt8: [UInt8]] = [:]
  var frame: [UInt8] = []
  var restartInterval: [UInt8] = []
  var huffman: [UInt8: [UInt8]] = [:]
  /// Entropy-coded data up to EOI.
  var scan: [UInt8] = []

  init?(_ file: [UInt8]) {
    guard file.starts(with: [0xFF, 0xD8]), file.suffix(2) == [0xFF, 0xD9] else { return nil }
    var offset = 2
    while offset + 4 <= file.count, file[offset] == 0xFF {
      let end = offset + 2 + Int(file[offset + 2]) << 8 + Int(file[offset + 3])
      guard end <= file.count else { return nil }
      let body = Array(file[(offset + 4)..<end])
      switch file[offset + 1] {
      case 0xDB:
        var rest = body[...]
        while let head = rest.popFirst() {
          let size = head >> 4 == 0 ? 64 : 128
          guard rest.count >= size else { return nil }
          self.quantization[head & 15] = Array(rest.prefix(size))
          rest = rest.dropFirst(size)
        }
      case 0xC4:
        var rest = body[...]
        while let head = rest.popFirst() {
          let size = 16 + rest.prefix(16).reduce(0) { $0 + Int($1) }
          guard rest.count >= size else { return nil }
          self.huffman[head] = Array(rest.prefix(size))
          rest = rest.dropFirst(size)
        }
      case 0xC0, 0xC1: self.frame = body
      case 0xDD: self.restartInterval = body
      case 0xDA:
        self.scan = Array(file[end...].dropLast(2))
        return
      default: break
      }
      offset = end
    }
    return nil
  }

  /// The tables of the luminance and of the chrominance.
  var tables: [[UInt8]?] {
    guard self.frame.count == 15 else { return [] }
    return [self.quantization[self.frame[8]], self.quantization[self.frame[11]], self.quantization[self.frame[14]]]
  }
  /// Precision, size and sampling factors.
  var geometry: [UInt8] {
    guard self.frame.count == 15 else { return [] }
    return self.frame[0..<6] + [self.frame[7], self.frame[10], self.frame[13]]
  }
}
