import Bytes
import Testing

@Test func `CRC32c gives the published check value`() {
  let text = Array("123456789".utf8)
  let value = CRC32C.checksum(text.span)
  #expect(value == 0xE306_9283)
}

@Test func `CRC32c of the iSCSI vectors of RFC 3720 B.4`() {
  let zeros = [UInt8](repeating: 0, count: 32)
  let ones = [UInt8](repeating: 0xFF, count: 32)
  let rising = (0..<32).map { UInt8($0) }
  let a = CRC32C.checksum(zeros.span)
  let b = CRC32C.checksum(ones.span)
  let c = CRC32C.checksum(rising.span)
  #expect(a == 0x8A91_36AA)
  #expect(b == 0x62A8_AB43)
  #expect(c == 0x46DD_794E)
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
