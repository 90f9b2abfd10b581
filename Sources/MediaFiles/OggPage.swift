/// One page of an Ogg file (RFC 3533 section 6).
struct OggPage {
  static let continued: UInt8 = 1
  static let beginning: UInt8 = 2
  static let end: UInt8 = 4

  var flags: UInt8
  /// -1: no packet ends here.
  var granule: Int64
  var serial: UInt32
  var sequence: UInt32
  /// The lacing values.
  var segments: Range<Int>
  var body: Range<Int>

  /// - Throws: `.truncated`; `.malformed` for another capture pattern, version or checksum.
  init(_ bytes: [UInt8], at start: Int) throws(MediaFileError) {
    guard start <= bytes.count - 27 else { throw .truncated }
    guard bytes.hasBytes("OggS", at: start), bytes[start + 4] == 0 else { throw .malformed }
    guard let granule = bytes.littleEndian(UInt64.self, at: start + 6), let serial = bytes.littleEndian(UInt32.self, at: start + 14),
      let sequence = bytes.littleEndian(UInt32.self, at: start + 18), let crc = bytes.littleEndian(UInt32.self, at: start + 22)
    else { throw .truncated }
    let count = Int(bytes[start + 26])
    guard count <= bytes.count - start - 27 else { throw .truncated }
    self.segments = (start + 27)..<(start + 27 + count)
    let size = bytes[self.segments].reduce(0) { $0 + Int($1) }
    guard size <= bytes.count - self.segments.upperBound else { throw .truncated }
    self.body = self.segments.upperBound..<(self.segments.upperBound + size)
    self.flags = bytes[start + 5]
    self.granule = Int64(bitPattern: granule)
    self.serial = serial
    self.sequence = sequence
    let span = bytes.span
    // The checksum's own field counts as zeros.
    var checksum = OggChecksum()
    checksum.update(span.extracting(start..<(start + 22)))
    checksum.update([0, 0, 0, 0].span)
    checksum.update(span.extracting((start + 26)..<self.body.upperBound))
    guard checksum.value == crc else { throw .malformed }
  }

  /// A page of whole packets, whose lacing values are given.
  static func encode(
    flags: UInt8, granule: Int64, serial: UInt32, sequence: UInt32, segments: [UInt8], body: [UInt8]
  ) -> [UInt8] {
    var page = [UInt8]("OggS".utf8)
    page.append(0)
    page.append(flags)
    page.appendLittleEndian(UInt64(bitPattern: granule))
    page.appendLittleEndian(serial)
    page.appendLittleEndian(sequence)
    page.appendLittleEndian(UInt32(0))
    page.append(UInt8(segments.count))
    page += segments
    page += body
    var checksum = OggChecksum()
    checksum.update(page.span)
    for i in 0..<4 { page[22 + i] = UInt8(truncatingIfNeeded: checksum.value >> UInt32(8 * i)) }
    return page
  }
}

/// CRC-32 with the polynomial 0x04C11DB7, not reflected, from zero (RFC 3533 section 6).
struct OggChecksum {
  private(set) var value: UInt32 = 0

  mutating func update(_ bytes: Span<UInt8>) {
    for i in bytes.indices { self.value = self.value << 8 ^ Self.table[Int(self.value >> 24 ^ UInt32(bytes[i]))] }
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index) << 24) { crc, _ in crc & 0x8000_0000 == 0 ? crc << 1 : crc << 1 ^ 0x04C1_1DB7 }
  }
}
