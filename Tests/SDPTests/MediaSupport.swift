import Bytes
import Foundation
import RTP
import SDP
import Testing

func bytes(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

func someSource(_ number: UInt32, rtx: Bool = false) -> LocalSource {
  LocalSource(
    streamID: bytes("stream"), trackID: bytes("track\(number)"),
    stream: AnnouncedStream(ssrc: 1000 + number, rtxSSRC: rtx ? 2000 + number : nil), cname: bytes("name"))
}

/// What the answers among the vectors answer.
let ourSections: [LocalSection] = [
  .offered(OfferedMedia(mid: bytes("0"), direction: .sendrecv, capabilities: .audio, source: someSource(0))),
  .offered(OfferedMedia(mid: bytes("1"), direction: .sendonly, capabilities: .video, source: someSource(1, rtx: true))),
  .offered(OfferedMedia(mid: bytes("2"), direction: .recvonly, capabilities: .video)),
  .data(mid: bytes("3")),
]

func offerBytes(
  _ sections: [LocalSection], after previous: SessionDescription? = nil, local: LocalParameters = someLocal()
) throws(SDPError) -> [UInt8] {
  try bytesWritten { (writer) throws(SDPError) in
    try OfferAnswer.writeOffer(local, sections: sections, after: previous, into: &writer)
  }
}

func offer(
  _ sections: [LocalSection], after previous: SessionDescription? = nil, local: LocalParameters = someLocal()
) throws(SDPError) -> SessionDescription {
  try parse(try offerBytes(sections, after: previous, local: local))
}

/// Our answers to an offer's sections, one by one: everything that we can.
func answers(
  to offer: SessionDescription, audio: MediaCapabilities = .audio, video: MediaCapabilities = .video,
  direction: MediaSection.Direction = .sendrecv, rejecting: Set<Int> = []
) -> [LocalSection] {
  var sections: [LocalSection] = []
  var transport: Int?
  for index in offer.sections.indices {
    var section = LocalSection.unused
    switch offer.use(of: index, sharing: transport) {
    case .data where !sections.contains(.data(mid: [])): section = .data(mid: [])
    case .media:
      if let media = MediaDescription(offer, section: index),
        var negotiated = MediaNegotiation.answer(
          media, capabilities: media.kind == .audio ? audio : video, direction: direction)
      {
        negotiated.source = someSource(UInt32(index), rtx: media.kind == .video)
        section = .accepted(negotiated)
      }
    case .data, .none: break
    }
    if rejecting.contains(index) { section = .unused }
    if section != .unused, transport == nil { transport = index }
    sections.append(section)
  }
  return sections
}

func answer(
  to offer: SessionDescription, _ sections: [LocalSection], local: LocalParameters = someLocal()
) throws(SDPError) -> SessionDescription {
  try parse(
    try bytesWritten { (writer) throws(SDPError) in
      try OfferAnswer.writeAnswer(local, to: offer, sections: sections, into: &writer)
    })
}

extension LocalSection {
  var negotiated: NegotiatedMedia? {
    if case .accepted(let media) = self { media } else { nil }
  }

  var offeredMedia: OfferedMedia? {
    if case .offered(let media) = self { media } else { nil }
  }
}

/// What the peer's answer left of our sections; nil for those rejected.
func settle(_ sections: [LocalSection], _ answer: SessionDescription, to offer: SessionDescription) throws(SDPError) -> [NegotiatedMedia?] {
  let remote = try RemoteParameters(answer: answer, to: offer)
  return sections.indices.map { index in
    guard let offered = sections[index].offeredMedia, case .media = answer.use(of: index, sharing: remote.transportSection),
      let media = MediaDescription(answer, section: index)
    else { return nil }
    return MediaNegotiation.settle(media, offered: offered)
  }
}

/// One codec a string: "96:vp8/97".
func list(_ codecs: [PayloadMapping]) -> [String] {
  codecs.map { "\($0.payloadType):\($0.codec.format)" + ($0.rtxPayloadType.map { "/\($0)" } ?? "") }
}

/// The lines of a description that begin so.
func lines(_ description: SessionDescription, _ prefixes: String...) -> [String] {
  string(description.text).components(separatedBy: "\r\n").filter { line in prefixes.contains { line.hasPrefix($0) } }
}

/// A description of one media section with these lines, on a transport.
func media(_ line: String, _ attributes: String...) throws(SDPError) -> SessionDescription {
  let transport = [
    "a=rtcp-mux", "a=ice-ufrag:tagd", "a=ice-pwd:abcdefghijklmnopqrstuv", "a=setup:actpass", "a=mid:m",
    "a=fingerprint:sha-256 " + Array(repeating: "0A", count: 32).joined(separator: ":"),
  ]
  return try parse(
    [UInt8]((["v=0", "a=group:BUNDLE m", line] + transport + attributes).joined(separator: "\n").utf8))
}

/// Whatever the description is, it can be answered, the answer settles as the offerer sees it, and as the answer to an offer of ours
/// it is taken or refused.
func exerciseMedia(_ offer: SessionDescription) {
  let sections = answers(to: offer)
  var identifiers = BundleIdentifiers()
  identifiers.learn(from: offer)
  #expect(identifiers.assign(to: .video).codecs.count <= 4)
  let remote = try? RemoteParameters(offer: offer, answeredBy: sections)
  let written = try? answer(to: offer, sections)
  #expect((written != nil) == (remote != nil || sections.allSatisfy { $0 == .unused }))
  if let written, let remote {
    let accepted = try? RemoteParameters(answer: written, to: offer)
    #expect(accepted?.transportSection == remote.transportSection && accepted?.dataSection == remote.dataSection)
    for index in sections.indices {
      guard let negotiated = sections[index].negotiated else { continue }
      let seen = MediaDescription(written, section: index)
      #expect(seen?.direction == negotiated.direction)
      #expect(seen?.formats.count == Set(negotiated.parameters.receiveCodecs.flatMap { [$0.payloadType, $0.rtxPayloadType ?? $0.payloadType] }).count)
    }
  }
  guard offer.sections.count == ourSections.count, let ours = try? SDPTests.offer(ourSections) else { return }
  _ = try? settle(ourSections, offer, to: ours)
}
