#if Audio
import Bytes
import RTP

extension Span<UInt8> {
  /// The value of a parameter in what an `a=fmtp` line has behind the format: "a=1; b=2". `name` in lower case.
  @inline(never)
  func parameter(_ name: StaticString, in range: Range<Int>) -> Range<Int>? {
    var start = range.lowerBound
    while start < range.upperBound {
      let end = self.firstIndex(of: UInt8(ascii: ";"), in: start..<range.upperBound) ?? range.upperBound
      let sign = self.firstIndex(of: UInt8(ascii: "="), in: start..<end) ?? end
      if self.matchesIgnoringCase(name, in: self.trimmingSpaces(start..<sign)) {
        return self.trimmingSpaces(Swift.min(sign &+ 1, end)..<end)
      }
      start = end &+ 1
    }
    return nil
  }

  /// Nil where it is absent or no number.
  func number(_ name: StaticString, in range: Range<Int>) -> UInt64? {
    guard let value = self.parameter(name, in: range) else { return nil }
    return self.decimal(in: value)
  }
}

extension OpusParameters {
  /// RFC 7587 section 6.1; what is absent or senseless has its default.
  init(_ text: Span<UInt8>, in parameters: Range<Int>) {
    self.init()
    self.prefersStereo = text.number("stereo", in: parameters) == 1
    self.usesInbandFEC = text.number("useinbandfec", in: parameters) == 1
    self.usesDTX = text.number("usedtx", in: parameters) == 1
    self.maximumAverageBitRate = UInt32(clamping: text.number("maxaveragebitrate", in: parameters) ?? 0)
  }
}

extension H264Parameters {
  /// RFC 6184 section 8.1; nil for what the engine cannot take: interleaved mode, a profile that is not one.
  init?(_ text: Span<UInt8>, in parameters: Range<Int>) {
    self.init()
    // Baseline profile at level 1 and single NAL units, unless told.
    self.profileLevelID = 0x42_00_0a
    if let value = text.parameter("profile-level-id", in: parameters) {
      guard value.count == 6 else { return nil }
      var id: UInt32 = 0
      var index = value.lowerBound
      while index < value.upperBound {
        guard let digit = text[index].hexadecimalValue else { return nil }
        id = id &<< 4 | UInt32(digit)
        index &+= 1
      }
      self.profileLevelID = id
    }
    self.packetizationMode = 0
    if let value = text.parameter("packetization-mode", in: parameters) {
      guard let mode = text.decimal(in: value), mode <= 1 else { return nil }
      self.packetizationMode = UInt8(truncatingIfNeeded: mode)
    }
    self.allowsLevelAsymmetry = text.number("level-asymmetry-allowed", in: parameters) == 1
  }
}
#endif
