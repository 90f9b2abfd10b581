import Bytes

/// Offers and answers for data channels (RFC 8829 section 5, RFC 8841 section 10).
///
/// Each function writes a whole description at the writer's place, or throws and leaves the writer as it was.
public enum OfferAnswer {
  /// An offer of one section with data channels.
  ///
  /// Throws `invalidLocalParameters`, or `noRoom` where the buffer is too small: 1,200 bytes and 120 a candidate are
  /// plenty.
  public static func writeOffer(_ local: LocalParameters, into writer: inout SpanWriter) throws(SDPError) {
    guard local.isValid else { throw SDPError(.invalidLocalParameters) }
    let start = writer.count
    self.writeSession(id: local.sessionID, version: local.sessionVersion, into: &writer)
    writer.writeLine("a=group:BUNDLE ", local.mid.span)
    let section = AnsweredSection(
      protocolName: nil, mid: local.mid, setup: local.setup, isLegacy: false, takesTLSID: true)
    section.write(local, in: nil, into: &writer)
    try self.finish(&writer, from: start)
  }

  /// The answer that accepts the offer's first usable data section and rejects every other section.
  ///
  /// Throws what `RemoteParameters(offer:)` throws, besides `invalidLocalParameters` and `noRoom`.
  public static func writeAnswer(
    _ local: LocalParameters, to offer: SessionDescription, into writer: inout SpanWriter
  ) throws(SDPError) {
    guard local.isValid else { throw SDPError(.invalidLocalParameters) }
    let remote = try RemoteParameters(offer: offer, preferring: local.setup)
    let start = writer.count
    self.writeSession(id: local.sessionID, version: local.sessionVersion, into: &writer)
    if offer.bundleGroup(of: remote.sectionIndex) != nil { writer.writeLine("a=group:BUNDLE ", remote.mid.span) }
    var index = 0
    while index < offer.sections.count {
      let section = offer.sections[index]
      if index == remote.sectionIndex {
        let answered = AnsweredSection(
          protocolName: section.protocolName, mid: remote.mid, setup: remote.localSetup,
          isLegacy: section.mapsDataChannels, takesTLSID: offer.resolvedTransport(of: index).tlsID != nil)
        answered.write(local, in: offer, into: &writer)
      } else {
        self.writeRejected(section, of: offer, into: &writer)
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

  /// Port 0, and otherwise the offer's medium, protocol, formats and mid (RFC 3264 section 6, RFC 8829 section 5.3.1).
  private static func writeRejected(
    _ section: MediaSection, of offer: SessionDescription, into writer: inout SpanWriter
  ) {
    writer.put("m=")
    writer.put(offer.bytes(in: section.medium))
    writer.put(" 0 ")
    writer.put(offer.bytes(in: section.protocolName))
    writer.writeLine(" ", offer.bytes(in: section.formats))
    writer.writeLine("c=IN IP4 0.0.0.0")
    writer.writeLine("a=inactive")
    if let mid = section.mid { writer.writeLine("a=mid:", offer.bytes(in: mid)) }
  }

  private static func finish(_ writer: inout SpanWriter, from start: Int) throws(SDPError) {
    guard writer.overflowed else { return }
    writer.rewind(to: start)
    throw SDPError(.noRoom)
  }
}

/// A data section of ours: what an offer or the other side's offer decides about it.
private struct AnsweredSection {
  /// The offer's own, in an answer.
  let protocolName: TextRange?
  let mid: [UInt8]
  let setup: Setup
  /// `DTLS/SCTP`, with the port for a format.
  let isLegacy: Bool
  let takesTLSID: Bool

  func write(_ local: LocalParameters, in offer: SessionDescription?, into writer: inout SpanWriter) {
    let chosen = DefaultCandidate.choose(among: local.candidates)
    writer.put("m=application ")
    // Port 9 stands for "no candidate yet" (RFC 8840 section 4.1.1).
    writer.writeDecimal(UInt64(chosen?.port ?? 9))
    writer.put(" ")
    if let offer, let name = self.protocolName {
      writer.put(offer.bytes(in: name))
    } else {
      writer.put("UDP/DTLS/SCTP")
    }
    if self.isLegacy {
      writer.writeLine(" ", decimal: UInt64(local.sctpPort))
    } else {
      writer.writeLine(" webrtc-datachannel")
    }
    if let chosen {
      let candidate = local.candidates[chosen.candidate]
      writer.writeLine(chosen.isIPv6 ? "c=IN IP6 " : "c=IN IP4 ", candidate.span.extracting(chosen.address))
    } else {
      writer.writeLine("c=IN IP4 0.0.0.0")
    }
    if !self.mid.isEmpty { writer.writeLine("a=mid:", self.mid.span) }
    writer.writeLine("a=ice-ufrag:", local.iceUfrag.span)
    writer.writeLine("a=ice-pwd:", local.icePassword.span)
    writer.writeLine(local.trickles ? "a=ice-options:trickle ice2" : "a=ice-options:ice2")
    for fingerprint in local.fingerprints {
      writer.put("a=fingerprint:")
      fingerprint.write(into: &writer)
      writer.endLine()
    }
    writer.put("a=setup:")
    writer.writeLine(self.setup.name)
    if self.takesTLSID && !local.tlsID.isEmpty { writer.writeLine("a=tls-id:", local.tlsID.span) }
    if self.isLegacy {
      writer.put("a=sctpmap:")
      writer.writeDecimal(UInt64(local.sctpPort))
      writer.writeLine(" webrtc-datachannel 65535")
    } else {
      writer.writeLine("a=sctp-port:", decimal: UInt64(local.sctpPort))
    }
    writer.writeLine("a=max-message-size:", decimal: local.maximumMessageSize)
    for candidate in local.candidates { writer.writeLine("a=candidate:", candidate.span) }
    if local.endOfCandidates { writer.writeLine("a=end-of-candidates") }
  }
}
