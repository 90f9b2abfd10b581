/// One `m=` line and what belongs to it (RFC 8866 section 5.14).
public struct MediaSection: Equatable, Sendable {
  public enum Kind: Equatable, Sendable { case audio, video, application, other }

  /// RFC 8866 section 6.7. Meaningless for data channels (RFC 8841 section 9.2).
  public enum Direction: Equatable, Sendable { case sendrecv, sendonly, recvonly, inactive }

  public let kind: Kind
  /// The medium, as written.
  public let medium: TextRange
  /// 0 rejects or disables the section, unless it is `bundleOnly`.
  public let port: UInt16
  public let protocolName: TextRange
  /// All formats, as written, with the spaces between them.
  public let formats: TextRange
  /// The number of the `m=` line, from 1.
  public let line: Int
  /// The section's lines, the `m=` line first, in `SessionDescription.lines`. All its attributes are there, known or
  /// not.
  public var lines: Range<Int>

  public var mid: TextRange?
  public var direction: Direction?
  public var transport = TransportAttributes()
  public var hasRTCPMux = false
  public var isBundleOnly = false
  /// `a=sctp-port`, or the port of a legacy `DTLS/SCTP` line.
  public var sctpPort: UInt16?
  /// In bytes; 0 means that any size is taken (RFC 8841 section 6.1). Nil where absent.
  public var maximumMessageSize: UInt64?
  /// The `a=sctpmap` of draft-ietf-mmusic-sctp-sdp-05 names `webrtc-datachannel`.
  public var mapsDataChannels = false

  init(
    kind: Kind, medium: TextRange, port: UInt16, protocolName: TextRange, formats: TextRange, line: Int,
    lines: Range<Int>
  ) {
    self.kind = kind
    self.medium = medium
    self.port = port
    self.protocolName = protocolName
    self.formats = formats
    self.line = line
    self.lines = lines
  }
}
