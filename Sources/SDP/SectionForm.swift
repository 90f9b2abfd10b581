import Bytes

/// What all sections of a description of ours have in common, and how data sections are written.
struct SectionForm {
  let local: LocalParameters
  let setup: Setup
  let takesTLSID: Bool
  let isOffer: Bool
  private let chosen: DefaultCandidate?

  init(local: LocalParameters, setup: Setup, takesTLSID: Bool, isOffer: Bool) {
    self.local = local
    self.setup = setup
    self.takesTLSID = takesTLSID
    self.isOffer = isOffer
    self.chosen = DefaultCandidate.choose(among: local.candidates)
  }

  /// Port 9 stands for "no candidate yet" (RFC 8840 section 4.1.1).
  var port: UInt16 { self.chosen?.port ?? 9 }

  func writeData(mid: [UInt8], isTagged: Bool, into writer: inout SpanWriter) {
    self.writeDataLine(into: &writer)
    writer.put("UDP/DTLS/SCTP")
    writer.writeLine(" webrtc-datachannel")
    self.writeTransport(mid: mid.span, into: &writer)
    self.writeAssociation(isLegacy: false, into: &writer)
    self.writeCandidates(isTagged, into: &writer)
  }

  func writeData(
    answering section: MediaSection, of offer: SessionDescription, isTagged: Bool, into writer: inout SpanWriter
  ) {
    // `DTLS/SCTP`, with the port for a format.
    let isLegacy = section.mapsDataChannels
    self.writeDataLine(into: &writer)
    writer.put(offer.bytes(in: section.protocolName))
    if isLegacy {
      writer.writeLine(" ", decimal: UInt64(self.local.sctpPort))
    } else {
      writer.writeLine(" webrtc-datachannel")
    }
    self.writeTransport(mid: offer.bytes(in: section.mid ?? TextRange(0..<0)), into: &writer)
    self.writeAssociation(isLegacy: isLegacy, into: &writer)
    self.writeCandidates(isTagged, into: &writer)
  }

  private func writeDataLine(into writer: inout SpanWriter) {
    writer.put("m=application ")
    writer.writeDecimal(UInt64(self.port))
    writer.put(" ")
  }

  private func writeAssociation(isLegacy: Bool, into writer: inout SpanWriter) {
    if isLegacy {
      writer.put("a=sctpmap:")
      writer.writeDecimal(UInt64(self.local.sctpPort))
      writer.writeLine(" webrtc-datachannel 65535")
    } else {
      writer.writeLine("a=sctp-port:", decimal: UInt64(self.local.sctpPort))
    }
    writer.writeLine("a=max-message-size:", decimal: self.local.maximumMessageSize)
  }

  /// The `c=` line and the attributes that sections on one transport share.
  func writeTransport(mid: Span<UInt8>, into writer: inout SpanWriter) {
    let local = self.local
    if let chosen = self.chosen {
      let candidate = local.candidates[chosen.candidate]
      writer.writeLine(chosen.isIPv6 ? "c=IN IP6 " : "c=IN IP4 ", candidate.span.extracting(chosen.address))
    } else {
      writer.writeLine("c=IN IP4 0.0.0.0")
    }
    if !mid.isEmpty { writer.writeLine("a=mid:", mid) }
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
  }

  /// Candidates stand in one section of a BUNDLE group (RFC 9143 section 10).
  func writeCandidates(_ isTagged: Bool, into writer: inout SpanWriter) {
    guard isTagged else { return }
    for candidate in self.local.candidates { writer.writeLine("a=candidate:", candidate.span) }
    if self.local.endOfCandidates { writer.writeLine("a=end-of-candidates") }
  }
}
