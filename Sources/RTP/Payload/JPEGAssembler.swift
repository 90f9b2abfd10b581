import Bytes

#if Video

/// The state of a JFIF file that is put together, and the quantization tables that the peer sent last.
struct JPEGAssembler: Sendable {
  /// SOI, APP0, two DQT of 16 bits, DRI, SOF, DHT and SOS.
  static let maximumHeaderSize = 2 + 18 + 2 * 133 + 6 + 19 + 4 + JPEGTables.huffmanSize + 14
  /// EOI.
  static let trailerSize = 2

  var header: JPEGHeader?
  var received = 0
  /// Tables as DQT segments have them, the first then the second, and the Q in 128...254 that they belong to: they need not be sent
  /// again (RFC 2435 section 4.2). Kept in one allocation.
  var tables: [UInt8] = []
  var precision: UInt8 = 0
  var tablesQ: UInt8 = 0

  mutating func begin() {
    self.header = nil
    self.received = 0
  }

  mutating func append(_ payload: Span<UInt8>, into writer: inout SpanWriter) -> Bool {
    guard let header = JPEGHeader(payload), header.offset == self.received else { return false }
    if let first = self.header {
      guard header.agrees(with: first) else { return false }
    } else {
      guard header.q < 128 || self.takeTables(of: header, in: payload) else { return false }
      self.header = header
      self.writeHeader(header, into: &writer)
    }
    writer.write(payload.extracting(header.dataStart..<payload.count))
    self.received &+= payload.count &- header.dataStart
    return !writer.overflowed
  }

  mutating func finish(into writer: inout SpanWriter) -> FrameFacts? {
    guard let header = self.header else { return nil }
    self.header = nil
    // The sender may leave out EOI (RFC 2435 section 3.1.9).
    if !self.hasEOI(in: writer) { writer.write(0xFFD9 as UInt16) }
    guard !writer.overflowed else { return nil }
    return FrameFacts(isKeyFrame: true, width: UInt16(header.width) &* 8, height: UInt16(header.height) &* 8)
  }

  private func hasEOI(in writer: borrowing SpanWriter) -> Bool {
    guard self.received >= 2, writer.count >= 2 else { return false }
    let tail = writer.bytes(in: (writer.count &- 2)..<writer.count)
    return tail[0] == 0xFF && tail[1] == 0xD9
  }

  /// False where none came and none are known.
  private mutating func takeTables(of header: JPEGHeader, in payload: Span<UInt8>) -> Bool {
    guard !header.tables.isEmpty else { return self.tablesQ == header.q && !self.tables.isEmpty }
    self.precision = header.precision & 3
    self.tables.removeAll(keepingCapacity: true)
    self.tables.reserveCapacity(256)
    let first = header.firstTableSize
    // Two tables are due; a sender whose components share one may send it once.
    let isShared = header.tables.count == first
    if isShared { self.precision = header.precision & 1 != 0 ? 3 : 0 }
    let count = isShared ? 2 &* first : first &+ header.secondTableSize
    var i = 0
    while i < count {
      self.tables.append(payload[header.tables.lowerBound &+ (isShared && i >= first ? i &- first : i)])
      i &+= 1
    }
    // Tables of Q 255 are for one frame.
    self.tablesQ = header.q
    return true
  }

  /// RFC 2435 appendix B, as a JFIF file.
  private func writeHeader(_ header: JPEGHeader, into writer: inout SpanWriter) {
    writer.write(0xFFD8 as UInt16)
    // APP0: JFIF 1.1, square pixels, no thumbnail.
    writer.write(0xFFE0_0010 as UInt32)
    writer.write("JFIF")
    writer.write(0x0001_0100 as UInt32)
    writer.write(0x0001_0001 as UInt32)
    writer.write(0x0000 as UInt16)
    let isWide = header.q >= 128 && self.precision != 0
    self.writeTables(header, into: &writer)
    if header.restartInterval > 0 {
      writer.write(0xFFDD_0004 as UInt32)
      writer.write(header.restartInterval)
    }
    // Baseline, or extended where a table has 16 bits, which baseline may not have (ITU-T T.81 B.2.4.1).
    writer.write((isWide ? 0xFFC1 : 0xFFC0) as UInt16)
    writer.write(17 as UInt16)
    writer.write(8 as UInt8)
    writer.write(UInt16(header.height) &* 8)
    writer.write(UInt16(header.width) &* 8)
    writer.write(3 as UInt8)
    writer.write24(header.type == 0 ? 0x01_21_00 : 0x01_22_00)
    writer.write24(0x02_11_01)
    writer.write24(0x03_11_01)
    writer.write(0xFFC4 as UInt16)
    writer.write(UInt16(2 &+ JPEGTables.huffmanSize))
    writer.write(JPEGTables.huffman.span)
    writer.write(0xFFDA_000C as UInt32)
    writer.write(3 as UInt8)
    writer.write(0x0100_0211 as UInt32)
    writer.write(0x0311_003F as UInt32)
    writer.write(0 as UInt8)
  }

  private func writeTables(_ header: JPEGHeader, into writer: inout SpanWriter) {
    var start = 0
    var table: UInt8 = 0
    while table < 2 {
      let isWide = header.q >= 128 && self.precision &>> table & 1 != 0
      let size = isWide ? 128 : 64
      writer.write(0xFFDB as UInt16)
      writer.write(UInt16(size &+ 3))
      writer.write((isWide ? 0x10 : 0) | table)
      if header.q >= 128 {
        writer.write(self.tables.span.extracting(start..<(start &+ size)))
        start &+= size
      } else {
        var i = 0
        while i < 64 {
          writer.write(JPEGTables.coefficient(i, q: Int(header.q), isChrominance: table == 1))
          i &+= 1
        }
      }
      table &+= 1
    }
  }
}

#endif
