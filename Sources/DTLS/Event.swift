/// What a connection tells its owner.
public enum Event: Equatable, Sendable {
  /// Both sides proved their keys and the peer's certificate has an expected fingerprint. The profile is nil
  /// where use_srtp was not negotiated.
  case connected(srtpProfile: SRTPProfile?)
  /// The end, for cause. Nothing follows.
  case failed(Failure)
  /// The peer said close_notify. Nothing follows.
  case closed
}

/// Why a connection failed.
public enum Failure: Equatable, Sendable {
  /// The handshake took longer than `handshakeTimeout`.
  case timedOut
  /// The peer's certificate has none of the fingerprints that signalling announced.
  case fingerprintMismatch
  /// The peer sent a fatal alert.
  case peerAlert(Alert)
  /// The peer broke the protocol, or offered nothing acceptable; this alert was sent to it.
  case peerFault(Alert)
  /// The cryptographic provider could not allocate a context.
  case outOfMemory
}

/// A TLS alert's description (RFC 5246 section 7.2).
public struct Alert: RawRepresentable, Equatable, Sendable {
  public var rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static var closeNotify: Alert { Alert(rawValue: 0) }
  public static var unexpectedMessage: Alert { Alert(rawValue: 10) }
  public static var handshakeFailure: Alert { Alert(rawValue: 40) }
  public static var badCertificate: Alert { Alert(rawValue: 42) }
  public static var unsupportedCertificate: Alert { Alert(rawValue: 43) }
  public static var illegalParameter: Alert { Alert(rawValue: 47) }
  public static var decodeError: Alert { Alert(rawValue: 50) }
  public static var decryptError: Alert { Alert(rawValue: 51) }
  public static var protocolVersion: Alert { Alert(rawValue: 70) }
  public static var internalError: Alert { Alert(rawValue: 80) }
  public static var noRenegotiation: Alert { Alert(rawValue: 100) }
  public static var unsupportedExtension: Alert { Alert(rawValue: 110) }
}

/// What was ignored, and how often; counters wrap.
public struct Statistics: Equatable, Sendable {
  /// Records whose header or content cannot be read, and what follows them in their datagrams.
  public var malformedRecords: UInt32 = 0
  /// Records that failed authentication.
  public var forgedRecords: UInt32 = 0
  /// Records seen before, or too old for the replay window (RFC 6347 section 4.1.2.6).
  public var replayedRecords: UInt32 = 0
  /// Records of an epoch or type that has no business here now.
  public var unexpectedRecords: UInt32 = 0
  /// Early records for which there was no room.
  public var droppedEarlyRecords: UInt32 = 0
  /// Handshake fragments that were repeats, or that contradicted others.
  public var ignoredFragments: UInt32 = 0
  /// Flights sent again, for a timeout or because the peer repeated its own.
  public var retransmittedFlights: UInt32 = 0
  public init() {}
}
