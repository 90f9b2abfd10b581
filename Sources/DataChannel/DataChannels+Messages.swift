import Bytes
import SCTP
import Time

/// User messages in both directions.
extension DataChannels {
  /// Sends one message on an open channel, copying it. Empty ones are allowed (RFC 8831 section 6.6).
  public mutating func send(
    _ bytes: Span<UInt8>, kind: Kind, on channel: Channel, now: Instant
  ) throws(SendError) {
    self.note(now)
    guard let slot = self.channels.slot(of: channel), self.channels[slot].state == .open,
      let stream = self.channels.stream(of: slot)
    else { throw .notOpen }
    // Nothing may overtake the OPEN, or its answer where the stream is still being reset.
    if self.channels[slot].isOpenDue || self.channels[slot].awaitsFormerReset {
      self.blockedSize = bytes.count
      throw .wouldBlock
    }
    let isOrdered = self.channels[slot].ordered || !self.channels[slot].isAcknowledged
    let options = Association.SendOptions(ordered: isOrdered, reliability: self.channels[slot].reliability)
    let identifier = PayloadProtocol.identifier(of: kind, isEmpty: bytes.count == 0)
    do throws(Association.SendError) {
      if bytes.count == 0 {
        // SCTP has no empty messages: one byte of zero stands for none.
        let zero: InlineArray<1, UInt8> = [0]
        try self.association.send(
          zero.span, stream: stream, protocolIdentifier: identifier, options: options, now: self.now)
      } else {
        try self.association.send(
          bytes, stream: stream, protocolIdentifier: identifier, options: options, now: self.now)
      }
    } catch {
      switch error {
      case .wouldBlock:
        self.blockedSize = bytes.count
        throw .wouldBlock
      case .messageTooLarge: throw .messageTooLarge
      default: throw .notOpen
      }
    }
  }

  /// Pulls the next message into the writer, if it has room for `nextMessageSize` bytes.
  public mutating func receiveMessage(into writer: inout SpanWriter) -> ReceivedMessage? {
    self.settle()
    if self.early.isReady { return self.receiveEarly(into: &writer) }
    guard let next = self.association.nextMessage, let kind = PayloadProtocol.kind(of: next.protocolIdentifier),
      let slot = self.channels.slot(ofStream: next.stream)
    else { return nil }
    let channel = self.channels.handle(of: slot)
    self.channels[slot].isAcknowledged = true
    if PayloadProtocol.isEmpty(next.protocolIdentifier) {
      self.association.discardMessage()
      self.settle()
      return ReceivedMessage(channel: channel, kind: kind, size: 0)
    }
    guard let message = self.association.receiveMessage(into: &writer) else { return nil }
    self.settle()
    return ReceivedMessage(channel: channel, kind: kind, size: message.size)
  }

  /// The size of the next message in bytes; nil if there is none.
  @inlinable @inline(__always) public var nextMessageSize: Int? {
    Self.nextSize(self.early, self.association.nextMessage, self.channels)
  }

  /// Without `self`: whatever is handed all of this to look at gets a copy, and this is asked for every message.
  @usableFromInline
  static func nextSize(_ early: EarlyMessages, _ next: Association.Message?, _ channels: ChannelTable) -> Int? {
    if let size = early.nextSize { return size }
    guard let next, channels.slot(ofStream: next.stream) != nil, PayloadProtocol.kind(of: next.protocolIdentifier) != nil
    else { return nil }
    return PayloadProtocol.isEmpty(next.protocolIdentifier) ? 0 : next.size
  }

  private mutating func receiveEarly(into writer: inout SpanWriter) -> ReceivedMessage? {
    guard let size = self.early.nextSize, writer.remaining >= size, let message = self.early.take(),
      let slot = self.channels.slot(ofStream: message.stream)
    else { return nil }
    writer.write(message.bytes)
    return ReceivedMessage(channel: self.channels.handle(of: slot), kind: message.kind, size: size)
  }
}

/// Messages for streams on which no channel is open here yet: a negotiated channel that the peer opened first.
/// Bounded; opening the channel makes them the next to be pulled.
@usableFromInline struct EarlyMessages: Sendable {
  struct Message: Sendable {
    var stream: UInt16
    var kind: DataChannels.Kind
    var isReady = false
    var bytes: [UInt8]
  }

  static let maximumCount = 64
  private var messages: [Message] = []
  private var bytes = 0
  private var ready = 0

  var isReady: Bool { self.ready > 0 }

  /// Whether it was kept.
  mutating func keep(_ message: Message, limit: Int) -> Bool {
    guard self.messages.count < Self.maximumCount, self.bytes &+ message.bytes.count <= limit else { return false }
    self.bytes &+= message.bytes.count
    self.messages.append(message)
    return true
  }

  mutating func channelOpened(_ stream: UInt16) {
    var i = 0
    while i < self.messages.count {
      if self.messages[i].stream == stream, !self.messages[i].isReady {
        self.messages[i].isReady = true
        self.ready &+= 1
      }
      i &+= 1
    }
  }

  /// The stream begins anew, or its channel is gone: nobody will want them.
  mutating func forget(_ stream: UInt16) {
    guard !self.messages.isEmpty else { return }
    self.messages.removeAll { $0.stream == stream }
    self.bytes = 0
    self.ready = 0
    var i = 0
    while i < self.messages.count {
      self.bytes &+= self.messages[i].bytes.count
      if self.messages[i].isReady { self.ready &+= 1 }
      i &+= 1
    }
  }

  var nextSize: Int? {
    guard self.ready > 0 else { return nil }
    var i = 0
    while i < self.messages.count {
      if self.messages[i].isReady { return self.messages[i].bytes.count }
      i &+= 1
    }
    return nil
  }

  mutating func take() -> Message? {
    var i = 0
    while i < self.messages.count {
      if self.messages[i].isReady {
        self.ready &-= 1
        self.bytes &-= self.messages[i].bytes.count
        return self.messages.remove(at: i)
      }
      i &+= 1
    }
    return nil
  }
}
