#if Audio
import Bytes
import RTP

/// Gathers the streams that a section announces by SSRC (RFC 5576).
struct SourceReader {
  private var ssrcs: [UInt32] = []
  /// Of `a=ssrc-group`: streams, and what repairs them.
  private var repairs: [(ssrc: UInt32, by: UInt32, isRTX: Bool)] = []
  private(set) var cname: [UInt8] = []
  /// Where streams were named before there was `a=msid`.
  private(set) var msid: Range<Int>?

  /// Takes the attribute if it is about a stream; says whether it was.
  mutating func parse(_ text: Span<UInt8>, name: Range<Int>, value: Range<Int>) -> Bool {
    if text.matchesIgnoringCase("ssrc", in: name) {
      self.parseSource(text, value)
    } else if text.matchesIgnoringCase("ssrc-group", in: name) {
      self.parseGroup(text, value)
    } else {
      return false
    }
    return true
  }

  private mutating func parseSource(_ text: Span<UInt8>, _ value: Range<Int>) {
    var rest = value
    guard let number = text.nextToken(of: &rest), let ssrc = text.ssrc(in: number) else { return }
    self.add(ssrc)
    let attribute = text.trimmingSpaces(rest)
    guard let colon = text.firstIndex(of: Span<UInt8>.colon, in: attribute) else { return }
    let name = attribute.lowerBound..<colon
    let value = text.trimmingSpaces((colon &+ 1)..<attribute.upperBound)
    guard !value.isEmpty else { return }
    if text.matchesIgnoringCase("cname", in: name), self.cname.isEmpty, value.count <= MediaDescription.Limits.identifier {
      self.cname = arrayCopy(text.extracting(value))
    } else if text.matchesIgnoringCase("msid", in: name), self.msid == nil {
      self.msid = value
    }
  }

  private mutating func parseGroup(_ text: Span<UInt8>, _ value: Range<Int>) {
    var rest = value
    guard let semantics = text.nextToken(of: &rest) else { return }
    let isRTX = text.matches("FID", in: semantics)
    guard isRTX || text.matches("FEC-FR", in: semantics) || text.matches("FEC", in: semantics),
      let first = text.nextToken(of: &rest), let second = text.nextToken(of: &rest), let ssrc = text.ssrc(in: first),
      let repair = text.ssrc(in: second), ssrc != repair, self.repairs.count < 2 &* MediaDescription.Limits.streams,
      !self.repairs.contains(where: { $0.by == repair || $0.by == ssrc || $0.ssrc == repair })
    else { return }
    self.repairs.append((ssrc, repair, isRTX))
    self.add(ssrc)
  }

  private mutating func add(_ ssrc: UInt32) {
    // RTX and FEC streams are among them until the groups are known.
    guard self.ssrcs.count < 3 &* MediaDescription.Limits.streams, !self.ssrcs.contains(ssrc) else { return }
    self.ssrcs.append(ssrc)
  }

  var streams: [AnnouncedStream] {
    var result: [AnnouncedStream] = []
    for ssrc in self.ssrcs where !self.repairs.contains(where: { $0.by == ssrc }) {
      guard result.count < MediaDescription.Limits.streams else { break }
      let rtx = self.repairs.first { $0.ssrc == ssrc && $0.isRTX }?.by
      result.append(AnnouncedStream(ssrc: ssrc, rtxSSRC: rtx))
    }
    return result
  }
}

extension Span<UInt8> {
  fileprivate func ssrc(in range: Range<Int>) -> UInt32? {
    guard let value = self.decimal(in: range) else { return nil }
    return UInt32(exactly: value)
  }
}
#endif
