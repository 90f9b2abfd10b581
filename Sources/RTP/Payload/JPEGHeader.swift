import Bytes

#if Video

/// The headers of a payload of RFC 2435 (sections 3.1, 3.1.7 and 3.1.8).
struct JPEGHeader: Equatable {
  static let mainSize = 8
  static let restartSize = 4
  static let tableHeaderSize = 4

  var offset: Int
  /// 0: 4:2:2, 1: 4:2:0, without the 64 that announces restart markers.
  var type: UInt8
  var q: UInt8
  /// In units of 8 pixels.
  var width: UInt8
  var height: UInt8
  /// Macroblocks between restart markers; 0: no markers.
  var restartInterval: UInt16 = 0
  /// The quantization tables in the payload, in the first packet of a frame with Q of 128 or more; may be empty.
  var tables: Range<Int>
  /// Bit 0 for the first table, bit 1 for the second: coefficients of 16 bits.
  var precision: UInt8 = 0
  /// Where the scan's data begins.
  var dataStart: Int

  /// Nil where it is malformed, of a type that is not defined, or a field of an interlaced picture.
  init?(_ payload: Span<UInt8>) {
    var cursor = SpanCursor(payload)
    do {
      let typeSpecific: UInt8 = try cursor.read()
      self.offset = Int(try cursor.read24())
      let type: UInt8 = try cursor.read()
      self.q = try cursor.read()
      self.width = try cursor.read()
      self.height = try cursor.read()
      self.type = type & 0x3F
      // Types 2 to 63 are not defined, those from 128 on are a matter of session set-up that SDP has no words for. Interlaced
      // fields (section 4.1) would come out as pictures of half the height.
      guard type & 0x80 == 0, self.type <= 1, typeSpecific == 0, self.width > 0, self.height > 0 else { return nil }
      if type & 0x40 != 0 {
        self.restartInterval = try cursor.read()
        // The F and L bits and the count serve decoders of partial frames.
        try cursor.skip(2)
        guard self.restartInterval > 0 else { return nil }
      }
      // 0 and 100 to 127 are reserved.
      guard self.q >= 128 || (1...99).contains(self.q) else { return nil }
      self.tables = 0..<0
      if self.q >= 128, self.offset == 0 {
        try cursor.skip(1)
        self.precision = try cursor.read()
        let length = Int(try cursor.read(UInt16.self))
        let start = cursor.offset
        try cursor.skip(length)
        guard length > 0 || self.q < 255 else { return nil }
        self.tables = start..<(start &+ length)
        let first = Self.tableSize(self.precision, 0)
        guard length == 0 || length == first || length >= first &+ Self.tableSize(self.precision, 1) else { return nil }
      }
      self.dataStart = cursor.offset
      // RFC 2435 section 3.1.2.
      guard cursor.remaining > 0, cursor.remaining <= 0x100_0000 &- self.offset else { return nil }
    } catch { return nil }
  }

  static func tableSize(_ precision: UInt8, _ table: UInt8) -> Int { precision &>> table & 1 == 0 ? 64 : 128 }

  var firstTableSize: Int { Self.tableSize(self.precision, 0) }
  var secondTableSize: Int { Self.tableSize(self.precision, 1) }

  /// Whether both can be headers of one frame.
  func agrees(with other: JPEGHeader) -> Bool {
    self.type == other.type && self.q == other.q && self.width == other.width && self.height == other.height
      && self.restartInterval == other.restartInterval
  }
}

enum JPEGPayload {
  static func inspect(_ payload: Span<UInt8>, marker: Bool) -> PayloadFacts? {
    guard let header = JPEGHeader(payload) else { return nil }
    let isFirst = header.offset == 0
    return PayloadFacts(
      start: isFirst ? .yes : .no, endsFrame: marker, isKeyFrame: true,
      assembledSize: payload.count &- header.dataStart &+ (isFirst ? JPEGAssembler.maximumHeaderSize : 0)
        &+ (marker ? JPEGAssembler.trailerSize : 0))
  }
}

#endif
