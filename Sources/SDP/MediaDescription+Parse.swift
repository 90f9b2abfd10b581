#if Audio
import Bytes
import RTP

extension MediaDescription {
  /// Takes what the section, and the session level for it, say. Attributes may stand in any order: Firefox has `a=fmtp` before
  /// `a=rtpmap`.
  mutating func parse(_ description: SessionDescription, _ index: Int) {
    let section = description.sections[index]
    let text = description.text.span
    self.mid = description.array(section.mid) ?? []
    self.direction = section.direction ?? description.direction ?? .sendrecv
    var reader = FormatReader(text, in: section.formats.range)
    var sources = SourceReader()
    let session = 0..<(description.sections.first?.lines.lowerBound ?? 0)
    for line in description.lines[session] where line.type == UInt8(ascii: "a") {
      let (name, value) = text.attribute(in: line.value.range)
      _ = self.parseExtension(text, name: name, value: value)
    }
    for line in description.lines[section.lines] where line.type == UInt8(ascii: "a") {
      let (name, value) = text.attribute(in: line.value.range)
      if self.parseExtension(text, name: name, value: value) || reader.parse(text, name: name, value: value)
        || sources.parse(text, name: name, value: value)
      {
        continue
      }
      self.parse(text, name: name, value: value)
    }
    self.formats = reader.formats(in: text, kind: self.kind)
    self.streams = sources.streams
    self.cname = sources.cname
    if self.streamIDs.isEmpty && self.trackID.isEmpty, let legacy = sources.msid { self.parseMSID(text, legacy) }
    let sent = self.rids
    self.simulcast.removeAll { id in !sent.contains { $0.isSent && $0.id == id } }
  }

  private mutating func parse(_ text: Span<UInt8>, name: Range<Int>, value: Range<Int>) {
    if text.matchesIgnoringCase("rtcp-rsize", in: name) {
      self.reducedSize = true
    } else if text.matchesIgnoringCase("msid", in: name) {
      self.parseMSID(text, value)
    } else if text.matchesIgnoringCase("rid", in: name) {
      self.parseRID(text, value)
    } else if text.matchesIgnoringCase("simulcast", in: name) {
      self.parseSimulcast(text, value)
    }
  }

  /// RFC 8285 section 5: id, direction, name and attributes; at either level. Ids beyond a byte are for offers of more
  /// extensions than there are ids, and mean nothing until one is offered again with a better one.
  private mutating func parseExtension(_ text: Span<UInt8>, name: Range<Int>, value: Range<Int>) -> Bool {
    if text.matchesIgnoringCase("extmap-allow-mixed", in: name) {
      self.allowsMixedExtensions = true
      return true
    }
    guard text.matchesIgnoringCase("extmap", in: name) else { return false }
    var rest = value
    guard let first = text.nextToken(of: &rest), let uri = text.nextToken(of: &rest) else { return true }
    let slash = text.firstIndex(of: UInt8(ascii: "/"), in: first) ?? first.upperBound
    guard let number = text.decimal(in: first.lowerBound..<slash), let id = UInt8(exactly: number), id != 0, id != 15 else {
      return true
    }
    var direction = MediaSection.Direction.sendrecv
    if slash < first.upperBound {
      guard let given = MediaSection.Direction(text, in: (slash &+ 1)..<first.upperBound) else { return true }
      direction = given
    }
    // An id twice: nobody can tell which is meant. The first is taken, as is the first id of a name.
    guard !self.extensions.contains(where: { $0.id == id }) else { return true }
    let known = HeaderExtension.allCases.first { text.matches($0.uri, in: uri) }
    let isRepeated = known != nil && self.extensions.contains { $0.name == known }
    self.extensions.append(ExtensionMapping(name: isRepeated ? nil : known, id: id, direction: direction))
    return true
  }

  /// RFC 8830 section 2: a MediaStream's id, or '-' for none, and the track's. Several lines name several streams of one track.
  private mutating func parseMSID(_ text: Span<UInt8>, _ value: Range<Int>) {
    var rest = value
    guard let stream = text.nextToken(of: &rest), stream.count <= Limits.identifier else { return }
    if !text.matches("-", in: stream), self.streamIDs.count < Limits.streamIDs {
      let id = arrayCopy(text.extracting(stream))
      if !self.streamIDs.contains(id) { self.streamIDs.append(id) }
    }
    if self.trackID.isEmpty, let track = text.nextToken(of: &rest), track.count <= Limits.identifier {
      self.trackID = arrayCopy(text.extracting(track))
    }
  }

  /// RFC 8851 section 4. Restrictions are the sender's business.
  private mutating func parseRID(_ text: Span<UInt8>, _ value: Range<Int>) {
    var rest = value
    guard let id = text.nextToken(of: &rest), let direction = text.nextToken(of: &rest), text.isRID(id),
      self.rids.count < Limits.rids
    else { return }
    let isSent = text.matches("send", in: direction)
    guard isSent || text.matches("recv", in: direction) else { return }
    let rid = RID(id: arrayCopy(text.extracting(id)), isSent: isSent)
    if !self.rids.contains(where: { $0.id == rid.id }) { self.rids.append(rid) }
  }

  /// RFC 8853 section 5.1: "send a;b,c recv d": a list for each direction, in which ';' separates streams, ',' the choices
  /// for one, and '~' marks those that start paused.
  private mutating func parseSimulcast(_ text: Span<UInt8>, _ value: Range<Int>) {
    var rest = value
    while let direction = text.nextToken(of: &rest), let list = text.nextToken(of: &rest) {
      guard text.matches("send", in: direction) else { continue }
      var start = list.lowerBound
      while start < list.upperBound {
        let end = text.firstIndex(of: UInt8(ascii: ";"), in: start..<list.upperBound) ?? list.upperBound
        let comma = text.firstIndex(of: UInt8(ascii: ","), in: start..<end) ?? end
        if start < comma, text[start] == UInt8(ascii: "~") { start &+= 1 }
        if self.simulcast.count < Limits.rids, text.isRID(start..<comma) {
          let id = arrayCopy(text.extracting(start..<comma))
          if !self.simulcast.contains(id) { self.simulcast.append(id) }
        }
        start = end &+ 1
      }
    }
  }
}

extension Span<UInt8> {
  /// What stands before and behind the first colon of an `a=` line.
  fileprivate func attribute(in value: Range<Int>) -> (name: Range<Int>, value: Range<Int>) {
    let colon = self.firstIndex(of: Self.colon, in: value) ?? value.upperBound
    return (
      self.trimmingSpaces(value.lowerBound..<colon),
      self.trimmingSpaces(Swift.min(colon &+ 1, value.upperBound)..<value.upperBound)
    )
  }

  /// RFC 8851 section 10: letters, digits, '-' and '_'. RFC 8852 section 3.3 has no more than 16 of them in practice; what is
  /// sent in a header extension must fit there.
  fileprivate func isRID(_ range: Range<Int>) -> Bool {
    !range.isEmpty && range.count <= 255
      && self.allSatisfy(in: range) { $0.isAlphanumeric || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
  }
}
#endif
