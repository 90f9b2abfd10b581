import Bytes
import Cryptography
import DTLS
import DataChannel
import ICE
import SCTP
import SDP
import STUN
import Time

#if Audio
import RTP
import SRTP
#endif

public typealias Channel = DataChannels.Channel
public typealias ChannelInfo = DataChannels.ChannelInfo
public typealias ChannelOptions = DataChannels.ChannelOptions
public typealias MessageKind = DataChannels.Kind
public typealias ReceivedMessage = DataChannels.ReceivedMessage

/// Data channels (RFC 8831, 8832).
extension PeerConnection {
  /// Opens a channel; `.channelOpened` tells when it may be used. May be called at any time before `close`.
  public mutating func openChannel(
    _ options: ChannelOptions, now: Instant
  ) throws(DataChannels.OpenError) -> Channel {
    guard !self.core.isClosing else { throw .closed }
    let channel = try self.core.channels.open(options, now: now)
    // The first exchange is yet to come otherwise, and needs no reminder.
    if self.core.signaling.current != nil, !self.core.signaling.slots.hasData {
      self.core.signaling.isDataRefused = false
      self.noteNegotiationNeeded()
    }
    return channel
  }

  /// Queues one message, whole; an empty one is a message too. Throws `wouldBlock` where the send buffer has no room:
  /// `.writable` tells when it has again.
  public mutating func send(
    _ bytes: Span<UInt8>, kind: MessageKind, on channel: Channel, now: Instant
  ) throws(DataChannels.SendError) {
    try self.core.channels.send(bytes, kind: kind, on: channel, now: now)
  }

  /// Closes a channel once what was sent on it has been delivered; `.channelClosed` tells when both directions are.
  public mutating func closeChannel(_ channel: Channel, now: Instant) {
    self.core.channels.close(channel, now: now)
  }

  /// Takes the next message that was received whole; nil when there is none, or when `writer` has less room than
  /// `nextMessageSize`. What is not taken stays, and slows the sender down.
  public mutating func receiveMessage(into writer: inout SpanWriter) -> ReceivedMessage? {
    self.core.channels.receiveMessage(into: &writer)
  }

  /// Bytes of the message that `receiveMessage` would give next.
  @inline(never)  // What the look takes is not to lie under what follows it.
  public var nextMessageSize: Int? { self.core.areChannelsStarted ? self.core.channels.nextMessageSize : nil }

  /// Bytes accepted by `send` and not yet given to the network (W3C bufferedAmount).
  public func bufferedAmount(of channel: Channel) -> Int { self.core.channels.bufferedAmount(of: channel) }

  /// `.bufferedAmountLow` is told each time that the buffered amount falls to this; never before this is called.
  public mutating func setBufferedAmountLowThreshold(_ bytes: Int, on channel: Channel) {
    self.core.channels.setBufferedAmountLowThreshold(bytes, on: channel)
  }

  @inline(never)
  public func channelInfo(_ channel: Channel) -> ChannelInfo? { self.core.channels.info(of: channel) }
}
