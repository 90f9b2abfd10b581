/// The bounds of a session.
public struct Configuration: Equatable, Sendable {
  /// How many packets behind the highest one received a late packet may be (RFC 3711 section 3.3.2): 128...32,704, rounded
  /// up to a multiple of 64. A retransmission that was waited for longer than this is lost. SRTCP has 128 always.
  public var replayWindow = 1024
  /// How many packets behind the highest one sent a packet may be repeated; range and rounding as above.
  public var repeatWindow = 1024
  /// SSRCs of each direction, 1...65,536. Packets of more are refused and counted; none is ever forgotten, for its
  /// replayed packets would pass again. Only authentic packets claim a place.
  public var maximumStreams = 256

  public init() {}

  static let windowRange = 128...32_704

  public var isValid: Bool {
    Self.windowRange.contains(self.replayWindow) && Self.windowRange.contains(self.repeatWindow)
      && (1...65_536).contains(self.maximumStreams)
  }
}
