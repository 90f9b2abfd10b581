import Bytes

extension MediaSection {
  /// RFC 8866 section 5.14: medium, port with an optional count of ports, protocol, formats.
  static func parse(
    _ line: SessionDescription.Line, at index: Int, of text: Span<UInt8>
  ) throws(SDPError.Reason) -> MediaSection {
    var rest = line.value.range
    guard let medium = text.nextToken(of: &rest), let ports = text.nextToken(of: &rest),
      let protocolName = text.nextToken(of: &rest)
    else { throw .malformedMediaLine }
    let formats = text.trimmingSpaces(rest)
    guard !formats.isEmpty, text.allSatisfy(in: medium, { $0.isTokenCharacter }) else { throw .malformedMediaLine }
    let slash = text.firstIndex(of: UInt8(ascii: "/"), in: ports) ?? ports.upperBound
    guard let port = text.port(in: ports.lowerBound..<slash) else { throw .malformedPort }
    var section = MediaSection(
      kind: Kind(text, in: medium), medium: TextRange(medium), port: port, protocolName: TextRange(protocolName),
      formats: TextRange(formats), line: line.number, lines: index..<(index &+ 1))
    // draft-ietf-mmusic-sctp-sdp-05: the format is the SCTP port.
    if text.matches("DTLS/SCTP", in: protocolName) { section.sctpPort = text.port(in: formats) }
    return section
  }

  /// Takes an attribute that is about the medium; anything unknown is ignored.
  mutating func parse(_ text: Span<UInt8>, name: Range<Int>, value: Range<Int>) throws(SDPError.Reason) {
    if text.matchesIgnoringCase("sctp-port", in: name) {
      guard let port = text.port(in: value) else { throw .malformedSCTPPort }
      try setOnce(&self.sctpPort, to: port)
    } else if text.matchesIgnoringCase("max-message-size", in: name) {
      guard let size = text.decimal(in: value) else { throw .malformedMaximumMessageSize }
      try setOnce(&self.maximumMessageSize, to: size)
    } else if text.matchesIgnoringCase("sctpmap", in: name) {
      try self.parseSCTPMap(text, value)
    } else if text.matchesIgnoringCase("rtcp-mux", in: name) {
      self.hasRTCPMux = true
    } else if text.matchesIgnoringCase("bundle-only", in: name) {
      self.isBundleOnly = true
    } else if let direction = Direction(text, in: name) {
      try setOnce(&self.direction, to: direction)
    }
  }

  private mutating func parseSCTPMap(_ text: Span<UInt8>, _ value: Range<Int>) throws(SDPError.Reason) {
    var rest = value
    guard let number = text.nextToken(of: &rest), let port = text.port(in: number),
      let application = text.nextToken(of: &rest)
    else { throw .malformedSCTPMap }
    // A map of another port describes another association.
    if port == self.sctpPort, text.matches("webrtc-datachannel", in: application) { self.mapsDataChannels = true }
  }
}

extension MediaSection.Kind {
  init(_ text: Span<UInt8>, in medium: Range<Int>) {
    if text.matches("audio", in: medium) {
      self = .audio
    } else if text.matches("video", in: medium) {
      self = .video
    } else if text.matches("application", in: medium) {
      self = .application
    } else {
      self = .other
    }
  }
}

extension MediaSection.Direction {
  init?(_ text: Span<UInt8>, in name: Range<Int>) {
    if text.matchesIgnoringCase("sendrecv", in: name) {
      self = .sendrecv
    } else if text.matchesIgnoringCase("sendonly", in: name) {
      self = .sendonly
    } else if text.matchesIgnoringCase("recvonly", in: name) {
      self = .recvonly
    } else if text.matchesIgnoringCase("inactive", in: name) {
      self = .inactive
    } else {
      return nil
    }
  }
}
