import SCTP
import Time

extension DataChannels {
  /// One channel, from `open` or `.opened` until `.closed`; never reused for another one soon.
  public struct Channel: Hashable, Sendable {
    public let index: UInt32
    public init(index: UInt32) { self.index = index }
  }

  /// What a message is to its receiver (RFC 8831 section 8).
  public enum Kind: Equatable, Sendable { case string, binary }

  public typealias Reliability = Association.Reliability

  /// How a channel is to be opened. Byte strings are UTF-8.
  public struct ChannelOptions: Sendable {
    /// At most 65,535 bytes, as the subprotocol.
    public var label: [UInt8]
    public var subprotocol: [UInt8] = []
    public var ordered = true
    public var reliability = Reliability.reliable
    /// Set where both sides open the channel by agreement, without DCEP: 0...65,534.
    public var negotiatedID: UInt16?
    /// RFC 8832 section 5.1; 256 is "normal".
    public var priority: UInt16 = 256
    public init(label: [UInt8]) { self.label = label }
  }

  /// What is known about a channel.
  public struct ChannelInfo: Sendable {
    public var label: [UInt8]
    public var subprotocol: [UInt8]
    public var ordered: Bool
    public var reliability: Reliability
    public var priority: UInt16
    public var negotiated: Bool
    public var state: ChannelState
    /// Nil until the DTLS role is known, for a channel opened before.
    public var streamID: UInt16?
  }

  /// The W3C's `RTCDataChannelState`.
  public enum ChannelState: Equatable, Sendable { case connecting, open, closing, closed }

  public struct ReceivedMessage: Equatable, Sendable {
    public var channel: Channel
    public var kind: Kind
    /// Bytes written.
    public var size: Int
  }
}
