import Time

/// When a frame is to be shown, and what its header extensions say where they were negotiated.
public struct FrameTiming: Equatable, Sendable {
  /// The media time in units of the codec's clock rate, from any origin, wrapping. The sender adds its random offset
  /// (RFC 3550 section 5.1).
  public var timestamp: UInt32
  /// When the frame was captured or sampled, by the engine's clock; nil: when it is handed over. Sender reports map by it.
  public var capturedAt: Instant?
  /// Frames of silence were left out before this one (RFC 3551 section 4.1).
  public var followsSilence = false
  /// RFC 6464: -dBov, 0 (loudest) to 127.
  public var audioLevel: UInt8?
  public var hasVoice = false
  /// NTP time of capture, 32.32 bits, for what is forwarded; and how far that clock is ahead of the sender's.
  public var absoluteCaptureTime: UInt64?
  public var captureClockOffset: Int64?

  public init(timestamp: UInt32, capturedAt: Instant? = nil) {
    self.timestamp = timestamp
    self.capturedAt = capturedAt
  }
}

/// Why a frame was not taken.
public enum SendError: Error, Equatable, Sendable {
  /// The store is full of packets that wait for their turn. Drop the frame, or try again when `nextDeadline` has passed.
  case wouldBlock
  /// Not a frame of the negotiated codec.
  case malformed
  /// No such line, no codec, or the direction does not let us send.
  case notNegotiated
  /// Larger than the whole store, or the packet than `maximumPacketSize`.
  case tooLarge
}

/// What `pollTransmit` wrote: the two kinds are protected differently (RFC 3711).
@frozen
public enum PacketKind: UInt8, Equatable, Sendable { case rtp, rtcp }

extension Session {
  public enum UsageError: Error, Equatable, Sendable {
    /// A configuration value lies outside its documented range.
    case invalidConfiguration
    /// `Configuration.maximumLines` are there already.
    case tooManyLines
  }

  public enum Event: Equatable, Sendable {
    /// The peer needs a key frame (PLI or FIR, RFC 4585 section 6.3.1, RFC 5104 section 4.3.1).
    case keyFrameRequested(line: Int)
    /// A stream's first packet has come.
    case streamAdded(line: Int, ssrc: UInt32, codec: Codec)
    /// The stream said BYE, fell silent, gave way to others, or its line ceased to receive.
    case streamRemoved(line: Int, ssrc: UInt32)
    /// The peer uses our SSRC (RFC 3550 section 8.2): the line sends under another from here on, and a description that names SSRCs
    /// wants to be sent anew.
    case sourceChanged(line: Int, AnnouncedStream)
    /// The peer's estimate of what it can receive, bits a second (REMB).
    case bandwidth(bitsPerSecond: UInt64)
  }
}
