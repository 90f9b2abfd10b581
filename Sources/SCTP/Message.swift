import Time

extension Association {
  /// How hard to try (RFC 3758, RFC 7496).
  public enum Reliability: Equatable, Sendable {
    case reliable
    /// Give up once a fragment would be sent again for the `n + 1`st time; 0 sends everything once.
    case maxRetransmits(UInt16)
    /// Give up this long after `send`.
    case maxLifetime(Interval)
  }

  public struct SendOptions: Equatable, Sendable {
    /// In the order of the stream's other ordered messages, or as soon as it is complete.
    public var ordered: Bool
    public var reliability: Reliability
    public init(ordered: Bool = true, reliability: Reliability = .reliable) {
      self.ordered = ordered
      self.reliability = reliability
    }
  }

  /// Why a message was not taken. Nothing of it was queued.
  public enum SendError: Error, Equatable, Sendable {
    /// The send buffer has no room now.
    case wouldBlock
    /// It exceeds what the peer accepts, or the whole send buffer.
    case messageTooLarge
    /// SCTP cannot carry an empty message.
    case messageEmpty
    /// The peer's stream count, or our bound on streams in use, is exceeded.
    case noSuchStream
    /// The stream is being reset.
    case streamResetting
    /// The association is shutting down or gone.
    case closed
  }

  /// A message as it was received; its bytes are in the writer.
  public struct Message: Equatable, Sendable {
    public var stream: UInt16
    public var protocolIdentifier: UInt32
    public var ordered: Bool
    /// Bytes.
    public var size: Int
  }
}
