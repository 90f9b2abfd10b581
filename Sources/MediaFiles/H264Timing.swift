/// How fast an H264 stream means to be played, by its sequence parameter set (ITU-T H.264 sections 7.3.2.1.1, E.1.1).
enum H264Timing {
  /// Frames a second of the first parameter set of an Annex B stream, as a fraction; nil where it does not say, or says
  /// what is out of 1...240.
  static func frameRate(_ bytes: [UInt8]) -> (numerator: Int64, denominator: Int64)? {
    var position = nextStartCode(bytes, from: 0)
    while let code = position {
      position = nextStartCode(bytes, from: code.upperBound)
      guard code.upperBound < bytes.count, bytes[code.upperBound] & 31 == 7 else { continue }
      let end = min(position?.lowerBound ?? bytes.count, code.upperBound + 1_024)
      var bits = Bits(Self.unescaped(bytes[(code.upperBound + 1)..<end]))
      guard let (ticks, scale) = try? Self.timing(&bits), ticks > 0 else { return nil }
      // A frame is two fields, of a tick each.
      let (numerator, denominator) = (Int64(scale), 2 * Int64(ticks))
      return (denominator...(240 * denominator)).contains(numerator) ? (numerator, denominator) : nil
    }
    return nil
  }

  /// Without the emulation prevention bytes (section 7.4.1).
  private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var zeros = 0
    for byte in bytes {
      if zeros >= 2, byte == 3 {
        zeros = 0
        continue
      }
      zeros = byte == 0 ? zeros + 1 : 0
      result.append(byte)
    }
    return result
  }

  /// num_units_in_tick and time_scale.
  private static func timing(_ bits: inout Bits) throws(MediaFileError) -> (UInt32, UInt32)? {
    let profile = try bits.read(8)
    _ = try bits.read(16)
    _ = try bits.golomb()
    if [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].contains(profile) { try self.skipChroma(&bits) }
    _ = try bits.golomb()  // log2_max_frame_num_minus4
    switch try bits.golomb() {  // pic_order_cnt_type
    case 0: _ = try bits.golomb()
    case 1:
      _ = try bits.read(1)
      _ = try bits.golomb()
      _ = try bits.golomb()
      let count = try bits.golomb()
      guard count < 256 else { throw .malformed }
      for _ in 0..<count { _ = try bits.golomb() }
    default: break
    }
    _ = try bits.golomb()  // max_num_ref_frames
    _ = try bits.read(1)
    _ = try bits.golomb()  // width and height in macroblocks
    _ = try bits.golomb()
    if try bits.read(1) == 0 { _ = try bits.read(1) }
    _ = try bits.read(1)
    if try bits.read(1) == 1 { for _ in 0..<4 { _ = try bits.golomb() } }  // cropping
    guard try bits.read(1) == 1 else { return nil }  // vui_parameters_present_flag
    if try bits.read(1) == 1, try bits.read(8) == 255 { _ = try bits.read(32) }  // aspect ratio
    if try bits.read(1) == 1 { _ = try bits.read(1) }  // overscan
    if try bits.read(1) == 1 {  // video signal
      _ = try bits.read(4)
      if try bits.read(1) == 1 { _ = try bits.read(24) }
    }
    if try bits.read(1) == 1 {  // chroma location
      _ = try bits.golomb()
      _ = try bits.golomb()
    }
    guard try bits.read(1) == 1 else { return nil }  // timing_info_present_flag
    return (try bits.read(32), try bits.read(32))
  }

  private static func skipChroma(_ bits: inout Bits) throws(MediaFileError) {
    let format = try bits.golomb()
    if format == 3 { _ = try bits.read(1) }
    _ = try bits.golomb()
    _ = try bits.golomb()
    _ = try bits.read(1)
    guard try bits.read(1) == 1 else { return }  // seq_scaling_matrix_present_flag
    for list in 0..<(format == 3 ? 12 : 8) where try bits.read(1) == 1 {
      var next: Int64 = 8
      for _ in 0..<(list < 6 ? 16 : 64) where next != 0 {
        let code = Int64(try bits.golomb())
        next = (next + (code & 1 == 1 ? (code + 1) / 2 : -code / 2) + 256) & 255
      }
    }
  }
}

/// Reads bits, the highest of each byte first.
private struct Bits {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// - Parameter count: 1...32.
  mutating func read(_ count: Int) throws(MediaFileError) -> UInt32 {
    guard count <= self.bytes.count * 8 - self.position else { throw .truncated }
    var value: UInt32 = 0
    for _ in 0..<count {
      value = value << 1 | UInt32(self.bytes[self.position >> 3] >> UInt8(7 - self.position & 7) & 1)
      self.position += 1
    }
    return value
  }

  /// An Exp-Golomb code, ue(v) (section 9.1).
  mutating func golomb() throws(MediaFileError) -> UInt32 {
    var zeros = 0
    while try self.read(1) == 0 {
      zeros += 1
      guard zeros < 32 else { throw .malformed }
    }
    return zeros == 0 ? 0 : (1 << UInt32(zeros)) - 1 + (try self.read(zeros))
  }
}
