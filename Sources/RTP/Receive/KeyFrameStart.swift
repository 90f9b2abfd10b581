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
    case 24: return Self.aggregateBegins(payload)
    default: break
    }
    return false
  }

  /// The sequence parameter set comes first in an aggregate, or after the delimiter, which encoders in an Annex B stream put there.
  private static func aggregateBegins(_ payload: Span<UInt8>) -> Bool {
    guard let first = H264Payload.aggregatedUnit(of: payload, at: 1) else { return false }
    let type = payload[first.lowerBound] & H264NAL.typeMask
    guard type == H264NAL.delimiter else { return type == H264NAL.sps }
    guard let second = H264Payload.aggregatedUnit(of: payload, at: first.upperBound) else { return false }
    return payload[second.lowerBound] & H264NAL.typeMask == H264NAL.sps
  }
}
