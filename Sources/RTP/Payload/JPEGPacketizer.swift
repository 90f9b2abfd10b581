import Bytes

#if Video

/// JPEG files to payloads of RFC 2435.
struct JPEGPacketizer: Sendable {
  var file = JPEGFile()
  /// 1 to 99 where the file's tables are the usual ones, scaled; else 255: the tables go with every frame.
  var q: UInt8 = 255
  /// How much of the scan has been sent.
  var offset = 0
  var limit = 0

  var isLast: Bool { self.offset == self.file.scan.count }

  /// What precedes the data in every payload.
  private var headerSize: Int { JPEGHeader.mainSize &+ (self.file.restartInterval > 0 ? JPEGHeader.restartSize : 0) }

  private var tablesSize: Int {
    self.q < 128 ? 0 : JPEGHeader.tableHeaderSize &+ self.file.luminance.size &+ self.file.chrominance.size
  }

  mutating func begin(_ frame: Span<UInt8>, limit: Int) throws(FrameError) -> FrameSummary {
    self.file = JPEGFile()
    self.offset = 0
    let file = try JPEGFile(frame)
    // The fragment offset has 24 bits (section 3.1.2).
    guard file.scan.count <= 0xFF_FFFF else { throw .tooLarge }
    self.file = file
    self.q = Self.quality(of: file, in: frame) ?? 255
    self.limit = limit
    guard self.headerSize &+ self.tablesSize < limit else {
      self.file = JPEGFile()
      throw .tooLarge
    }
    let packets = (file.scan.count &+ self.tablesSize &- 1) / (limit &- self.headerSize) &+ 1
    return FrameSummary(
      isKeyFrame: true, maximumPackets: packets,
      maximumBytes: file.scan.count &+ self.tablesSize &+ packets &* self.headerSize)
  }

  mutating func writeNext(of frame: Span<UInt8>, into writer: inout SpanWriter) -> Bool {
    let scan = self.file.scan
    guard self.offset < scan.count, scan.upperBound <= frame.count else { return false }
    writer.write(0 as UInt8)
    writer.write24(UInt32(self.offset))
    writer.write(self.file.type | (self.file.restartInterval > 0 ? 64 : 0))
    writer.write(self.q)
    writer.write(UInt8(truncatingIfNeeded: (self.file.width &+ 7) / 8))
    writer.write(UInt8(truncatingIfNeeded: (self.file.height &+ 7) / 8))
    if self.file.restartInterval > 0 {
      writer.write(self.file.restartInterval)
      // F, L and the count of 0x3FFF: intervals are not aligned with packets (section 3.1.7).
      writer.write(0xFFFF as UInt16)
    }
    var room = self.limit &- self.headerSize
    if self.offset == 0, self.tablesSize > 0 {
      self.writeTables(of: frame, into: &writer)
      room &-= self.tablesSize
    }
    let count = min(room, scan.count &- self.offset)
    let start = scan.lowerBound &+ self.offset
    writer.write(frame.extracting(start..<(start &+ count)))
    guard !writer.overflowed else { return false }
    self.offset &+= count
    return true
  }

  /// Section 3.1.8.
  private func writeTables(of frame: Span<UInt8>, into writer: inout SpanWriter) {
    let y = self.file.luminance
    let c = self.file.chrominance
    writer.write(0 as UInt8)
    writer.write((y.isWide ? 1 : 0) | (c.isWide ? 2 : 0) as UInt8)
    writer.write(UInt16(truncatingIfNeeded: y.size &+ c.size))
    writer.write(frame.extracting(y.start..<(y.start &+ y.size)))
    writer.write(frame.extracting(c.start..<(c.start &+ c.size)))
  }

  /// The Q whose tables the file has (section 4.2), which then need not be sent.
  private static func quality(of file: JPEGFile, in frame: Span<UInt8>) -> UInt8? {
    guard !file.luminance.isWide, !file.chrominance.isWide else { return nil }
    var q = 1
    while q <= 99 {
      var i = 0
      while i < 64,
        frame[file.luminance.start &+ i] == JPEGTables.coefficient(i, q: q, isChrominance: false),
        frame[file.chrominance.start &+ i] == JPEGTables.coefficient(i, q: q, isChrominance: true)
      {
        i &+= 1
      }
      if i == 64 { return UInt8(q) }
      q &+= 1
    }
    return nil
  }
}

#endif
