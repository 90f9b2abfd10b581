import Bytes

/// What the peer says of itself for the section that carries the data channels, checked and with defaults filled in.
public struct RemoteParameters: Equatable, Sendable {
  /// The section's place among the `m=` sections, from 0.
  public let sectionIndex: Int
  /// Empty where the peer gave none.
  public let mid: [UInt8]
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
  public let sctpPort: UInt16
  /// The largest message the peer takes, in bytes; 0: any. 65,536 where it did not say (RFC 8841 section 6.1).
  public let maximumMessageSize: UInt64
  /// Values of `a=candidate`, as they came: a candidate that makes no sense is not a reason to refuse the others.
  public let candidates: [[UInt8]]
  /// The peer said that no candidate follows. One that does not list `trickle` among its options has none to send
  /// either.
  public let endOfCandidates: Bool

  /// From an offer. `preferred` is our own setup where the offer leaves it to us.
  ///
  /// Throws `noDataSection` where there is nothing to accept (the offer can still be answered by `writeRejection`), and
  /// says what is missing where there is a data section that cannot be used.
  public init(offer: SessionDescription, preferring preferred: Setup = .active) throws(SDPError) {
    guard let index = offer.dataSection else { throw SDPError(.noDataSection) }
    let line = offer.sections[index].line
    // An offer without the attribute comes from a peer older than RFC 8842; both roles were open to it.
    let setup = offer.resolvedTransport(of: index).setup ?? .actpass
    let localSetup: Setup
    switch setup {
    case .actpass: localSetup = preferred == .passive ? .passive : .active
    case .active: localSetup = .passive
    case .passive: localSetup = .active
    case .holdconn: throw SDPError(.holdconn, line: line)
    }
    try self.init(offer, section: index, setup: setup, localSetup: localSetup)
  }

  /// From the answer to our own offer.
  public init(answer: SessionDescription, to offer: SessionDescription) throws(SDPError) {
    guard let index = offer.dataSection else { throw SDPError(.noDataSection) }
    try answer.checkSections(against: offer)
    let line = answer.sections[index].line
    guard !answer.isRejected(index) else { throw SDPError(.sectionRejected, line: line) }
    guard answer.carriesDataChannels(answer.sections[index]) else { throw SDPError(.sectionDiffers, line: line) }
    guard let setup = answer.resolvedTransport(of: index).setup else { throw SDPError(.missingSetup, line: line) }
    let localSetup: Setup
    switch setup {
    case .actpass: throw SDPError(.setupNotDecided, line: line)
    case .holdconn: throw SDPError(.holdconn, line: line)
    case .active: localSetup = .passive
    case .passive: localSetup = .active
    }
    let offered = offer.resolvedTransport(of: index).setup ?? .actpass
    guard offered == .actpass || offered == localSetup else { throw SDPError(.setupConflicts, line: line) }
    try self.init(answer, section: index, setup: setup, localSetup: localSetup)
  }

  private init(
    _ description: SessionDescription, section index: Int, setup: Setup, localSetup: Setup
  ) throws(SDPError) {
    let section = description.sections[index]
    let transport = description.resolvedTransport(of: index)
    guard let ufrag = description.array(transport.iceUfrag), let password = description.array(transport.icePassword)
    else { throw SDPError(.missingICECredentials, line: section.line) }
    guard !transport.fingerprints.isEmpty else { throw SDPError(.missingFingerprint, line: section.line) }
    // RFC 8841 asks for the attribute; what browsers take its absence to mean is the port that all of them use.
    let port = section.sctpPort ?? 5000
    guard port != 0 else { throw SDPError(.closedAssociation, line: section.line) }
    self.sectionIndex = index
    self.mid = description.array(section.mid) ?? []
    self.iceUfrag = ufrag
    self.icePassword = password
    self.iceOptions = transport.iceOptions ?? []
    self.isICELite = description.isICELite
    self.fingerprints = transport.fingerprints
    self.setup = setup
    self.localSetup = localSetup
    self.sctpPort = port
    self.maximumMessageSize = section.maximumMessageSize ?? 65_536
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
      guard bytesEqual(self.bytes(in: own.medium), offer.bytes(in: theirs.medium)),
        bytesEqual(self.bytes(in: own.protocolName), offer.bytes(in: theirs.protocolName))
      else { throw SDPError(.sectionDiffers, line: own.line) }
      if let mid = own.mid, let offered = theirs.mid {
        guard bytesEqual(self.bytes(in: mid), offer.bytes(in: offered)) else {
          throw SDPError(.sectionDiffers, line: own.line)
        }
      }
      index &+= 1
    }
  }
}
