import Bytes
import Time

extension Association {
  /// Queues a message, copying its bytes. It may be called before the handshake is complete.
  ///
  /// - Parameters:
  ///   - message: 1 byte to `remoteMaximumMessageSize`.
  ///   - stream: 0...65,534.
  ///   - protocolIdentifier: the PPID, which the peer's application sees (RFC 8831 section 8 for WebRTC's).
  /// - Throws: `SendError`; then nothing was queued.
  public mutating func send(
    _ message: Span<UInt8>, stream: UInt16, protocolIdentifier: UInt32, options: SendOptions = SendOptions(),
    now: Instant
  ) throws(SendError) {
    self.note(now)
    switch self.phase {
    case .closed, .cookieWait, .cookieEchoed, .established: break
    default: throw .closed
    }
    guard message.count > 0 else { throw .messageEmpty }
    guard message.count <= self.configuration.remoteMaximumMessageSize else { throw .messageTooLarge }
    guard stream < self.outboundStreams else { throw .noSuchStream }
    if self.outbox.queue.freeBytes < message.count { self.outbox.expire(&self.timers, now: self.now) }
    try self.outbox.queue.enqueue(
      message, stream: stream, protocolIdentifier: protocolIdentifier, options: options, now: self.now)
    self.counters.messagesSent &+= 1
    self.counters.bytesSent &+= UInt64(message.count)
    if case .maxLifetime(let lifetime) = options.reliability {
      let deadline = self.now + lifetime
      if let set = self.timers.deadline(of: .lifetime), set <= deadline { return }
      self.timers.set(.lifetime, at: deadline)
    }
  }

  /// Streams that we may send on: what we offered, and the peer accepts (RFC 9260 section 5.1.1).
  package var outboundStreams: UInt16 {
    self.peer.inboundStreams == 0 ? self.configuration.streams : min(self.configuration.streams, self.peer.inboundStreams)
  }

  /// Bytes queued on the stream and not yet sent, as the W3C's `bufferedAmount` counts.
  @inlinable @inline(__always) public func bufferedAmount(stream: UInt16) -> Int { self.outbox.queue.bufferedAmount(stream: stream) }

  /// What `send` still takes, in bytes: a lower bound is this minus 127 a message.
  public var sendBufferFree: Int { self.outbox.queue.freeBytes }

  /// Replaces `Configuration.remoteMaximumMessageSize`, once signalling tells it.
  public mutating func setRemoteMaximumMessageSize(_ bytes: Int) {
    self.configuration.remoteMaximumMessageSize = max(bytes, 1)
  }

  /// `.bufferedAmountLow` comes each time that the stream's amount falls to `bytes` from above.
  /// Without a threshold set it never comes.
  public mutating func setBufferedAmountLowThreshold(_ bytes: Int, stream: UInt16) {
    self.outbox.queue.setThreshold(bytes, stream: stream)
  }

  /// Pulls one whole message into the writer, if it has room for it (`nextMessageSize`).
  public mutating func receiveMessage(into writer: inout SpanWriter) -> Message? {
    guard let message = self.inbox.takeMessage(into: &writer) else { return nil }
    self.notePulled(message.size)
    return message
  }

  /// What `receiveMessage` would give, without its bytes.
  @inlinable @inline(__always) public var nextMessage: Message? { self.inbox.streams.nextMessage }

  /// Pulls the next message and forgets it.
  public mutating func discardMessage() {
    guard let size = self.inbox.nextMessageSize else { return }
    self.inbox.discardMessage()
    self.notePulled(size)
  }

  private mutating func notePulled(_ size: Int) {
    self.counters.messagesReceived &+= 1
    self.counters.bytesReceived &+= UInt64(size)
    if self.inbox.isWindowUpdateDue, self.isOpen { self.due.acknowledgement = true }
  }

  /// The size of the message that `receiveMessage` would give. Nil if there is none, or if an
  /// `.incomingStreamReset` has to be taken from `pollEvent` before it.
  public var nextMessageSize: Int? { self.inbox.nextMessageSize }

  /// Whether chunks other than those of the handshake may be sent.
  var isOpen: Bool {
    switch self.phase {
    case .closed, .cookieWait, .cookieEchoed, .ended: false
    default: true
    }
  }
}
