import Bytes
import Time

extension Session {
  /// Bounds of what one sender keeps: packets that wait for their turn, and packets kept to be sent again.
  public struct StoreLimits: Equatable, Sendable {
    /// Bytes of packets, headers included: four times `maximumPacketSize` to 2^30. A frame that does not fit is `SendError.tooLarge`.
    public var bytes: Int
    /// 4 to 16,384.
    public var packets: Int
    /// A sent packet is forgotten when it is this old.
    public var age: Interval

    public init(bytes: Int, packets: Int, age: Interval) {
      self.bytes = bytes
      self.packets = packets
      self.age = age
    }

    func isValid(packetSize: Int) -> Bool {
      self.bytes >= 4 &* packetSize && self.bytes <= 1 &<< 30 && self.packets >= 4 && self.packets <= 16_384
    }
  }

  /// What a session is told at its start. Every number is a bound or an interval that may be tuned.
  public struct Configuration: Sendable {
    /// The NTP time (32.32 bits, RFC 3550 section 4) of `Instant.zero`: sender reports tell wall-clock time by it.
    public var ntpOffset: UInt64 = 0
    /// The canonical name (RFC 7022), of 255 bytes at most; empty: 16 random characters.
    public var cname: [UInt8] = []
    /// The largest RTP or RTCP packet written, without SRTP's trailer: 200 to 65,000 bytes. It has to hold the report of a line with all
    /// its streams: 24 bytes each, the canonical name, and 90 bytes. A forwarded packet of this size is sent again with two bytes more
    /// (RFC 4588).
    public var maximumPacketSize = 1200
    public var videoStore = StoreLimits(bytes: 512_000, packets: 1024, age: .seconds(2))
    public var audioReceiver = Receiver.Configuration(.audio)
    public var videoReceiver = Receiver.Configuration(.video)
    public var audioStore = StoreLimits(bytes: 16_384, packets: 64, age: .seconds(1))
    /// A video frame's packets are spread over this long; zero: at once.
    public var pacingInterval = Interval.milliseconds(10)
    /// Paced packets leave in groups, this far apart: the grain of the host's timer. At least 100 µs.
    public var pacingStep = Interval.milliseconds(1)
    /// So many packets leave at once before pacing begins.
    public var pacingBurst = 4
    /// How often one packet is sent again at most: 0 to 255. 0: never.
    public var maximumRepeats: UInt8 = 10
    /// Packets sent again may add this much to what is sent anew, percent.
    public var repeatShare = 100
    /// What the share may save up, bytes: a burst of losses is repaired out of it.
    public var repeatBurst = 128_000
    /// The mean time between reports, as RFC 3550 section 6.2 randomises it. At least 20 ms.
    public var reportInterval = Interval.seconds(1)
    /// How often arrivals are reported where transport-wide sequence numbers were negotiated, at least 5 ms; two and a half times as long
    /// after so few packets as audio alone has.
    public var transportFeedbackInterval = Interval.milliseconds(100)
    /// `keyFrameRequested` events of one line come no closer than this; a request in between is answered at its end.
    public var keyFrameEventInterval = Interval.milliseconds(250)
    /// The round trip is measured by extended reports (RFC 3611) while nothing is sent.
    public var sendsReceiverReferenceTime = true
    /// Lines that there may be at once: 1 to 1,024.
    public var maximumLines = 64
    /// Streams received at once: over all lines, 1 to 4,096; on one line, 1 to 31 (what one report can speak of). Beyond them, a
    /// stream that has been silent for 2 s gives way.
    public var maximumStreams = 64
    public var maximumStreamsPerLine = 8
    /// A stream is removed when nothing came for this long.
    public var streamTimeout = Interval.seconds(30)
    /// Events kept for `pollEvent`; further ones are counted in `Statistics.droppedEvents`: 8 to 4,096.
    public var maximumEvents = 64

    public init() {}

    /// Whether every value lies in its documented range.
    public var isValid: Bool {
      let size = self.maximumPacketSize
      guard size >= 200, size <= 65_000, self.cname.count <= 255, self.maximumStreamsPerLine >= 1,
        self.maximumStreamsPerLine <= 31,
        size >= self.maximumStreamsPerLine &* ReportBlock.size &+ max(self.cname.count, 16) &+ 90,
        self.videoStore.isValid(packetSize: size), self.audioStore.isValid(packetSize: size),
        self.audioReceiver.isValid, self.videoReceiver.isValid
      else { return false }
      return self.pacingInterval <= .seconds(10) && self.pacingStep >= .microseconds(100)
        && self.pacingStep <= .seconds(1) && self.pacingBurst >= 1 && self.pacingBurst <= 16_384 && self.repeatShare >= 0
        && self.repeatShare <= 10_000 && self.repeatBurst >= 0 && self.repeatBurst <= 1 &<< 30
        && self.reportInterval >= .milliseconds(20) && self.reportInterval <= .seconds(3600)
        && self.transportFeedbackInterval >= .milliseconds(5) && self.transportFeedbackInterval <= .seconds(60)
        && self.maximumLines >= 1 && self.maximumLines <= 1024 && self.maximumStreams >= 1
        && self.maximumStreams <= 4096 && self.streamTimeout >= .seconds(1) && self.maximumEvents >= 8
        && self.maximumEvents <= 4096
    }
  }
}
