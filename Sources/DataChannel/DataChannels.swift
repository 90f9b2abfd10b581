import Bytes
import SCTP
import Time

public struct DataChannels: Sendable {
  public struct Configuration: Sendable {
    public var association = Association.Configuration()
    /// Channels in any state but closed: 1...32,768.
    public var maximumChannels: Int = 1024
    /// The longest label and the longest subprotocol accepted or sent, in bytes: at most 65,535.
    public var maximumNameLength: Int = 1024
    public init() {}
  }

  var association: Association

  public init(
    configuration: Configuration, isDTLSClient: Bool?, random: SeededRandom, now: Instant
  ) throws(Association.UsageError) {
    self.association = try Association(configuration: configuration.association, random: random, now: now)
  }
  public mutating func setDTLSRole(isClient: Bool, now: Instant) {}
  public mutating func setInitialRoundTrip(_ roundTrip: Interval) {}
  public mutating func setRemoteMaximumMessageSize(_ bytes: UInt64) {}
  public mutating func connect(now: Instant) {}
  public mutating func receive(_ packet: Span<UInt8>, now: Instant) {}
  public mutating func advance(to now: Instant) {}
  public var nextDeadline: Instant? { nil }
  public mutating func pollTransmit(into writer: inout SpanWriter) -> Bool { false }
  public mutating func pollEvent() -> Event? { nil }
  public mutating func open(_ options: ChannelOptions, now: Instant) throws(OpenError) -> Channel { Channel(index: 0) }
  public mutating func send(
    _ bytes: Span<UInt8>, kind: Kind, on channel: Channel, now: Instant
  ) throws(SendError) {}
  public mutating func close(_ channel: Channel, now: Instant) {}
  public mutating func receiveMessage(into writer: inout SpanWriter) -> ReceivedMessage? { nil }
  public var nextMessageSize: Int? { nil }
  public func bufferedAmount(of channel: Channel) -> Int { 0 }
  public mutating func setBufferedAmountLowThreshold(_ bytes: Int, on channel: Channel) {}
  public func info(of channel: Channel) -> ChannelInfo? { nil }
  public mutating func shutdown(now: Instant) {}
  public mutating func abort(now: Instant) {}
  public var statistics: Association.Statistics { self.association.statistics }
}
