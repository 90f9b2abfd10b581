import Bytes

#if Video

/// nal_unit_type (ITU-T H.264 table 7-1), 24 and up as RFC 6184 table 1 uses them.
enum H264NAL {
  static let slice: UInt8 = 1
  static let partitionA: UInt8 = 2
  static let idrSlice: UInt8 = 5
  static let sei: UInt8 = 6
  static let sps: UInt8 = 7
  static let pps: UInt8 = 8
  static let delimiter: UInt8 = 9
  static let prefix: UInt8 = 14
  static let subsetSPS: UInt8 = 15
  static let stapA: UInt8 = 24
  static let fuA: UInt8 = 28

  static let forbiddenBit: UInt8 = 0x80
  static let typeMask: UInt8 = 0x1F
  static let importanceMask: UInt8 = 0x60

  /// Whether it is a NAL unit that stands for itself: no structure of RFC 6184, no forbidden_zero_bit.
  static func isPlain(_ header: UInt8) -> Bool {
    let type = header & Self.typeMask
    return header & Self.forbiddenBit == 0 && type >= 1 && type <= 23
  }

  /// Whether an access unit can begin with this NAL unit (ITU-T H.264 7.4.1.2.3), the byte after its header being `next`.
  static func start(type: UInt8, next: UInt8?) -> PayloadFacts.Start {
    switch type {
    case Self.slice, Self.partitionA, Self.idrSlice:
      // first_mb_in_slice comes first in a slice header; 0 is coded as a single one bit.
      guard let next else { return .unknown }
      return next & 0x80 != 0 ? .yes : .no
    case Self.sps, Self.delimiter: return .yes
    case Self.sei, Self.pps, Self.prefix, Self.subsetSPS: return .unknown
    default: return .no
    }
  }
}

#endif
