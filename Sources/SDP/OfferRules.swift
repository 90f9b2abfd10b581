import Bytes

#if Audio
import RTP
#endif

extension LocalSection {
  var isUsed: Bool {
    if case .unused = self { false } else { true }
  }

  /// The mid of a section in use in an offer of ours.
  var mid: [UInt8] {
    switch self {
    case .data(let mid): mid
    #if Audio
    case .offered(let media): media.mid
    case .accepted: []
    #endif
    case .unused: []
    }
  }
}

/// The sections in use, the order of the group before kept: its first is where the transport's candidates stand, and stays so
/// for as long as it is in use (RFC 9143 section 7.5).
func bundleOrder(of sections: [LocalSection], after previous: SessionDescription?) -> [Int] {
  var order: [Int] = []
  if let previous, let group = previous.bundleGroups.first {
    for mid in group {
      guard let index = previous.section(withMid: mid), index < sections.count,
        bytesEqual(sections[index].mid.span, previous.bytes(in: mid)), !order.contains(index)
      else { continue }
      order.append(index)
    }
  }
  var index = 0
  while index < sections.count {
    if sections[index].isUsed, !order.contains(index) { order.append(index) }
    index &+= 1
  }
  return order
}

extension SessionDescription {
  /// Where the next offer of ours puts a new section, `self` being our last description: in the place of an unused one (RFC
  /// 8829 section 5.2.2), or behind all.
  ///
  /// Not before the first section in use, though: Chromium's answers order the BUNDLE group by place, so the group would come
  /// to stand for another transport than it did.
  public var placeForNewSection: Int {
    var isBehindFirst = false
    var index = 0
    while index < self.sections.count {
      if !self.isRejected(index) {
        isBehindFirst = true
      } else if isBehindFirst {
        return index
      }
      index &+= 1
    }
    return index
  }
}

/// Whether the sections can be an offer that follows `previous`.
func offerIsValid(_ sections: [LocalSection], after previous: SessionDescription?) -> Bool {
  guard !sections.isEmpty, sections.count <= SessionDescription.Limits().sections,
    sections.count >= previous?.sections.count ?? 0
  else { return false }
  var mids: [[UInt8]] = []
  var hasData = false
  var index = 0
  while index < sections.count {
    var mid = sections[index].mid
    switch sections[index] {
    case .data:
      guard isToken(mid), !hasData else { return false }
      hasData = true
    #if Audio
    case .offered(let media):
      guard isToken(mid), media.isValid else { return false }
    case .accepted: return false
    #endif
    case .unused:
      guard let previous, index < previous.sections.count else { return false }
      mid = previous.array(previous.sections[index].mid) ?? []
    }
    guard mid.isEmpty || !mids.contains(mid) else { return false }
    mids.append(mid)
    index &+= 1
  }
  #if Audio
  return payloadTypesAgree(sections)
  #else
  return true
  #endif
}

/// Whether the sections can be written into an answer.
func answerIsValid(_ sections: [LocalSection]) -> Bool {
  #if Audio
  for section in sections {
    if case .accepted(let media) = section, let source = media.source, !source.isValid { return false }
  }
  #endif
  return true
}

#if Audio

/// RFC 9143 section 9.1.1: a payload type means the same wherever it stands.
private func payloadTypesAgree(_ sections: [LocalSection]) -> Bool {
  var identifiers = BundleIdentifiers()
  for section in sections {
    guard case .offered(let media) = section else { continue }
    guard identifiers.claim(media.capabilities) else { return false }
  }
  return true
}
#endif

/// Whether the bytes can be a mid.
@inline(never)
func isToken(_ bytes: [UInt8], atMost limit: Int = maximumValueLength) -> Bool {
  let span = bytes.span
  return span.count > 0 && span.count <= limit && span.allSatisfy(in: 0..<span.count, { $0.isTokenCharacter })
}

#if Audio

extension OfferedMedia {
  var isValid: Bool {
    guard !self.capabilities.codecs.isEmpty else { return false }
    for codec in self.capabilities.codecs where codec.codec.kind != self.capabilities.kind { return false }
    return self.source?.isValid ?? true
  }
}

extension LocalSource {
  var isValid: Bool {
    (self.streamID.isEmpty || isToken(self.streamID, atMost: 64)) && isToken(self.trackID, atMost: 64)
      && self.cname.count <= 255 && isLineText(self.cname)
  }
}
#endif
