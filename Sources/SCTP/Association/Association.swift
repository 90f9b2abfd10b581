import Bytes
import Time

public struct Association: Sendable {
  let configuration: Configuration
  var random: SeededRandom

  public init(configuration: Configuration, random: SeededRandom, now: Instant) throws(UsageError) {
    guard configuration.isValid else { throw .invalidConfiguration }
    self.configuration = configuration
    self.random = random
  }
  public var state: State { .closed }
  public mutating func setInitialRoundTrip(_ roundTrip: Interval) {}
  public mutating func connect(now: Instant) {}
  public mutating func receive(_ packet: Span<UInt8>, now: Instant) {}
  public mutating func advance(to now: Instant) {}
  public var nextDeadline: Instant? { nil }
  public mutating func pollTransmit(into writer: inout SpanWriter) -> Bool { false }
  public mutating func pollEvent() -> Event? { nil }
  public mutating func send(
    _ message: Span<UInt8>, stream: UInt16, protocolIdentifier: UInt32, options: SendOptions, now: Instant
  ) throws(SendError) {}
  public mutating func receiveMessage(into writer: inout SpanWriter) -> Message? { nil }
  public var nextMessageSize: Int? { nil }
  public mutating func resetStreams(_ streams: Span<UInt16>, now: Instant) {}
  public mutating func shutdown(now: Instant) {}
  public mutating func abort(now: Instant) {}
  public func bufferedAmount(stream: UInt16) -> Int { 0 }
  public var sendBufferFree: Int { 0 }
  public mutating func setBufferedAmountLowThreshold(_ bytes: Int, stream: UInt16) {}
  public var statistics: Statistics { Statistics() }
}
