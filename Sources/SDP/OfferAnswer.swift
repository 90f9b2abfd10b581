import Bytes

/// Offers and answers for data channels and media on one transport (RFC 8829 section 5, RFC 8841 section 10, RFC 9143).
///
/// Each function writes a whole description at the writer's place, or throws and leaves the writer as it was. Sections are
/// given and read by their place, which they keep for the session's life.
///
/// ### We offer
/// ```swift
/// var identifiers = BundleIdentifiers()                       // kept with the session
/// let sections: [LocalSection] = [                            // kept until the answer is here
///   .offered(OfferedMedia(mid: mid0, direction: .sendrecv, capabilities: identifiers.assign(to: .audio), source: voice)),
///   .offered(OfferedMedia(mid: mid1, direction: .sendonly, capabilities: identifiers.assign(to: .video), source: camera)),
///   .data(mid: mid2),
/// ]
/// try OfferAnswer.writeOffer(local, sections: sections, into: &writer)     // parse it and keep it as `localOffer`
/// // … the peer's answer:
/// let remote = try RemoteParameters(answer: answer, to: localOffer)        // ICE, DTLS and SCTP
/// for index in sections.indices {
///   guard case .offered(let media) = sections[index] else { continue }     // remote.dataSection tells of data channels
///   guard case .media = answer.use(of: index, sharing: remote.transportSection),
///     let theirs = MediaDescription(answer, section: index),
///     let settled = MediaNegotiation.settle(theirs, offered: media)
///   else { rejected(index); continue }                                     // the next offer has it as `.unused`
///   session.configure(line[index], settled.parameters)
/// }
/// ```
///
/// ### The peer offers
/// ```swift
/// identifiers.learn(from: offer)
/// var sections: [LocalSection] = []
/// var transport: Int?
/// for index in offer.sections.indices {
///   var section = LocalSection.unused                                      // unknown, stopped, on another transport…
///   switch offer.use(of: index, sharing: transport) {
///   case .data where !hasData: section = .data(mid: [])
///   case .media:
///     if let theirs = MediaDescription(offer, section: index),
///       var media = MediaNegotiation.answer(theirs, capabilities: wanted(theirs.kind), direction: .sendrecv)
///     {
///       media.source = source(index)                                       // written where media.direction sends
///       section = .accepted(media)                                         // media.parameters for the RTP session
///     }
///   default: break
///   }
///   if section != .unused, transport == nil { transport = index }
///   sections.append(section)
/// }
/// let remote = try RemoteParameters(offer: offer, answeredBy: sections, preferring: .active)
/// try OfferAnswer.writeAnswer(local, to: offer, sections: sections, into: &writer)   // parse it and keep it as `current`
/// ```
/// Where all sections are unused `RemoteParameters` throws `nothingInCommon`; the answer can be written all the same.
///
/// ### In a live session
/// An offer of ours lists every section that the session has had, and `after: current` is the last description of ours, offer
/// or answer: it names the sections that are unused and the order of the BUNDLE group. To pause is to offer another
/// direction; to stop is `.unused`; to add is to put a section with a new mid at `current.placeForNewSection`, which recycles
/// one that is unused or appends. Capabilities come from `identifiers.assign` each time: it gives a codec the number that it
/// has. The peer's offers are taken as the first was; a section that was in use and comes out `.unused` was stopped, one
/// whose mid changed is another one in its place.
///
/// The first section in use stands for the transport: where it is stopped, Chromium takes up another transport and gathers
/// candidates for it. To end its media while others go on is better done by `.inactive`.
public enum OfferAnswer {
  /// An offer of one section with data channels.
  ///
  /// Throws `invalidLocalParameters`, or `noRoom` where the buffer is too small: 1,200 bytes and 120 a candidate are
  /// plenty.
  public static func writeOffer(_ local: LocalParameters, into writer: inout SpanWriter) throws(SDPError) {
    try self.writeOffer(local, sections: [.data(mid: local.mid)], into: &writer)
  }

  /// An offer of these sections. `previous` is the last description of the session that we wrote; nil for the first.
  ///
  /// Every section in use repeats the transport's credentials and fingerprints, as browsers do; candidates stand in the first
  /// of the BUNDLE group alone.
  ///
  /// Throws `invalidLocalParameters` (a section is missing that `previous` has, `.unused` has no predecessor, `.accepted` is
  /// there, a mid is twice, a payload type has two meanings, bytes would break a line), or `noRoom`: 1,200 bytes a section,
  /// 2,500 for video, and 120 a candidate are plenty.
  public static func writeOffer(
    _ local: LocalParameters, sections: [LocalSection], after previous: SessionDescription? = nil,
    into writer: inout SpanWriter
  ) throws(SDPError) {
    guard local.isValid, offerIsValid(sections, after: previous) else { throw SDPError(.invalidLocalParameters) }
    let start = writer.count
    self.writeSession(id: local.sessionID, version: local.sessionVersion, into: &writer)
    let group = bundleOrder(of: sections, after: previous)
    self.writeGroup(group.map { sections[$0].mid }, into: &writer)
    let form = SectionForm(local: local, setup: local.setup, takesTLSID: true, isOffer: true)
    var index = 0
    while index < sections.count {
      let isTagged = index == group.first
      switch sections[index] {
      case .data(let mid): form.writeData(mid: mid, isTagged: isTagged, into: &writer)
      #if Audio
      case .offered(let media): form.writeMedia(media, isTagged: isTagged, into: &writer)
      case .accepted: break
      #endif
      case .unused:
        if let previous { self.writeRejected(previous.sections[index], of: previous, into: &writer) }
      }
      index &+= 1
    }
    try self.finish(&writer, from: start)
  }

  /// The answer that accepts the offer's first usable data section and rejects every other section.
  ///
  /// Throws what `RemoteParameters(offer:)` throws, besides `invalidLocalParameters` and `noRoom`.
  public static func writeAnswer(
    _ local: LocalParameters, to offer: SessionDescription, into writer: inout SpanWriter
  ) throws(SDPError) {
    guard let data = offer.dataSection else { throw SDPError(.noDataSection) }
    var sections = [LocalSection](repeating: .unused, count: offer.sections.count)
    sections[data] = .data(mid: [])
    try self.writeAnswer(local, to: offer, sections: sections, into: &writer)
  }

  /// The answer with one of `.data`, `.accepted` and `.unused` for each section of the offer.
  ///
  /// Throws what `RemoteParameters(offer:answeredBy:)` throws but `nothingInCommon`, besides `invalidLocalParameters` and
  /// `noRoom`.
  public static func writeAnswer(
    _ local: LocalParameters, to offer: SessionDescription, sections: [LocalSection], into writer: inout SpanWriter
  ) throws(SDPError) {
    guard local.isValid, answerIsValid(sections) else { throw SDPError(.invalidLocalParameters) }
    let plan = try AnswerPlan(offer, sections)
    guard let transport = plan.transport else {
      return try self.writeRejection(
        of: offer, sessionID: local.sessionID, sessionVersion: local.sessionVersion, into: &writer)
    }
    let remote = try RemoteParameters(offer: offer, answeredBy: sections, preferring: local.setup)
    let start = writer.count
    self.writeSession(id: local.sessionID, version: local.sessionVersion, into: &writer)
    if let group = offer.bundleGroup(of: transport) {
      var mids: [[UInt8]] = []
      for mid in group {
        if let index = offer.section(withMid: mid), sections[index].isUsed {
          mids.append(arrayCopy(offer.bytes(in: mid)))
        }
      }
      self.writeGroup(mids, into: &writer)
    }
    let form = SectionForm(
      local: local, setup: remote.localSetup, takesTLSID: offer.resolvedTransport(of: transport).tlsID != nil,
      isOffer: false)
    var index = 0
    while index < sections.count {
      let offered = offer.sections[index]
      switch sections[index] {
      case .data: form.writeData(answering: offered, of: offer, isTagged: index == transport, into: &writer)
      #if Audio
      case .accepted(let media):
        form.writeMedia(media, answering: offered, of: offer, isTagged: index == transport, into: &writer)
      case .offered: self.writeRejected(offered, of: offer, into: &writer)
      #endif
      case .unused: self.writeRejected(offered, of: offer, into: &writer)
      }
      index &+= 1
    }
    try self.finish(&writer, from: start)
  }

  /// The answer that rejects every section: for an offer that `RemoteParameters(offer:)` finds no use for.
  public static func writeRejection(
    of offer: SessionDescription, sessionID: UInt64, sessionVersion: UInt64 = 1, into writer: inout SpanWriter
  ) throws(SDPError) {
    let start = writer.count
    self.writeSession(id: sessionID, version: sessionVersion, into: &writer)
    for section in offer.sections { self.writeRejected(section, of: offer, into: &writer) }
    try self.finish(&writer, from: start)
  }

  /// RFC 8829 section 5.2.1.
  private static func writeSession(id: UInt64, version: UInt64, into writer: inout SpanWriter) {
    writer.writeLine("v=0")
    writer.put("o=- ")
    writer.writeDecimal(id & UInt64(Int64.max))
    writer.put(" ")
    writer.writeDecimal(version)
    writer.writeLine(" IN IP4 127.0.0.1")
    writer.writeLine("s=-")
    writer.writeLine("t=0 0")
  }

  private static func writeGroup(_ mids: [[UInt8]], into writer: inout SpanWriter) {
    guard !mids.isEmpty else { return }
    writer.put("a=group:BUNDLE")
    for mid in mids {
      writer.put(" ")
      writer.put(mid.span)
    }
    writer.endLine()
  }

  /// Port 0, and otherwise the medium, protocol, formats and mid as they were (RFC 3264 section 6, RFC 8829 section 5.3.1).
  private static func writeRejected(
    _ section: MediaSection, of description: SessionDescription, into writer: inout SpanWriter
  ) {
    writer.put("m=")
    writer.put(description.bytes(in: section.medium))
    writer.put(" 0 ")
    writer.put(description.bytes(in: section.protocolName))
    writer.writeLine(" ", description.bytes(in: section.formats))
    writer.writeLine("c=IN IP4 0.0.0.0")
    writer.writeLine("a=inactive")
    if let mid = section.mid { writer.writeLine("a=mid:", description.bytes(in: mid)) }
  }

  private static func finish(_ writer: inout SpanWriter, from start: Int) throws(SDPError) {
    guard writer.overflowed else { return }
    writer.rewind(to: start)
    throw SDPError(.noRoom)
  }
}
