import Time

extension Receiver {
  /// Whether whole frames come out, in order, or packets as they arrive.
  @frozen
  public enum Delivery: UInt8, Equatable, Sendable {
    /// Frames, whole, in order, each once.
    case frames
    /// Payloads at once, as they come, duplicates left out: for forwarding.
    case packets
    /// As `packets`, but where the datagram lies: `receive` says what it held, and nothing is copied or kept.
    case inPlace
  }

  /// What a receiver is told at its start. Every number is a bound or an interval that may be tuned.
  public struct Configuration: Equatable, Sendable {
    public var delivery = Delivery.frames
    /// A missing packet is waited for this long after it was noticed; then the frames that it belongs to are given up.
    /// At most 60 s.
    public var holdTime = Interval.milliseconds(100)
    /// A missing packet is asked for this long after it was noticed: packets that were only reordered come by themselves.
    public var firstNACKDelay = Interval.milliseconds(20)
    /// The time between two requests for one packet; nil: half a round trip. At least 1 ms.
    public var nackInterval: Interval?
    /// How often one packet is asked for at most. 0: never.
    public var maximumNACKs: UInt8 = 10
    /// Bytes of payloads kept, those of frames that nobody took included: 2,048 to 2^28. A frame that is larger is given up.
    public var maximumBytes: Int
    /// Packets between the oldest kept and the newest, missing ones included: 16 to 16,384; rounded up to a power of 2.
    public var maximumPackets: Int
    /// A key frame that is needed is asked for again after this long (after one and a half round trips, if that is longer),
    /// unless one is on its way; until one has come. At least 10 ms.
    public var keyFrameRequestInterval = Interval.milliseconds(200)
    /// After a loss, and at the start, frames that depend on others (H264, VP8) are held back until a key frame comes. Where
    /// false, they come out with `followsLoss`.
    public var waitsForKeyFrame = true

    /// Usual values for one kind of media.
    public init(_ kind: MediaKind) {
      switch kind {
      case .audio:
        self.maximumBytes = 100_000
        self.maximumPackets = 256
      case .video:
        self.maximumBytes = 400_000
        self.maximumPackets = 1024
      }
    }

    var isValid: Bool {
      self.holdTime <= .seconds(60) && self.firstNACKDelay <= .seconds(60)
        && (self.nackInterval ?? .seconds(1)) >= .milliseconds(1) && (self.nackInterval ?? .zero) <= .seconds(60)
        && self.maximumBytes >= 2048 && self.maximumBytes <= 1 &<< 28 && self.maximumPackets >= 16
        && self.maximumPackets <= 16_384 && self.keyFrameRequestInterval >= .milliseconds(10)
        && self.keyFrameRequestInterval <= .seconds(3600)
    }
  }

  public enum UsageError: Error, Equatable, Sendable {
    /// A configuration value lies outside its documented range.
    case invalidConfiguration
  }
}
