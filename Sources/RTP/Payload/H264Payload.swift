import Bytes

#if Video

/// Payloads of RFC 6184 in its non-interleaved mode: single NAL units, STAP-A and FU-A.
enum H264Payload {
  static let startCodeSize = 4

  /// The types of the interleaved mode (STAP-B, MTAP, FU-B), which is never negotiated, and the undefined ones count as malformed.
  static func inspect(_ payload: Span<UInt8>, marker: Bool) -> PayloadFacts? {
    guard payload.count > 0, payload[0] & H264NAL.forbiddenBit == 0 else { return nil }
    let type = payload[0] & H264NAL.typeMask
    switch type {
    case 1...23:
      return PayloadFacts(
        start: H264NAL.start(type: type, next: payload.count > 1 ? payload[1] : nil), endsFrame: marker,
        isKeyFrame: type == H264NAL.idrSlice, assembledSize: payload.count &+ Self.startCodeSize)
    case H264NAL.stapA: return Self.inspectAggregate(payload, marker: marker)
    case H264NAL.fuA:
      guard payload.count >= 2 else { return nil }
      let header = payload[1]
      let inner = header & H264NAL.typeMask
      guard inner >= 1, inner <= 23 else { return nil }
      let begins = header & FragmentHeader.start != 0
      return PayloadFacts(
        start: begins ? H264NAL.start(type: inner, next: payload.count > 2 ? payload[2] : nil) : .no, endsFrame: marker,
        isKeyFrame: inner == H264NAL.idrSlice,
        assembledSize: payload.count &- 2 &+ (begins ? Self.startCodeSize &+ 1 : 0))
    default: return nil
    }
  }

  /// RFC 6184 section 5.7.1.
  static func inspectAggregate(_ payload: Span<UInt8>, marker: Bool) -> PayloadFacts? {
    var facts = PayloadFacts(start: .unknown, endsFrame: marker, isKeyFrame: false, assembledSize: 0)
    var offset = 1
    while offset < payload.count {
      guard let unit = Self.aggregatedUnit(of: payload, at: offset) else { return nil }
      let header = payload[unit.lowerBound]
      guard H264NAL.isPlain(header) else { return nil }
      let type = header & H264NAL.typeMask
      // What may come first or not (SEI, PPS) leaves the question to what follows it.
      if facts.start == .unknown {
        facts.start = H264NAL.start(type: type, next: unit.count > 1 ? payload[unit.lowerBound &+ 1] : nil)
      }
      facts.isKeyFrame = facts.isKeyFrame || type == H264NAL.idrSlice
      facts.assembledSize &+= unit.count &+ Self.startCodeSize
      offset = unit.upperBound
    }
    return facts.assembledSize > 0 ? facts : nil
  }

  /// The NAL unit whose size field is at `offset`; nil where the size lies.
  static func aggregatedUnit(of payload: Span<UInt8>, at offset: Int) -> Range<Int>? {
    guard payload.count &- offset >= 3 else { return nil }
    let size = Int(payload[offset]) &<< 8 | Int(payload[offset &+ 1])
    let start = offset &+ 2
    guard size >= 1, size <= payload.count &- start else { return nil }
    return start..<(start &+ size)
  }

  /// Bits of the FU header (RFC 6184 section 5.8).
  enum FragmentHeader {
    static let start: UInt8 = 0x80
    static let end: UInt8 = 0x40
  }
}

#endif
