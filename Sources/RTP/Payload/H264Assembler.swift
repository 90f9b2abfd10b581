import Bytes

#if Video

/// The state of an access unit that is put together, and the picture size that the last SPS told.
struct H264Assembler: Sendable {
  var hasIDR = false
  var isEmpty = true
  /// The NAL unit type of a fragmented unit that has begun; 0: none.
  var fragmentedType: UInt8 = 0
  /// Where that unit's header was written.
  var fragmentedStart = 0
  var width: UInt16 = 0
  var height: UInt16 = 0

  mutating func begin() {
    self.hasIDR = false
    self.isEmpty = true
    self.fragmentedType = 0
  }

  mutating func append(_ payload: Span<UInt8>, into writer: inout SpanWriter) -> Bool {
    guard payload.count > 0, payload[0] & H264NAL.forbiddenBit == 0 else { return false }
    let type = payload[0] & H264NAL.typeMask
    if type == H264NAL.fuA { return self.appendFragment(payload, into: &writer) }
    // A unit whose last fragment is missing cannot be ended by another unit.
    guard self.fragmentedType == 0 else { return false }
    switch type {
    case 1...23: return self.appendUnit(payload, into: &writer)
    case H264NAL.stapA:
      guard payload.count > 1 else { return false }
      var offset = 1
      while offset < payload.count {
        guard let unit = H264Payload.aggregatedUnit(of: payload, at: offset), H264NAL.isPlain(payload[unit.lowerBound]),
          self.appendUnit(payload.extracting(unit), into: &writer)
        else { return false }
        offset = unit.upperBound
      }
      return true
    default: return false
    }
  }

  mutating func finish() -> FrameFacts? {
    guard !self.isEmpty, self.fragmentedType == 0 else { return nil }
    return FrameFacts(isKeyFrame: self.hasIDR, width: self.width, height: self.height)
  }

  private mutating func appendUnit(_ unit: Span<UInt8>, into writer: inout SpanWriter) -> Bool {
    writer.write(1 as UInt32)
    let start = writer.count
    writer.write(unit)
    guard !writer.overflowed else { return false }
    self.endUnit(type: unit[0] & H264NAL.typeMask, from: start, in: writer)
    return true
  }

  /// RFC 6184 section 5.8: the unit's header is split between the FU indicator and the FU header. A unit in one fragment, which none
  /// should send, is clear enough.
  private mutating func appendFragment(_ payload: Span<UInt8>, into writer: inout SpanWriter) -> Bool {
    guard payload.count >= 2 else { return false }
    let header = payload[1]
    let type = header & H264NAL.typeMask
    guard type >= 1, type <= 23 else { return false }
    if header & H264Payload.FragmentHeader.start != 0 {
      guard self.fragmentedType == 0 else { return false }
      writer.write(1 as UInt32)
      self.fragmentedStart = writer.count
      self.fragmentedType = type
      writer.write(payload[0] & H264NAL.importanceMask | type)
    } else {
      guard self.fragmentedType == type else { return false }
    }
    writer.write(payload.extracting(2..<payload.count))
    guard !writer.overflowed else { return false }
    if header & H264Payload.FragmentHeader.end != 0 {
      self.fragmentedType = 0
      self.endUnit(type: type, from: self.fragmentedStart, in: writer)
    }
    return true
  }

  private mutating func endUnit(type: UInt8, from start: Int, in writer: borrowing SpanWriter) {
    self.isEmpty = false
    if type == H264NAL.idrSlice { self.hasIDR = true }
    if type == H264NAL.sps, start <= writer.count, let size = H264PictureSize(sps: writer.bytes(in: start..<writer.count)) {
      self.width = size.width
      self.height = size.height
    }
  }
}

#endif
