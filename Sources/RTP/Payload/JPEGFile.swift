import Bytes

#if Video

/// What a packetizer needs to know of a JPEG file (ITU-T T.81 annex B).
struct JPEGFile: Equatable, Sendable {
  /// A quantization table within the file.
  struct Table: Equatable, Sendable {
    var start = 0
    var isWide = false
    var size: Int { self.isWide ? 128 : 64 }
  }

  var width = 0
  var height = 0
  /// RFC 2435's type without the 64: 0 for 4:2:2, 1 for 4:2:0.
  var type: UInt8 = 0
  var restartInterval: UInt16 = 0
  var luminance = Table()
  var chrominance = Table()
  /// The entropy-coded data with EOI.
  var scan = 0..<0

  init() {}

  init(_ file: Span<UInt8>) throws(FrameError) {
    do {
      var reader = JPEGFileReader(file)
      self = try reader.read()
    } catch {
      switch error {
      case .wire: throw .malformed
      case .frame(let reason): throw reason
      }
    }
  }
}

private enum ReadError: Error {
  case wire
  case frame(FrameError)
}

private struct JPEGFileReader: ~Escapable {
  let file: Span<UInt8>
  var position = 0
  var result = JPEGFile()
  var tables = InlineArray<4, JPEGFile.Table?>(repeating: nil)
  /// By class and destination (0 to 3 for DC, 4 to 7 for AC): which of annex K's tables it is. AVI files of MJPEG leave the
  /// tables out: then destination 0 has luminance's, 1 chrominance's.
  var huffman: InlineArray<8, Kind> = [.luminance, .chrominance, .other, .other, .luminance, .chrominance, .other, .other]
  var hasFrame = false
  var componentIDs = InlineArray<3, UInt8>(repeating: 0)
  var componentTables = InlineArray<3, UInt8>(repeating: 0)

  enum Kind { case luminance, chrominance, other }

  @_lifetime(copy file)
  init(_ file: Span<UInt8>) { self.file = file }

  func byte(_ offset: Int) throws(ReadError) -> UInt8 {
    guard offset < self.file.count else { throw .wire }
    return self.file[offset]
  }

  func word(_ offset: Int) throws(ReadError) -> Int {
    Int(try self.byte(offset)) &<< 8 | Int(try self.byte(offset &+ 1))
  }

  mutating func read() throws(ReadError) -> JPEGFile {
    guard try self.word(0) == 0xFFD8 else { throw .wire }
    self.position = 2
    while true {
      guard try self.byte(self.position) == 0xFF else { throw .wire }
      // Fill bytes (B.1.1.2).
      while try self.byte(self.position &+ 1) == 0xFF { self.position &+= 1 }
      let marker = try self.byte(self.position &+ 1)
      let start = self.position &+ 4
      let length = try self.word(self.position &+ 2)
      guard length >= 2, self.file.count &- (self.position &+ 2) >= length else { throw .wire }
      let end = self.position &+ 2 &+ length
      switch marker {
      case 0xDB: try self.readQuantization(start..<end)
      case 0xC4: try self.readHuffman(start..<end)
      case 0xC0, 0xC1: try self.readFrame(start..<end)
      // Progressive, lossless, hierarchical, arithmetic.
      case 0xC2, 0xC3, 0xC5...0xC7, 0xC9...0xCF: throw .frame(.unsupported)
      case 0xDD:
        guard length == 4 else { throw .wire }
        self.result.restartInterval = UInt16(truncatingIfNeeded: try self.word(start))
      case 0xDA:
        try self.readScanHeader(start..<end)
        try self.findScanEnd(from: end)
        return self.result
      case 0xE0...0xEF, 0xFE: break
      // DNL, DHP, EXP.
      case 0xDC, 0xDE, 0xDF: throw .frame(.unsupported)
      default: throw .wire
      }
      self.position = end
    }
  }

  /// B.2.4.1.
  private mutating func readQuantization(_ segment: Range<Int>) throws(ReadError) {
    var offset = segment.lowerBound
    while offset < segment.upperBound {
      let head = self.file[offset]
      let table = JPEGFile.Table(start: offset &+ 1, isWide: head &>> 4 == 1)
      guard head &>> 4 <= 1, head & 0x0F < 4, segment.upperBound &- table.start >= table.size else { throw .wire }
      self.tables[Int(head & 3)] = table
      offset = table.start &+ table.size
    }
  }

  /// B.2.4.2.
  private mutating func readHuffman(_ segment: Range<Int>) throws(ReadError) {
    var offset = segment.lowerBound
    while offset < segment.upperBound {
      guard segment.upperBound &- offset >= 17 else { throw .wire }
      let head = self.file[offset]
      guard head & 0xEC == 0 else { throw .wire }
      var symbols = 0
      var i = 1
      while i <= 16 {
        symbols &+= Int(self.file[offset &+ i])
        i &+= 1
      }
      guard segment.upperBound &- offset &- 17 >= symbols else { throw .wire }
      let end = offset &+ 17 &+ symbols
      let isAC = head & 0x10 != 0
      self.huffman[Int(head & 3) &+ (isAC ? 4 : 0)] = Self.kind(of: self.file.extracting((offset &+ 1)..<end), isAC: isAC)
      offset = end
    }
  }

  private static func kind(of table: Span<UInt8>, isAC: Bool) -> Kind {
    let standard = JPEGTables.huffman
    if bytesEqual(table, standard.span.extracting(JPEGTables.huffmanRange(isAC: isAC, isChrominance: false))) {
      return .luminance
    }
    return bytesEqual(table, standard.span.extracting(JPEGTables.huffmanRange(isAC: isAC, isChrominance: true)))
      ? .chrominance : .other
  }

  /// B.2.2.
  private mutating func readFrame(_ segment: Range<Int>) throws(ReadError) {
    guard segment.count >= 6, !self.hasFrame else { throw .wire }
    let start = segment.lowerBound
    guard self.file[start] == 8, self.file[start &+ 5] == 3 else { throw .frame(.unsupported) }
    guard segment.count == 15 else { throw .wire }
    self.hasFrame = true
    self.result.height = try self.word(start &+ 1)
    self.result.width = try self.word(start &+ 3)
    // A height of 0 is told later, by DNL.
    guard self.result.height > 0 else { throw .frame(.unsupported) }
    guard self.result.width > 0 else { throw .wire }
    guard self.result.height <= 2040, self.result.width <= 2040 else { throw .frame(.dimensionsTooLarge) }
    var i = 0
    var sampling: UInt32 = 0
    while i < 3 {
      let component = start &+ 6 &+ 3 &* i
      self.componentIDs[i] = self.file[component]
      sampling = sampling &<< 8 | UInt32(self.file[component &+ 1])
      guard self.file[component &+ 2] < 4 else { throw .wire }
      self.componentTables[i] = self.file[component &+ 2]
      i &+= 1
    }
    // RFC 2435 section 4.1. Other factors of the same ratio, as 22, 12, 12, order the blocks otherwise.
    switch sampling {
    case 0x21_11_11: self.result.type = 0
    case 0x22_11_11: self.result.type = 1
    default: throw .frame(.unsupported)
    }
  }

  /// B.2.3.
  private mutating func readScanHeader(_ segment: Range<Int>) throws(ReadError) {
    guard self.hasFrame else { throw .wire }
    guard segment.count >= 1, self.file[segment.lowerBound] == 3 else { throw .frame(.unsupported) }
    guard segment.count == 10 else { throw .wire }
    var i = 0
    while i < 3 {
      let component = segment.lowerBound &+ 1 &+ 2 &* i
      guard self.file[component] == self.componentIDs[i] else { throw .wire }
      let coding = self.file[component &+ 1]
      guard coding & 0xCC == 0 else { throw .wire }
      let kind: Kind = i == 0 ? .luminance : .chrominance
      guard self.huffman[Int(coding &>> 4)] == kind, self.huffman[Int(coding & 3) &+ 4] == kind else {
        throw .frame(.unsupported)
      }
      i &+= 1
    }
    guard let y = self.tables[Int(self.componentTables[0])], let u = self.tables[Int(self.componentTables[1])],
      let v = self.tables[Int(self.componentTables[2])]
    else { throw .wire }
    // Both planes of chrominance share a table.
    guard u == v || (u.isWide == v.isWide && self.sameBytes(u, v)) else { throw .frame(.unsupported) }
    self.result.luminance = y
    self.result.chrominance = u
  }

  private func sameBytes(_ a: JPEGFile.Table, _ b: JPEGFile.Table) -> Bool {
    bytesEqual(
      self.file.extracting(a.start..<(a.start &+ a.size)), self.file.extracting(b.start..<(b.start &+ b.size)))
  }

  /// The scan ends with EOI; what follows is no picture's.
  private mutating func findScanEnd(from start: Int) throws(ReadError) {
    var i = start
    while true {
      i = Self.nextFF(in: self.file, from: i)
      guard i &+ 1 < self.file.count else { throw .wire }
      switch self.file[i &+ 1] {
      case 0x00: i &+= 2
      case 0xFF: i &+= 1
      case 0xD0...0xD7:
        guard self.result.restartInterval > 0 else { throw .wire }
        i &+= 2
      case 0xD9:
        self.result.scan = start..<(i &+ 2)
        return
      // More scans, new tables, DNL.
      default: throw .frame(.unsupported)
      }
    }
  }

  /// Eight bytes at a time while there is no 0xFF among them.
  private static func nextFF(in bytes: Span<UInt8>, from start: Int) -> Int {
    unsafe bytes.withUnsafeBytes { bytes in
      var i = start
      while i < bytes.count {
        if i &+ 8 <= bytes.count {
          let word = unsafe ~bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)
          if (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080 == 0 {
            i &+= 8
            continue
          }
        }
        if unsafe bytes[i] == 0xFF { return i }
        i &+= 1
      }
      return bytes.count
    }
  }
}

#endif
