import Time

extension Association {
  /// What an association may use and how patient it is. Every bound on memory is here.
  public struct Configuration: Sendable {
    /// The SCTP ports, which both sides agree on by SDP (RFC 8841 section 5).
    public var localPort: UInt16 = 5000
    public var remotePort: UInt16 = 5000
    /// The largest SCTP packet in bytes, common header included: 256...65,532. With a DTLS record's 37 bytes
    /// and UDP over IPv6 the default stays below 1,280, which every path carries (RFC 8261 section 5).
    public var maximumPacketSize: Int = 1180
    /// What a peer may have in flight towards us, in bytes; at least `maximumMessageSize`. Memory is taken as
    /// data comes, in blocks of 128 bytes, and never more than twice this.
    public var receiveWindow: Int = 1 << 20
    /// What messages not yet acknowledged may occupy, in bytes; each takes a multiple of 128.
    public var sendBufferLimit: Int = 1 << 20
    /// The largest message accepted from the peer (our `a=max-message-size`). A longer one ends the association.
    public var maximumMessageSize: Int = 262_144
    /// The largest message the peer accepts (its `a=max-message-size`).
    public var remoteMaximumMessageSize: Int = 262_144
    /// Streams offered in each direction. State is kept for those in use alone.
    public var streams: UInt16 = 65_535
    /// How many streams of each direction may be in use at once: 1...65,535. A peer that uses more is aborted.
    public var maximumActiveStreams: Int = 2048
    /// Incoming stream resets not yet fetched as events; beyond it the peer is told to ask again.
    public var maximumPendingResets: Int = 1024

    /// RTO.Initial, RTO.Min and RTO.Max (RFC 9260 section 16). The minimum lies above a peer's delayed
    /// acknowledgement (200 ms at most in the stacks that browsers use).
    public var initialRTO = Interval.milliseconds(1000)
    public var minimumRTO = Interval.milliseconds(300)
    public var maximumRTO = Interval.seconds(60)
    /// What a timeout grows to by doubling. Over ICE, which watches the path itself, an outage should not cost as
    /// long again once it is over; browsers use 3 s as well.
    public var maximumBackoff = Interval.seconds(3)
    /// How long an acknowledgement may wait for a second packet (RFC 9260 section 6.2): at most 500 ms.
    public var delayedAcknowledgement = Interval.milliseconds(50)
    /// How long an idle path goes unprobed (HB.interval); zero sends no heartbeats.
    public var heartbeatInterval = Interval.seconds(30)
    /// Association.Max.Retrans: timeouts in a row before the association has failed. RFC 9260's 10 stands for about
    /// four minutes when doubling goes up to 60 s; with `maximumBackoff` it takes more of them.
    public var maximumRetransmissions: Int = 80
    /// Max.Init.Retransmits. RFC 9260's 8 would be used up after 20 s of an outage that ICE is still willing to survive.
    public var maximumInitRetransmissions: Int = 80
    /// Packets that one acknowledgement may release at once (Max.Burst, RFC 9260 section 6.1).
    public var maximumBurst: Int = 8
    /// The initial congestion window in packets: 1...64 (RFC 6928 argues for 10).
    public var initialWindow: Int = 10
    /// Whether losses on a path without a queue are taken for faults of the medium instead of congestion. False is
    /// RFC 9260 section 7.2 to the letter.
    public var toleratesLoss = true
    /// Valid.Cookie.Life.
    public var cookieLifetime = Interval.seconds(60)
    /// Whether DTLS vouches for the bytes, so that a checksum of zero may be sent to a peer that accepts it and
    /// is accepted from one (RFC 9653, error detection method 1).
    public var zeroChecksum = false

    public init() {}

    package var isValid: Bool {
      (256...65_532).contains(self.maximumPacketSize)
        && self.maximumMessageSize >= 1 && self.receiveWindow >= max(self.maximumMessageSize, 1500)
        && self.receiveWindow <= 1 << 29 && self.remoteMaximumMessageSize >= 1
        && (BlockPool.blockSize...(1 << 29)).contains(self.sendBufferLimit)
        && self.streams >= 1 && (1...65_535).contains(self.maximumActiveStreams)
        && (1...65_535).contains(self.maximumPendingResets)
        && self.minimumRTO > .zero && self.minimumRTO <= self.maximumRTO && self.initialRTO > .zero
        && self.maximumBackoff > .zero && self.delayedAcknowledgement > .zero && self.delayedAcknowledgement <= .milliseconds(500)
        && self.maximumRetransmissions >= 0 && self.maximumInitRetransmissions >= 0
        && (1...64).contains(self.initialWindow) && (1...256).contains(self.maximumBurst)
        && self.cookieLifetime > .zero
    }
  }

  /// What the caller did wrong.
  public enum UsageError: Error, Equatable, Sendable {
    /// A configuration value lies outside its documented range.
    case invalidConfiguration
  }
}
