/// What is wrong with a session description, and where: "line 7: fingerprint is not hexadecimal".
///
/// Trivial on purpose: throwing it costs no allocation and links no text handling.
public struct SDPError: Error, Equatable, Sendable {
  /// The line of the description that is at fault, from 1; 0 where no single line is.
  public let line: Int
  public let reason: Reason

  init(_ reason: Reason, line: Int = 0) {
    self.line = line
    self.reason = reason
  }

  public enum Reason: Error, Equatable, Sendable {
    // Text
    case tooLarge, lineTooLong, tooManyLines, tooManySections, tooManyCandidates, tooManyFingerprints
    case notALine, controlCharacter
    // Session level
    case missingVersion, malformedOrigin, malformedGroup
    // Media level
    case malformedMediaLine, malformedPort, malformedMid, duplicateMid
    // Attributes
    case malformedICEUfrag, malformedICEPassword, malformedFingerprint, fingerprintNotHexadecimal
    case fingerprintOfWrongLength, malformedSetup, malformedSCTPPort, malformedSCTPMap, malformedMaximumMessageSize
    case conflictingAttribute
    // Offer and answer
    case noDataSection, nothingInCommon, missingICECredentials, missingFingerprint, missingSetup, holdconn, closedAssociation
    case sectionCountDiffers, sectionDiffers, sectionRejected, setupNotDecided, setupConflicts
    // The caller's own parameters and buffer
    case invalidLocalParameters, noRoom
  }
}

extension SDPError.Reason {
  /// A phrase to put behind "line 7: ".
  public var description: StaticString {
    switch self {
    case .tooLarge: "the description is too large"
    case .lineTooLong: "the line is too long"
    case .tooManyLines: "the section has too many lines"
    case .tooManySections: "there are too many media sections"
    case .tooManyCandidates: "the section has too many candidates"
    case .tooManyFingerprints: "there are too many fingerprints"
    case .notALine: "the line is not of the form x=value"
    case .controlCharacter: "the line holds a control character"
    case .missingVersion: "the description does not begin with v=0"
    case .malformedOrigin: "the origin does not have six fields"
    case .malformedGroup: "the group is malformed"
    case .malformedMediaLine: "the m= line does not name a medium, a port, a protocol and a format"
    case .malformedPort: "the port is not a number up to 65535"
    case .malformedMid: "the mid is not a token"
    case .duplicateMid: "an earlier section has the same mid"
    case .malformedICEUfrag: "ice-ufrag is not 4 to 256 ICE characters"
    case .malformedICEPassword: "ice-pwd is not 22 to 256 ICE characters"
    case .malformedFingerprint: "fingerprint does not name a hash function and a value"
    case .fingerprintNotHexadecimal: "fingerprint is not hexadecimal"
    case .fingerprintOfWrongLength: "fingerprint is not as long as its hash function's output"
    case .malformedSetup: "setup is none of actpass, active, passive and holdconn"
    case .malformedSCTPPort: "sctp-port is not a number up to 65535"
    case .malformedSCTPMap: "sctpmap does not name a port and a protocol"
    case .malformedMaximumMessageSize: "max-message-size is not a number"
    case .conflictingAttribute: "the attribute contradicts an earlier one"
    case .noDataSection: "no section can carry data channels"
    case .nothingInCommon: "no section is of use to both sides"
    case .missingICECredentials: "the section has no ice-ufrag or no ice-pwd"
    case .missingFingerprint: "the section has no fingerprint of a known hash function"
    case .missingSetup: "the answer has no setup"
    case .holdconn: "setup is holdconn, which DTLS forbids"
    case .closedAssociation: "sctp-port is 0, which closes the association"
    case .sectionCountDiffers: "the answer has not as many sections as the offer"
    case .sectionDiffers: "the answer's section is of another medium, protocol or mid than the offer's"
    case .sectionRejected: "the answer rejects the section"
    case .setupNotDecided: "the answer's setup is actpass, which decides nothing"
    case .setupConflicts: "the answer's setup does not fit the offer's"
    case .invalidLocalParameters: "the local parameters cannot be written as a description"
    case .noRoom: "the buffer is too small"
    }
  }
}
