import Bytes

/// Candidates sent after the description: the body of type `application/trickle-ice-sdpfrag` (RFC 8840 section 9),
/// as WHIP and its kin carry it in a PATCH.
public struct TrickleFragment: Equatable, Sendable {
  public struct Section: Equatable, Sendable {
    /// Which `m=` section of the description is meant; empty where a fragment does not say.
    public var mid: [UInt8]
    /// Empty: the fragment's own.
    public var iceUfrag: [UInt8] = []
    public var icePassword: [UInt8] = []
    /// Values of `a=candidate`.
    public var candidates: [[UInt8]] = []
    public var endOfCandidates = false

    public init(mid: [UInt8]) { self.mid = mid }
  }

  /// Of the generation that the candidates belong to; empty: given by section, or not at all.
  public var iceUfrag: [UInt8] = []
  public var icePassword: [UInt8] = []
  /// No candidate follows in any section.
  public var endOfCandidates = false
  /// Candidates that a careless peer put before the first `m=` line come as a section without a mid.
  public var sections: [Section] = []

  public init() {}

  /// Parses a fragment. What a fragment cannot say is ignored, unknown attributes included.
  public init(
    parsing input: Span<UInt8>, limits: SessionDescription.Limits = SessionDescription.Limits()
  ) throws(SDPError) {
    let description = try SessionDescription(input, form: .fragment, limits: limits)
    let session = description.transport
    self.iceUfrag = description.array(session.iceUfrag) ?? []
    self.icePassword = description.array(session.icePassword) ?? []
    self.endOfCandidates = session.endOfCandidates
    if !session.candidates.isEmpty {
      var section = Section(mid: [])
      section.candidates = description.arrays(session.candidates)
      self.sections.append(section)
    }
    for parsed in description.sections {
      var section = Section(mid: description.array(parsed.mid) ?? [])
      section.iceUfrag = description.array(parsed.transport.iceUfrag) ?? []
      section.icePassword = description.array(parsed.transport.icePassword) ?? []
      section.candidates = description.arrays(parsed.transport.candidates)
      section.endOfCandidates = parsed.transport.endOfCandidates
      self.sections.append(section)
    }
  }

  /// Writes the fragment, or throws `noRoom` or `invalidLocalParameters` and leaves the writer as it was.
  public func write(into writer: inout SpanWriter) throws(SDPError) {
    guard self.isValid else { throw SDPError(.invalidLocalParameters) }
    let start = writer.count
    self.writeCredentials(self.iceUfrag, self.icePassword, into: &writer)
    if self.endOfCandidates { writer.writeLine("a=end-of-candidates") }
    for section in self.sections {
      // The line only separates; a receiver looks at the mid alone (RFC 8840 section 4.3).
      writer.writeLine("m=application 9 UDP/DTLS/SCTP webrtc-datachannel")
      if !section.mid.isEmpty { writer.writeLine("a=mid:", section.mid.span) }
      self.writeCredentials(section.iceUfrag, section.icePassword, into: &writer)
      for candidate in section.candidates { writer.writeLine("a=candidate:", candidate.span) }
      if section.endOfCandidates { writer.writeLine("a=end-of-candidates") }
    }
    guard !writer.overflowed else {
      writer.rewind(to: start)
      throw SDPError(.noRoom)
    }
  }

  @inline(never)
  private func writeCredentials(_ ufrag: [UInt8], _ password: [UInt8], into writer: inout SpanWriter) {
    if !ufrag.isEmpty { writer.writeLine("a=ice-ufrag:", ufrag.span) }
    if !password.isEmpty { writer.writeLine("a=ice-pwd:", password.span) }
  }

  private var isValid: Bool {
    guard isLineTextOrEmpty(self.iceUfrag), isLineTextOrEmpty(self.icePassword) else { return false }
    for section in self.sections {
      guard isLineTextOrEmpty(section.mid), isLineTextOrEmpty(section.iceUfrag),
        isLineTextOrEmpty(section.icePassword)
      else { return false }
      for candidate in section.candidates where !isLineText(candidate) { return false }
    }
    return true
  }
}

private func isLineTextOrEmpty(_ bytes: [UInt8]) -> Bool { bytes.isEmpty || isLineText(bytes) }
