import Bytes

#if Video

/// The size that a sequence parameter set gives its pictures, after cropping (ITU-T H.264 7.3.2.1.1, 7.4.2.1.1).
struct H264PictureSize: Equatable {
  var width: UInt16
  var height: UInt16

  /// `sps` is the NAL unit with its header. Nil where it ends early or contradicts itself.
  init?(sps: Span<UInt8>) {
    var reader = RBSPReader(sps, from: 1)
    do {
      (self.width, self.height) = try Self.read(&reader)
    } catch { return nil }
  }

  private static func read(_ reader: inout RBSPReader) throws(WireError) -> (UInt16, UInt16) {
    let profile = try reader.bits(8)
    _ = try reader.bits(16)  // constraint flags, level_idc
    _ = try reader.unsigned()  // seq_parameter_set_id
    var chroma: UInt32 = 1
    var separatePlanes = false
    switch profile {
    case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
      chroma = try reader.unsigned()
      guard chroma <= 3 else { throw .malformed }
      if chroma == 3 { separatePlanes = try reader.flag() }
      _ = try reader.unsigned()  // bit_depth_luma_minus8
      _ = try reader.unsigned()  // bit_depth_chroma_minus8
      _ = try reader.flag()  // qpprime_y_zero_transform_bypass_flag
      if try reader.flag() { try Self.skipScalingLists(&reader, count: chroma == 3 ? 12 : 8) }
    default: break
    }
    _ = try reader.unsigned()  // log2_max_frame_num_minus4
    try Self.skipPictureOrder(&reader)
    _ = try reader.unsigned()  // max_num_ref_frames
    _ = try reader.flag()  // gaps_in_frame_num_value_allowed_flag
    let columns = try reader.unsigned()
    let rows = try reader.unsigned()
    let framesOnly = try reader.flag()
    if !framesOnly { _ = try reader.flag() }  // mb_adaptive_frame_field_flag
    _ = try reader.flag()  // direct_8x8_inference_flag
    // 4095 macroblocks fill 16 bits of pixels; the largest level has 1,056 a side.
    guard columns < 4095, rows < 2047 else { throw .malformed }
    let fields: UInt32 = framesOnly ? 1 : 2
    var width = (columns &+ 1) &* 16
    var height = (rows &+ 1) &* 16 &* fields
    if try reader.flag() {
      let left = try reader.unsigned()
      let right = try reader.unsigned()
      let top = try reader.unsigned()
      let bottom = try reader.unsigned()
      // CropUnitX and CropUnitY: chroma samples, of a field where there are fields.
      let subsampled = separatePlanes ? 0 : chroma
      let unitX: UInt32 = subsampled == 1 || subsampled == 2 ? 2 : 1
      let unitY: UInt32 = (subsampled == 1 ? 2 : 1) &* fields
      guard left < 65536, right < 65536, top < 65536, bottom < 65536 else { throw .malformed }
      let x = (left &+ right) &* unitX
      let y = (top &+ bottom) &* unitY
      guard x < width, y < height else { throw .malformed }
      width &-= x
      height &-= y
    }
    return (UInt16(truncatingIfNeeded: width), UInt16(truncatingIfNeeded: height))
  }

  private static func skipPictureOrder(_ reader: inout RBSPReader) throws(WireError) {
    switch try reader.unsigned() {
    case 0: _ = try reader.unsigned()  // log2_max_pic_order_cnt_lsb_minus4
    case 1:
      _ = try reader.flag()  // delta_pic_order_always_zero_flag
      _ = try reader.unsigned()  // offset_for_non_ref_pic
      _ = try reader.unsigned()  // offset_for_top_to_bottom_field
      var left = try reader.unsigned()
      guard left <= 255 else { throw .malformed }
      while left > 0 {
        _ = try reader.unsigned()
        left &-= 1
      }
    case 2: break
    default: throw .malformed
    }
  }

  /// 7.3.2.1.1.1.
  private static func skipScalingLists(_ reader: inout RBSPReader, count: Int) throws(WireError) {
    var list = 0
    while list < count {
      if try reader.flag() {
        var last: Int32 = 8
        var next: Int32 = 8
        var left = list < 6 ? 16 : 64
        while left > 0 {
          if next != 0 { next = (last &+ (try reader.signed())) & 0xFF }
          if next != 0 { last = next }
          left &-= 1
        }
      }
      list &+= 1
    }
  }
}

/// Reads bits of a NAL unit, skipping emulation prevention bytes (ITU-T H.264 7.4.1): a 3 after two zeros.
struct RBSPReader: ~Escapable {
  let bytes: Span<UInt8>
  var position: Int
  var zeros = 0
  var current: UInt8 = 0
  var bitsLeft = 0

  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, from start: Int) {
    self.bytes = bytes
    self.position = start
  }

  mutating func flag() throws(WireError) -> Bool {
    if self.bitsLeft == 0 { try self.loadByte() }
    self.bitsLeft &-= 1
    return self.current &>> UInt8(truncatingIfNeeded: self.bitsLeft) & 1 != 0
  }

  private mutating func loadByte() throws(WireError) {
    if self.zeros >= 2, self.position < self.bytes.count, self.bytes[self.position] == 3 {
      self.position &+= 1
      self.zeros = 0
    }
    guard self.position < self.bytes.count else { throw .truncated }
    self.current = self.bytes[self.position]
    self.position &+= 1
    self.zeros = self.current == 0 ? self.zeros &+ 1 : 0
    self.bitsLeft = 8
  }

  mutating func bits(_ count: Int) throws(WireError) -> UInt32 {
    var value: UInt32 = 0
    var left = count
    while left > 0 {
      value = value &<< 1 | (try self.flag() ? 1 : 0)
      left &-= 1
    }
    return value
  }

  /// ue(v) (9.1), up to 2^32 - 2.
  mutating func unsigned() throws(WireError) -> UInt32 {
    var zeros = 0
    while !(try self.flag()) {
      zeros &+= 1
      guard zeros < 32 else { throw .malformed }
    }
    return (1 as UInt32) &<< UInt32(zeros) &- 1 &+ (try self.bits(zeros))
  }

  /// se(v) (9.1.1), as 32 bits that wrap.
  mutating func signed() throws(WireError) -> Int32 {
    let code = try self.unsigned()
    let magnitude = Int32(truncatingIfNeeded: (code &>> 1) &+ (code & 1))
    return code & 1 != 0 ? magnitude : 0 &- magnitude
  }
}

#endif
