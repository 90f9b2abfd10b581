import Bytes

/// What holds for a section once the session level and its BUNDLE group are taken into account.
extension SessionDescription {
  /// The index of the first section that can carry data channels.
  var dataSection: Int? { self.dataSection(sharing: nil) }

  /// The same, of those that use the transport of the section `transport`.
  func dataSection(sharing transport: Int?) -> Int? {
    var index = 0
    while index < self.sections.count {
      if self.use(of: index, sharing: transport) == .data { return index }
      index &+= 1
    }
    return nil
  }

  /// The mid is one of this description.
  func section(withMid mid: TextRange) -> Int? {
    let text = self.text.span
    return self.sections.firstIndex { section in
      guard let own = section.mid else { return false }
      return text.equal(own.range, mid.range)
    }
  }

  /// RFC 8841 section 4, and the older form with the port for a format that browsers sent until 2018.
  func carriesDataChannels(_ section: MediaSection) -> Bool {
    guard section.kind == .application else { return false }
    let text = self.text.span
    let protocolName = section.protocolName.range
    if text.matches("DTLS/SCTP", in: protocolName) { return section.mapsDataChannels }
    // With ICE the protocol names the default candidate's transport only, so TCP in it does not bind us (RFC 8829
    // section 5.1.2).
    guard text.matches("UDP/DTLS/SCTP", in: protocolName) || text.matches("TCP/DTLS/SCTP", in: protocolName) else {
      return false
    }
    return text.matches("webrtc-datachannel", in: section.formats.range)
  }

  /// Port 0 rejects, except for a section that shares another one's transport (RFC 9143 section 7.2.1).
  func isRejected(_ index: Int) -> Bool {
    let section = self.sections[index]
    guard section.port == 0 else { return false }
    return !section.isBundleOnly || self.bundleGroup(of: index) == nil
  }

  /// The group that the section's mid stands in.
  func bundleGroup(of index: Int) -> [TextRange]? {
    guard let mid = self.sections[index].mid else { return nil }
    let text = self.text.span
    return self.bundleGroups.first { $0.contains { text.equal($0.range, mid.range) } }
  }

  /// The section that speaks for the transport of the section's group: the group's first (RFC 9143 section 7.2.1).
  /// The others may leave out what they share with it.
  func taggedSection(of index: Int) -> MediaSection? {
    guard let tag = self.bundleGroup(of: index)?.first else { return nil }
    return self.section(withMid: tag).map { self.sections[$0] }
  }

  @inline(never)
  func array(_ range: TextRange?) -> [UInt8]? {
    guard let range else { return nil }
    return arrayCopy(self.bytes(in: range))
  }

  @inline(never)
  func arrays(_ ranges: [TextRange]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    result.reserveCapacity(ranges.count)
    for range in ranges { result.append(arrayCopy(self.bytes(in: range))) }
    return result
  }

  /// The transport attributes that hold for the section: its own, else the session's, else those of its group's first.
  func resolvedTransport(of index: Int) -> TransportAttributes {
    var result = self.sections[index].transport
    result.iceUfrag = result.iceUfrag ?? self.transport.iceUfrag
    result.icePassword = result.icePassword ?? self.transport.icePassword
    result.iceOptions = result.iceOptions ?? self.transport.iceOptions
    result.setup = result.setup ?? self.transport.setup
    result.tlsID = result.tlsID ?? self.transport.tlsID
    if result.fingerprints.isEmpty { result.fingerprints = self.transport.fingerprints }
    if self.transport.endOfCandidates { result.endOfCandidates = true }
    guard let tagged = self.taggedSection(of: index)?.transport else { return result }
    // Candidates belong to the user name fragment that they were gathered for.
    if result.candidates.isEmpty && self.isSame(result.iceUfrag, tagged.iceUfrag ?? self.transport.iceUfrag) {
      result.candidates = tagged.candidates
      if tagged.endOfCandidates { result.endOfCandidates = true }
    }
    result.iceUfrag = result.iceUfrag ?? tagged.iceUfrag
    result.icePassword = result.icePassword ?? tagged.icePassword
    result.iceOptions = result.iceOptions ?? tagged.iceOptions
    result.setup = result.setup ?? tagged.setup
    result.tlsID = result.tlsID ?? tagged.tlsID
    if result.fingerprints.isEmpty { result.fingerprints = tagged.fingerprints }
    return result
  }

  /// Whether `own` is absent or the same text as `other`.
  private func isSame(_ own: TextRange?, _ other: TextRange?) -> Bool {
    guard let own else { return true }
    guard let other else { return false }
    return self.text.span.equal(own.range, other.range)
  }
}
