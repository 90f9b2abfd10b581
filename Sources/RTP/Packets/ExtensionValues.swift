/// What the header extensions of one packet say. Extensions that nobody negotiated, and those whose length is wrong, are left out.
@frozen
public struct ExtensionValues: Equatable, Sendable {
  /// RFC 9143 section 15.
  public var mid = ByteField()
  /// RFC 8852 section 3.1.
  public var rid = ByteField()
  /// RFC 8852 section 3.2.
  public var repairedRID = ByteField()
  /// 24 bits: seconds modulo 64 in units of 2^-18 s.
  public var absoluteSendTime: UInt32?
  public var transportSequence: UInt16?
  /// RFC 6464: -dBov, 0 (loudest) to 127.
  public var audioLevel: UInt8?
  /// RFC 6464: counts where `audioLevel` is there.
  public var hasVoice = false
  /// The NTP time of capture by the sender's clock, 32.32 bits.
  public var absoluteCaptureTime: UInt64?
  /// How far the capturing clock is ahead of the sender's, 32.32 bits.
  public var captureClockOffset: Int64?

  @inlinable public init() {}
}
