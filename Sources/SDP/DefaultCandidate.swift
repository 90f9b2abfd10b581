import Bytes

/// The address for the `c=` and `m=` lines: that of the candidate most likely to be reached by a peer without ICE
/// (RFC 8839 section 4.2.1.2), or none.
struct DefaultCandidate {
  let candidate: Int
  let address: Range<Int>
  let port: UInt16
  let isIPv6: Bool

  /// Among UDP candidates: relayed before reflexive before host, IPv4 before IPv6. Host names, mDNS ones above all,
  /// say nothing.
  static func choose(among candidates: [[UInt8]]) -> DefaultCandidate? {
    var best: DefaultCandidate?
    var bestRank = 0
    var index = 0
    while index < candidates.count {
      let text = candidates[index]
      if let (candidate, rank) = Self.parse(text.span, index: index), rank > bestRank {
        best = candidate
        bestRank = rank
      }
      index &+= 1
    }
    return best
  }

  /// RFC 8839 section 5.1: foundation, component, transport, priority, address, port, "typ", type.
  private static func parse(_ text: Span<UInt8>, index: Int) -> (DefaultCandidate, rank: Int)? {
    var rest = 0..<text.count
    guard text.nextToken(of: &rest) != nil, let component = text.nextToken(of: &rest),
      let transport = text.nextToken(of: &rest), text.nextToken(of: &rest) != nil,
      let address = text.nextToken(of: &rest), let portText = text.nextToken(of: &rest),
      // In an `m=` line it would say that the section is rejected (RFC 3264 section 6).
      let port = text.port(in: portText), port != 0, text.nextToken(of: &rest) != nil, let type = text.nextToken(of: &rest),
      text.matches("1", in: component), text.matchesIgnoringCase("udp", in: transport)
    else { return nil }
    let isIPv6 = text.firstIndex(of: Span<UInt8>.colon, in: address) != nil
    guard isIPv6 || text.allSatisfy(in: address, { $0 == UInt8(ascii: ".") || $0 >= 0x30 && $0 <= 0x39 }) else {
      return nil
    }
    var rank = isIPv6 ? 1 : 2
    if text.matches("relay", in: type) {
      rank &+= 4
    } else if text.matches("srflx", in: type) {
      rank &+= 2
    }
    return (DefaultCandidate(candidate: index, address: address, port: port, isIPv6: isIPv6), rank)
  }
}
