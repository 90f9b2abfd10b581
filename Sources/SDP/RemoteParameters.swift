import Bytes

/// What the peer says of itself for the transport and the data channels, checked and with defaults filled in.
///
/// The transport is that of the first section in use, by the order of its BUNDLE group (RFC 9143 section 7.3); the others
/// share it.
public struct RemoteParameters: Equatable, Sendable {
  /// The place among the `m=` sections, from 0, of the section whose transport it is.
  public let transportSection: Int
  /// That section's: what candidates are trickled under. Empty where the peer gave none.
  public let transportMid: [UInt8]
  /// The place of the section that carries data channels; nil where none does.
  public let dataSection: Int?
  /// That section's mid; empty where the peer gave none.
  public let dataMid: [UInt8]
  public let iceUfrag: [UInt8]
  public let icePassword: [UInt8]
  public let iceOptions: ICEOptions
  public let isICELite: Bool
  /// One at least. The peer's certificate must match one of them (RFC 8122 section 5).
  public let fingerprints: [Fingerprint]
  /// As the peer wrote it.
  public let setup: Setup
  /// Our own side of it: `active` (we are the DTLS client) or `passive`, no other.
  public let localSetup: Setup
  /// 5000 where no section carries data channels.
  public let sctpPort: UInt16
  /// The largest message the peer takes, in bytes; 0: any. 65,536 where it did not say (RFC 8841 section 6.1).
  public let maximumMessageSize: UInt64
  /// Values of `a=candidate`, as they came: a candidate that makes no sense is not a reason to refuse the others.
  public let candidates: [[UInt8]]
  /// The peer said that no candidate follows. One that does not list `trickle` among its options has none to send
  /// either.
  public let endOfCandidates: Bool

  /// From an offer of which only data channels are taken. `preferred` is our own setup where the offer leaves it to us.
  ///
  /// Throws `noDataSection` where there is nothing to accept (the offer can still be answered by `writeRejection`), and
  /// says what is missing where there is a data section that cannot be used.
  public init(offer: SessionDescription, preferring preferred: Setup = .active) throws(SDPError) {
    guard let index = offer.dataSection else { throw SDPError(.noDataSection) }
    try self.init(offer: offer, transport: index, data: index, preferring: preferred)
  }

  /// From an offer that will be answered with `sections`, of which `.unused` ones count for nothing.
  ///
  /// Throws `nothingInCommon` where all are unused, and `invalidLocalParameters` where the list does not fit the offer.
  public init(
    offer: SessionDescription, answeredBy sections: [LocalSection], preferring preferred: Setup = .active
  ) throws(SDPError) {
    let plan = try AnswerPlan(offer, sections)
    guard let transport = plan.transport else { throw SDPError(.nothingInCommon) }
    try self.init(offer: offer, transport: transport, data: plan.data, preferring: preferred)
  }

  private init(
    offer: SessionDescription, transport: Int, data: Int?, preferring preferred: Setup
  ) throws(SDPError) {
    let line = offer.sections[transport].line
    // An offer without the attribute comes from a peer older than RFC 8842; both roles were open to it.
    let setup = offer.resolvedTransport(of: transport).setup ?? .actpass
    let localSetup: Setup
    switch setup {
    case .actpass: localSetup = preferred == .passive ? .passive : .active
    case .active: localSetup = .passive
    case .passive: localSetup = .active
    case .holdconn: throw SDPError(.holdconn, line: line)
    }
    try self.init(offer, transport: transport, data: data, setup: setup, localSetup: localSetup)
  }

  /// From the answer to our own offer. Sections that the answer rejects, and those that it does not bundle with the first it
  /// accepts, are out of use: `SessionDescription.use(of:sharing: transportSection)` tells.
  ///
  /// Throws `sectionRejected` where it rejects all.
  public init(answer: SessionDescription, to offer: SessionDescription) throws(SDPError) {
    try answer.checkSections(against: offer)
    guard let transport = try answer.transportSection(answering: offer) else {
      throw SDPError(.sectionRejected, line: answer.sections.first?.line ?? 0)
    }
    let line = answer.sections[transport].line
    guard let setup = answer.resolvedTransport(of: transport).setup else { throw SDPError(.missingSetup, line: line) }
    let localSetup: Setup
    switch setup {
    case .actpass: throw SDPError(.setupNotDecided, line: line)
    case .holdconn: throw SDPError(.holdconn, line: line)
    case .active: localSetup = .passive
    case .passive: localSetup = .active
    }
    let offered = offer.resolvedTransport(of: transport).setup ?? .actpass
    guard offered == .actpass || offered == localSetup else { throw SDPError(.setupConflicts, line: line) }
    try self.init(
      answer, transport: transport, data: answer.dataSection(sharing: transport), setup: setup, localSetup: localSetup)
  }

  private init(
    _ description: SessionDescription, transport index: Int, data: Int?, setup: Setup, localSetup: Setup
  ) throws(SDPError) {
    let section = description.sections[index]
    let transport = description.resolvedTransport(of: index)
    guard let ufrag = description.array(transport.iceUfrag), let password = description.array(transport.icePassword)
    else { throw SDPError(.missingICECredentials, line: section.line) }
    guard !transport.fingerprints.isEmpty else { throw SDPError(.missingFingerprint, line: section.line) }
    self.transportSection = index
    self.transportMid = description.array(section.mid) ?? []
    self.dataSection = data
    if let data {
      let section = description.sections[data]
      // RFC 8841 asks for the attribute; what browsers take its absence to mean is the port that all of them use.
      let port = section.sctpPort ?? 5000
      guard port != 0 else { throw SDPError(.closedAssociation, line: section.line) }
      self.dataMid = description.array(section.mid) ?? []
      self.sctpPort = port
      self.maximumMessageSize = section.maximumMessageSize ?? 65_536
    } else {
      self.dataMid = []
      self.sctpPort = 5000
      self.maximumMessageSize = 65_536
    }
    self.iceUfrag = ufrag
    self.icePassword = password
    self.iceOptions = transport.iceOptions ?? []
    self.isICELite = description.isICELite
    self.fingerprints = transport.fingerprints
    self.setup = setup
    self.localSetup = localSetup
    self.candidates = description.arrays(transport.candidates)
    self.endOfCandidates = transport.endOfCandidates
  }
}

extension SessionDescription {
  /// An answer has the offer's sections, one for one (RFC 3264 section 6).
  func checkSections(against offer: SessionDescription) throws(SDPError) {
    guard self.sections.count == offer.sections.count else { throw SDPError(.sectionCountDiffers) }
    var index = 0
    while index < self.sections.count {
      let own = self.sections[index]
      let theirs = offer.sections[index]
      guard bytesEqual(self.bytes(in: own.medium), offer.bytes(in: theirs.medium)) else {
        throw SDPError(.sectionDiffers, line: own.line)
      }
      // What is rejected is not worth a quarrel.
      if self.isRejected(index) {
        index &+= 1
        continue
      }
      // RFC 3264 section 6: what was offered with port 0 stays so. Media profiles have several names for one thing.
      guard !offer.isRejected(index),
        own.kind == .audio || own.kind == .video
          || bytesEqual(self.bytes(in: own.protocolName), offer.bytes(in: theirs.protocolName))
      else { throw SDPError(.sectionDiffers, line: own.line) }
      if let mid = own.mid, let offered = theirs.mid {
        guard bytesEqual(self.bytes(in: mid), offer.bytes(in: offered)) else {
          throw SDPError(.sectionDiffers, line: own.line)
        }
      }
      index &+= 1
    }
  }

  /// The section of an answer whose transport is in use: the first by the order of its BUNDLE group. Nil where all are
  /// rejected.
  func transportSection(answering offer: SessionDescription) throws(SDPError) -> Int? {
    var index = 0
    while index < self.sections.count {
      if !self.isRejected(index) {
        guard self.use(of: index, sharing: nil) != .none else {
          throw SDPError(.sectionDiffers, line: self.sections[index].line)
        }
        return self.bundleTag(of: index)
      }
      index &+= 1
    }
    return nil
  }

  /// The first section of the group, by the group's order, that can be used; the section itself where it stands in none.
  private func bundleTag(of index: Int) -> Int {
    guard let group = self.bundleGroup(of: index) else { return index }
    for mid in group {
      if let tagged = self.section(withMid: mid), self.use(of: tagged, sharing: nil) != .none { return tagged }
    }
    return index
  }
}
