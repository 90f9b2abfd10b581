/// What became of the packets of a session, RTP and RTCP together.
public struct Statistics: Equatable, Sendable {
  public var packetsProtected: UInt64 = 0
  public var packetsUnprotected: UInt64 = 0
  /// Forged, damaged, or under another key.
  public var authenticationFailures: UInt64 = 0
  /// Seen before, or too old to tell (RFC 3711 section 3.3.2).
  public var replays: UInt64 = 0
  /// Too short, too long, or without a header that holds together; both directions.
  public var malformed: UInt64 = 0
  /// Of an SSRC beyond `Configuration.maximumStreams`; both directions.
  public var streamsRefused: UInt64 = 0
  /// To send, but too old to repeat, or past the last SRTCP index of the keys (2^31 packets).
  public var sendsRefused: UInt64 = 0

  public init() {}
}
