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
    case 24 where payload.count > 3: return payload[3] & 0x1F == 7
    default: break
    }
    return false
  }
}
