import Time

extension Association {
  /// Counters since the start, and the state of the path now. Sizes are in bytes of user data.
  public struct Statistics: Equatable, Sendable {
    public var packetsSent: UInt64 = 0
    public var packetsReceived: UInt64 = 0
    public var messagesSent: UInt64 = 0
    public var messagesReceived: UInt64 = 0
    public var bytesSent: UInt64 = 0
    public var bytesReceived: UInt64 = 0
    /// DATA chunks sent again, for whatever reason.
    public var retransmissions: UInt64 = 0
    public var fastRecoveries: UInt64 = 0
    public var timeouts: UInt64 = 0
    public var tailLossProbes: UInt64 = 0
    /// Messages given up under partial reliability.
    public var abandoned: UInt64 = 0
    public var duplicates: UInt64 = 0
    /// DATA chunks dropped for want of room.
    public var droppedForWindow: UInt64 = 0
    /// Packets that are no SCTP packets, and chunks whose contents make no sense.
    public var malformed: UInt64 = 0
    public var wrongChecksum: UInt64 = 0
    public var wrongVerificationTag: UInt64 = 0
    /// Well-formed, but not to be heeded: stale, forged or out of place.
    public var ignored: UInt64 = 0
    public var invalidCookies: UInt64 = 0

    public var congestionWindow: Int = 0
    public var slowStartThreshold: Int = 0
    /// In flight by the congestion control's count: chunk headers included.
    public var bytesInFlight: Int = 0
    public var peerReceiveWindow: Int = 0
    /// Zero before the first sample.
    public var smoothedRoundTrip = Interval.zero
    public var retransmissionTimeout = Interval.zero
    public var localReceiveWindow: Int = 0
    public init() {}
  }
}
