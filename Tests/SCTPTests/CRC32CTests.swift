import Bytes
import Foundation
import Testing

@Test func `CRC32c gives the published check value`() {
  let text = Array("123456789".utf8)
  let value = CRC32C.checksum(text.span)
  #expect(value == 0xE306_9283)
}

@Test func `CRC32c of the iSCSI vectors of RFC 3720 B.4`() throws {
  let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Vectors/crypto/rfc3720-crc32c.txt")
  let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
  let values = lines.filter { $0.hasPrefix("crc ") }.map { UInt32($0.dropFirst(4), radix: 16) }
  let data = lines.filter { $0.hasPrefix("data ") }.map { line in
    let digits = line.dropFirst(5)
    return stride(from: 0, to: digits.count, by: 2).compactMap { start in
      UInt8(digits.dropFirst(start).prefix(2), radix: 16)
    }
  }
  #expect(data.count == 5 && values.count == 5)
  for (bytes, value) in zip(data, values) {
    let crc = CRC32C.checksum(bytes.span)
    #expect(crc == value)
  }
}

@Test func `CRC32c taken in parts equals the whole, with zeros counted`() {
  let bytes = (0..<100).map { UInt8(truncatingIfNeeded: $0 * 7) } + [0, 0, 0, 0]
  for split in 0...100 {
    var crc = CRC32C()
    crc.update(bytes.span.extracting(0..<split))
    crc.update(bytes.span.extracting(split..<100))
    crc.updateZeros(4)
    let whole = CRC32C.checksum(bytes.span)
    #expect(crc.value == whole)
  }
}
