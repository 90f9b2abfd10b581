import Bytes

/// Where key frames of H264 begin, which needs more care than `PayloadFacts.start` takes: an IDR slice can begin an access
/// unit, but the parameter sets that usually precede it may be what is missing.
enum KeyFrameStart {
  /// Whether a key frame begins with this payload, for sure; withdraws the claim of an IDR slice to be a start.
  static func find(in payload: Span<UInt8>, _ facts: inout PayloadFacts, format: CodecFormat) -> Bool {
    guard format == .h264 else { return facts.start == .yes && facts.isKeyFrame }
    guard facts.start == .yes, payload.count > 1 else { return false }
    // nal_unit_type, RFC 6184 sections 5.3, 5.7.1 and 5.8.
    let type = payload[0] & 0x1F
    switch type {
    case 5: facts.start = .unknown
    case 28 where payload[1] & 0x1F == 5: facts.start = .unknown
    case 7: return true
    case 24: return self.beginsWithSPS(aggregate: payload)
    default: break
    }
    return false
  }

  /// A delimiter may precede the SPS. The sizes in the payload were checked.
  private static func beginsWithSPS(aggregate payload: Span<UInt8>) -> Bool {
    var offset = 1
    while payload.count &- offset > 2 {
      let type = payload[offset &+ 2] & 0x1F
      guard type == 9 else { return type == 7 }
      offset &+= 2 &+ (Int(payload[offset]) &<< 8 | Int(payload[offset &+ 1]))
    }
    return false
  }
}
