#if Audio
import Bytes
import RTP

/// Gathers what a section says of the formats on its `m=` line: `a=rtpmap`, `a=fmtp` and `a=rtcp-fb`.
struct FormatReader {
  private struct Entry {
    let payloadType: UInt8
    var map: Range<Int>?
    var parameters: Range<Int>?
    var feedback: MediaDescription.Feedback = []
  }

  private var entries: [Entry] = []
  /// For each payload type its place among the entries, plus one.
  private var places = [UInt8](repeating: 0, count: 128)
  private var feedbackOfAll: MediaDescription.Feedback = []

  init(_ text: Span<UInt8>, in formats: Range<Int>) {
    var rest = formats
    while let format = text.nextToken(of: &rest) {
      guard let number = text.decimal(in: format), let payloadType = UInt8(exactly: number),
        isRTPPayloadType(payloadType), self.places[Int(payloadType)] == 0
      else { continue }
      self.entries.append(Entry(payloadType: payloadType))
      self.places[Int(payloadType)] = UInt8(truncatingIfNeeded: self.entries.count)
    }
  }

  /// Takes the attribute if it is about a format; says whether it was. One for a format that is not on the `m=` line says
  /// nothing (Firefox has some), nor does the second of a kind.
  mutating func parse(_ text: Span<UInt8>, name: Range<Int>, value: Range<Int>) -> Bool {
    let isMap = text.matchesIgnoringCase("rtpmap", in: name)
    let isParameters = !isMap && text.matchesIgnoringCase("fmtp", in: name)
    guard isMap || isParameters || text.matchesIgnoringCase("rtcp-fb", in: name) else { return false }
    var rest = value
    guard let format = text.nextToken(of: &rest) else { return true }
    let behind = text.trimmingSpaces(rest)
    if !isMap && !isParameters && text.matches("*", in: format) {
      self.feedbackOfAll.formUnion(Self.feedback(text, in: behind))
      return true
    }
    guard let number = text.decimal(in: format), number < 128 else { return true }
    let place = Int(self.places[Int(truncatingIfNeeded: number)]) &- 1
    guard place >= 0 else { return true }
    if isMap {
      self.entries[place].map = self.entries[place].map ?? behind
    } else if isParameters {
      self.entries[place].parameters = self.entries[place].parameters ?? behind
    } else {
      self.entries[place].feedback.formUnion(Self.feedback(text, in: behind))
    }
    return true
  }

  /// RFC 4585 section 4.2, RFC 5104 section 7.1.
  private static func feedback(_ text: Span<UInt8>, in range: Range<Int>) -> MediaDescription.Feedback {
    var rest = range
    guard let kind = text.nextToken(of: &rest) else { return [] }
    let parameter = text.nextToken(of: &rest)
    if text.matchesIgnoringCase("nack", in: kind) {
      guard let parameter else { return .nack }
      return text.matchesIgnoringCase("pli", in: parameter) ? .pli : []
    }
    if text.matchesIgnoringCase("ccm", in: kind), let parameter {
      return text.matchesIgnoringCase("fir", in: parameter) ? .fir : []
    }
    if text.matchesIgnoringCase("goog-remb", in: kind) { return .remb }
    return text.matchesIgnoringCase("transport-cc", in: kind) ? .transportCC : []
  }

  func formats(in text: Span<UInt8>, kind: MediaKind) -> [MediaDescription.Format] {
    var result: [MediaDescription.Format] = []
    result.reserveCapacity(self.entries.count)
    for entry in self.entries {
      result.append(
        MediaDescription.Format(
          payloadType: entry.payloadType, encoding: Self.encoding(entry, in: text, kind: kind),
          feedback: entry.feedback.union(self.feedbackOfAll)))
    }
    return result
  }

  private static func encoding(
    _ entry: Entry, in text: Span<UInt8>, kind: MediaKind
  ) -> MediaDescription.Format.Encoding {
    let parameters = entry.parameters ?? 0..<0
    guard let map = entry.map else {
      // RFC 3551 section 6: these need no rtpmap.
      switch (entry.payloadType, kind) {
      case (0, .audio): return .codec(Codec(.pcmu))
      case (8, .audio): return .codec(Codec(.pcma))
      case (26, .video): return .codec(Codec(.jpeg))
      default: return .other
      }
    }
    // RFC 8866 section 6.6: name, clock rate, and for audio channels, of which there is one unless told.
    let slash = text.firstIndex(of: UInt8(ascii: "/"), in: map) ?? map.upperBound
    let name = text.trimmingSpaces(map.lowerBound..<slash)
    let behind = min(slash &+ 1, map.upperBound)..<map.upperBound
    let second = text.firstIndex(of: UInt8(ascii: "/"), in: behind) ?? behind.upperBound
    guard let clockRate = text.decimal(in: text.trimmingSpaces(behind.lowerBound..<second)) else { return .other }
    let channels = text.trimmingSpaces(min(second &+ 1, behind.upperBound)..<behind.upperBound)
    if text.matchesIgnoringCase("rtx", in: name) {
      guard let apt = text.number("apt", in: parameters), let original = UInt8(exactly: apt) else { return .other }
      return .rtx(apt: original)
    }
    for format in CodecFormat.allCases where format.kind == kind && text.matchesIgnoringCase(format.lowercasedName, in: name) {
      guard clockRate == UInt64(format.clockRate) else { return .other }
      var codec = Codec(format)
      switch format {
      case .pcmu, .pcma:
        guard channels.isEmpty || text.matches("1", in: channels) else { return .other }
      case .opus: codec.opus = OpusParameters(text, in: parameters)
      case .h264:
        guard carriesVideo, let h264 = H264Parameters(text, in: parameters) else { return .other }
        codec.h264 = h264
      case .vp8, .jpeg: break
      }
      return .codec(codec)
    }
    return .other
  }
}

extension CodecFormat {
  /// Names are compared without regard to case (RFC 4855 section 3).
  fileprivate var lowercasedName: StaticString {
    switch self {
    case .pcmu: "pcmu"
    case .pcma: "pcma"
    case .opus: "opus"
    case .h264: "h264"
    case .vp8: "vp8"
    case .jpeg: "jpeg"
    }
  }
}
#endif
