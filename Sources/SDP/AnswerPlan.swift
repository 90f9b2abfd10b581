#if Audio
import RTP
#endif

/// How an offer's sections and our answers to them fit together.
struct AnswerPlan {
  /// The section whose transport is used: of those accepted, the first by the order of the BUNDLE group (RFC 9143 section
  /// 7.3.1). Nil where all are rejected.
  let transport: Int?
  let data: Int?

  /// Throws `invalidLocalParameters` where the answers do not fit: one for each section, of its kind, data channels once, and
  /// all that is accepted on one transport.
  init(_ offer: SessionDescription, _ sections: [LocalSection]) throws(SDPError) {
    guard sections.count == offer.sections.count else { throw SDPError(.invalidLocalParameters) }
    var first: Int?
    var data: Int?
    var index = 0
    while index < sections.count {
      switch (sections[index], offer.use(of: index, sharing: first)) {
      case (.unused, _): break
      case (.data, .data):
        guard data == nil else { throw SDPError(.invalidLocalParameters) }
        data = index
        first = first ?? index
      #if Audio
      case (.accepted(let media), .media(let kind)):
        guard media.parameters.kind == kind else { throw SDPError(.invalidLocalParameters) }
        first = first ?? index
      #endif
      default: throw SDPError(.invalidLocalParameters)
      }
      index &+= 1
    }
    self.data = data
    self.transport = first.map { Self.tag(of: offer, sections, group: $0) }
  }

  private static func tag(of offer: SessionDescription, _ sections: [LocalSection], group index: Int) -> Int {
    guard let group = offer.bundleGroup(of: index) else { return index }
    for mid in group {
      if let tagged = offer.section(withMid: mid), sections[tagged].isUsed { return tagged }
    }
    return index
  }
}
