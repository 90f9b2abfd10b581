import Time

/// Statistics by their names in the W3C's "Identifiers for WebRTC's Statistics API", a dictionary a type. Times are intervals;
/// jitter is in clock-rate units, as RFC 3550 computes it.
public struct OutboundStatistics: Equatable, Sendable {
  public var ssrc: UInt32 = 0
  public var rtxSSRC: UInt32 = 0
  public var packetsSent: UInt64 = 0
  /// Payload bytes.
  public var bytesSent: UInt64 = 0
  public var headerBytesSent: UInt64 = 0
  public var retransmittedPacketsSent: UInt64 = 0
  public var retransmittedBytesSent: UInt64 = 0
  public var framesSent: UInt64 = 0
  public var keyFramesSent: UInt64 = 0
  public var nackCount: UInt32 = 0
  public var pliCount: UInt32 = 0
  public var firCount: UInt32 = 0
  /// Frames not taken because the store was full.
  public var framesRefused: UInt64 = 0
  /// Packets asked for that were no longer kept, or asked for too often.
  public var repeatsRefused: UInt64 = 0
  /// Packets that wait for their turn.
  public var packetsWaiting = 0

  public init() {}
}

/// What the peer's reports say of our stream.
public struct RemoteInboundStatistics: Equatable, Sendable {
  public var reportsReceived: UInt32 = 0
  /// May be negative: duplicates count as received (RFC 3550 section 6.4.1).
  public var packetsLost: Int32 = 0
  /// In 1/256.
  public var fractionLost: UInt8 = 0
  public var jitter: UInt32 = 0
  public var roundTripTime: Interval?
  public var totalRoundTripTime = Interval.zero
  public var roundTripTimeMeasurements: UInt32 = 0

  public init() {}
}

/// What the peer's sender reports say of its stream.
public struct RemoteOutboundStatistics: Equatable, Sendable {
  public var reportsSent: UInt32 = 0
  public var packetsSent: UInt32 = 0
  public var bytesSent: UInt32 = 0
  /// The newest report's NTP time (32.32 bits) and the RTP timestamp that goes with it; audio and video are synchronised by it.
  public var ntpTime: UInt64 = 0
  public var rtpTimestamp: UInt32 = 0
  public var receivedAt: Instant?

  public init() {}
}

/// What the peer's transport-wide feedback says of everything that was sent.
public struct TransportStatistics: Equatable, Sendable {
  public var packetsSent: UInt64 = 0
  public var packetsAcknowledged: UInt64 = 0
  public var packetsLost: UInt64 = 0
  /// Bits a second that arrived lately, RTP headers included; 0 where nobody tells.
  public var acknowledgedBitRate: UInt64 = 0
  /// Lost lately, in 1/256.
  public var fractionLost: UInt8 = 0
  public var feedbackReceived: UInt32 = 0
  public var feedbackSent: UInt32 = 0

  public init() {}
}

extension Session {
  /// What happened that concerns no stream.
  public struct Statistics: Equatable, Sendable {
    public var packetsReceived: UInt64 = 0
    /// Neither RTP nor of a known version, or with fields that lie.
    public var malformedPackets: UInt64 = 0
    /// Packets of no line or stream that is known, or beyond the bounds on streams (RFC 9143 section 9.2).
    public var unroutablePackets: UInt64 = 0
    public var controlPacketsReceived: UInt64 = 0
    public var malformedControlPackets: UInt64 = 0
    public var controlPacketsSent: UInt64 = 0
    public var collisions: UInt32 = 0
    public var droppedEvents: UInt64 = 0
    /// RTX packets that name no stream.
    public var unboundRepairs: UInt64 = 0

    public init() {}
  }

  public struct LineStatistics: Equatable, Sendable {
    public var outbound = OutboundStatistics()
    public var remoteInbound = RemoteInboundStatistics()

    public init() {}
  }

  /// A stream that is received.
  public struct StreamStatistics: Equatable, Sendable {
    public var line: Int
    public var ssrc: UInt32
    public var rtxSSRC: UInt32?
    /// RFC 8852; empty where its packets name none.
    public var rid: [UInt8]
    /// The peer's canonical name for whoever sends it: streams of one name are of one clock.
    public var cname: [UInt8]
    public var inbound: InboundStatistics
    public var remoteOutbound: RemoteOutboundStatistics
  }
}
