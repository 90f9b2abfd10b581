import Bytes
import SDP

/// As answerer: what can be taken of an offer is answered, the offerer takes the answer, and an offer of ours that follows, with
/// more media and what is unused left so, can be written and read.
func fuzzAnswering(_ offer: SessionDescription, _ local: LocalParameters) {
  let sections = answers(to: offer)
  guard let remote = try? RemoteParameters(offer: offer, answeredBy: sections) else { return }
  let answer = written { (writer) throws(SDPError) in
    try OfferAnswer.writeAnswer(local, to: offer, sections: sections, into: &writer)
  }
  guard let answer else {
    // Only a legacy port that cannot be ours, or more than the buffer holds.
    precondition(offer.sections.count > 8, "no answer")
    return
  }
  guard let parsed = try? SessionDescription(parsing: answer.span), let seen = try? RemoteParameters(answer: parsed, to: offer)
  else { preconditionFailure("an answer that is none") }
  precondition(seen.transportSection == remote.transportSection && seen.dataSection == remote.dataSection)
  for index in sections.indices {
    guard case .accepted(let media) = sections[index] else { continue }
    guard let line = MediaDescription(parsed, section: index) else { preconditionFailure("no media") }
    precondition(line.direction == media.direction && line.kind == media.parameters.kind)
    for codec in media.parameters.sendCodecs {
      precondition(line.formats.contains { $0.payloadType == codec.payloadType })
    }
  }
  offerAfter(offer, parsed, sections, local)
}

private func answers(to offer: SessionDescription) -> [LocalSection] {
  var sections: [LocalSection] = []
  var transport: Int?
  var hasData = false
  for index in offer.sections.indices {
    var section = LocalSection.unused
    switch offer.use(of: index, sharing: transport) {
    case .data where !hasData:
      hasData = true
      section = .data(mid: [])
    case .media(let kind):
      guard let media = MediaDescription(offer, section: index) else { preconditionFailure("not media") }
      let capabilities = kind == .audio ? MediaCapabilities.audio : .video
      if let negotiated = MediaNegotiation.answer(media, capabilities: capabilities, direction: .sendrecv) {
        precondition(negotiated.parameters.sendCodecs.count == negotiated.parameters.receiveCodecs.count)
        section = .accepted(negotiated)
      }
    case .data, .none: break
    }
    if section != .unused, transport == nil { transport = index }
    sections.append(section)
  }
  return sections
}

private func offerAfter(
  _ offer: SessionDescription, _ current: SessionDescription, _ answered: [LocalSection], _ local: LocalParameters
) {
  var identifiers = BundleIdentifiers()
  identifiers.learn(from: offer)
  let audio = identifiers.assign(to: .audio)
  let video = identifiers.assign(to: .video)
  precondition(identifiers.assign(to: .video) == video)
  var sections: [LocalSection] = []
  for index in answered.indices {
    let mid = current.sections[index].mid.map { arrayCopy(current.bytes(in: $0)) } ?? []
    switch answered[index] {
    case .data: sections.append(.data(mid: mid))
    case .accepted(let media):
      let capabilities = media.parameters.kind == .audio ? audio : video
      sections.append(.offered(OfferedMedia(mid: mid, direction: .inactive, capabilities: capabilities)))
    case .offered, .unused: sections.append(.unused)
    }
  }
  // A peer without mids cannot be offered a second section.
  guard !current.bundleGroups.isEmpty, !video.codecs.isEmpty, !audio.codecs.isEmpty, sections.count < 8 else { return }
  let place = current.placeForNewSection
  let new = LocalSection.offered(OfferedMedia(mid: Array("a new mid of ours!".utf8.filter { $0 != 0x20 }), direction: .sendonly, capabilities: video))
  if place == sections.count { sections.append(new) } else { sections[place] = new }
  let text = written { (writer) throws(SDPError) in
    try OfferAnswer.writeOffer(local, sections: sections, after: current, into: &writer)
  }
  guard let text, let parsed = try? SessionDescription(parsing: text.span) else { preconditionFailure("no offer") }
  precondition(parsed.sections.count == sections.count && MediaDescription(parsed, section: place)?.direction == .sendonly)
}

/// As offerer: the input is the answer to an offer that it fits.
func fuzzOffering(_ answer: SessionDescription, _ local: LocalParameters) {
  var sections: [LocalSection] = []
  var hasData = false
  for index in answer.sections.indices.prefix(8) {
    let section = answer.sections[index]
    let mid = section.mid.map { arrayCopy(answer.bytes(in: $0)) } ?? Array("unnamed".utf8) + [0x41 &+ UInt8(index)]
    if section.kind == .application, !hasData {
      hasData = true
      sections.append(.data(mid: mid))
    } else {
      let capabilities = section.kind == .audio ? MediaCapabilities.audio : .video
      sections.append(.offered(OfferedMedia(mid: mid, direction: .sendrecv, capabilities: capabilities)))
    }
  }
  let text = written { (writer) throws(SDPError) in try OfferAnswer.writeOffer(local, sections: sections, into: &writer) }
  guard let text, let offer = try? SessionDescription(parsing: text.span) else { return }
  guard let remote = try? RemoteParameters(answer: answer, to: offer) else { return }
  for index in sections.indices {
    guard case .offered(let offered) = sections[index], case .media = answer.use(of: index, sharing: remote.transportSection),
      let media = MediaDescription(answer, section: index), let settled = MediaNegotiation.settle(media, offered: offered)
    else { continue }
    precondition(settled.parameters.receiveCodecs.count == offered.capabilities.codecs.count)
    precondition(!settled.parameters.sendCodecs.isEmpty && settled.parameters.remoteStreams.count <= 32)
  }
}

func written(_ body: (inout SpanWriter) throws(SDPError) -> Void) -> [UInt8]? {
  var buffer = [UInt8](repeating: 0, count: 131_072)
  var writer = SpanWriter(buffer.mutableSpan)
  do { try body(&writer) } catch { return nil }
  let count = writer.count
  return Array(buffer[..<count])
}
