import Bytes
import SCTP
import Time

/// What the association brings, up to the next message that is the caller's to pull.
extension DataChannels {
  mutating func settle() {
    self.isSettled = true
    var progress = true
    while progress {
      progress = false
      while let event = self.association.pollEvent() {
        self.heed(event)
        progress = true
      }
      while let next = self.association.nextMessage, !self.isForCaller(next) {
        self.consume(next)
        progress = true
      }
    }
  }

  private func isForCaller(_ message: Association.Message) -> Bool {
    guard PayloadProtocol.kind(of: message.protocolIdentifier) != nil,
      let slot = self.channels.slot(ofStream: message.stream)
    else { return false }
    // A channel that we close takes nothing any more. What came before the peer's reset was pulled before it.
    let state = self.channels[slot].state
    // After the end of the association handles remain for what had arrived.
    return state == .open || state == .closed
  }

  private mutating func consume(_ message: Association.Message) {
    if message.protocolIdentifier == PayloadProtocol.control {
      self.receiveControl(message)
      return
    }
    guard let kind = PayloadProtocol.kind(of: message.protocolIdentifier) else {
      self.counters.unknownProtocol &+= 1
      self.association.discardMessage()
      return
    }
    if self.isEarly(message.stream), message.size <= self.configuration.maximumEarlyBytes {
      let isEmpty = PayloadProtocol.isEmpty(message.protocolIdentifier)
      var bytes = [UInt8](repeating: 0, count: message.size)
      var writer = SpanWriter(bytes.mutableSpan)
      _ = self.association.receiveMessage(into: &writer)
      let kept = self.early.keep(
        EarlyMessages.Message(stream: message.stream, kind: kind, bytes: isEmpty ? [] : bytes),
        limit: self.configuration.maximumEarlyBytes)
      if !kept { self.counters.dropped &+= 1 }
      return
    }
    self.counters.dropped &+= 1
    self.association.discardMessage()
  }

  /// Whether a channel that is yet to be opened here is meant: after the peer's reset the present one is not.
  private func isEarly(_ stream: UInt16) -> Bool {
    guard let slot = self.channels.slot(ofStream: stream) else { return true }
    return self.channels[slot].state == .connecting || self.channels[slot].isIncomingReset
  }

  // MARK: Events

  private mutating func heed(_ event: Association.Event) {
    switch event {
    case .connected:
      self.isConnected = true
      self.events.append(.connected)
      for slot in 0..<self.channels.slots where self.channels[slot].isInUse { self.becomeOpen(slot) }
    case .restarted:
      // Whatever the channels were to the peer, they are no more.
      for slot in 0..<self.channels.slots where self.channels[slot].isInUse { self.finish(slot) }
      self.awaitingControl = []
      self.awaitingStream = []
      self.events.append(.connected)
    case .incomingStreamReset(let stream):
      self.early.forget(stream)
      // Without a channel there is nothing to answer: our direction was reset when its OPEN was refused.
      guard let slot = self.channels.slot(ofStream: stream) else { return }
      self.channels[slot].isIncomingReset = true
      self.beginClosing(slot)
      self.finishIfReset(stream)
    case .outgoingStreamReset(let stream, let accepted):
      guard let slot = self.channels.slot(ofStream: stream) else { return }
      guard !self.channels[slot].awaitsFormerReset else {
        self.channels[slot].awaitsFormerReset = false
        return
      }
      self.channels[slot].isOutgoingReset = true
      // A peer that refuses to reset will not reset its own direction: that is all there will be.
      if !accepted { self.channels[slot].isIncomingReset = true }
      self.finishIfReset(stream)
    case .bufferedAmountLow(let stream):
      guard let slot = self.channels.slot(ofStream: stream), self.channels[slot].state == .open else { return }
      self.events.append(.bufferedAmountLow(self.channels.handle(of: slot)))
    case .closed(let reason):
      self.isEnded = true
      self.isConnected = false
      self.awaitingStream = []
      // Handles stay known for messages that are still to be pulled.
      for slot in 0..<self.channels.slots where self.channels[slot].isInUse {
        self.channels[slot].state = .closed
        self.counters.closed &+= 1
        self.events.append(.closed(self.channels.handle(of: slot)))
      }
      self.awaitingControl = []
      self.events.append(.ended(reason))
    }
  }

  private mutating func finishIfReset(_ stream: UInt16) {
    guard let slot = self.channels.slot(ofStream: stream), self.channels[slot].isIncomingReset,
      self.channels[slot].isOutgoingReset
    else { return }
    self.finish(slot)
  }

  // MARK: The establishment protocol

  private mutating func receiveControl(_ message: Association.Message) {
    let stream = message.stream
    // Two names, each as long as allowed, and the header: nothing longer can be right.
    guard message.size <= ControlMessage.openHeaderSize &+ 2 &* self.configuration.maximumNameLength else {
      self.association.discardMessage()
      self.counters.malformedControl &+= 1
      self.refuse(stream)
      return
    }
    var buffer = self.scratch
    self.scratch = []
    if buffer.count < message.size { buffer = [UInt8](repeating: 0, count: message.size) }
    var writer = SpanWriter(buffer.mutableSpan)
    _ = self.association.receiveMessage(into: &writer)
    self.heedControl(buffer.span.extracting(0..<message.size), stream: stream)
    self.scratch = buffer
  }

  private mutating func heedControl(_ bytes: Span<UInt8>, stream: UInt16) {
    if bytes.count == 1, bytes[0] == ControlMessage.acknowledgement {
      guard let slot = self.channels.slot(ofStream: stream) else {
        self.counters.malformedControl &+= 1
        return
      }
      self.channels[slot].isAcknowledged = true
      return
    }
    guard let open = try? OpenMessage(parsing: bytes), open.label.count <= self.configuration.maximumNameLength,
      open.subprotocol.count <= self.configuration.maximumNameLength
    else {
      self.counters.malformedControl &+= 1
      self.refuse(stream)
      return
    }
    // RFC 8831 section 6.7: the peer uses the stream again only once both directions were reset. Its answer to our reset is lost
    // or late, then, and tells no more than this does.
    var awaitsFormerReset = false
    if let slot = self.channels.slot(ofStream: stream), self.channels[slot].isIncomingReset {
      awaitsFormerReset = true
      self.finish(slot)
    }
    guard !self.channels.isTaken(stream) else {
      self.counters.refused &+= 1
      return
    }
    // The DTLS client opens even streams, the server odd ones (RFC 8832 section 6).
    let isParityRight = self.isDTLSClient.map { (stream & 1 == 0) != $0 } ?? true
    guard isParityRight, stream != 65_535, self.channels.count < self.configuration.maximumChannels else {
      self.counters.refused &+= 1
      self.refuse(stream)
      return
    }
    var entry = ChannelTable.Entry()
    entry.label = arrayCopy(open.label)
    entry.subprotocol = arrayCopy(open.subprotocol)
    entry.ordered = open.isOrdered
    entry.reliability = open.reliability
    entry.priority = open.priority
    entry.state = .open
    entry.isAckDue = true
    entry.isAcknowledged = true
    entry.awaitsFormerReset = awaitsFormerReset
    let slot = self.channels.insert(entry)
    self.channels.assign(stream, to: slot)
    self.counters.opened &+= 1
    self.events.append(.opened(self.channels.handle(of: slot), remote: true))
    self.early.channelOpened(stream)
    self.control(slot)
  }

  /// Resets our direction of a stream that bears no channel; the peer answers by resetting its own.
  private mutating func refuse(_ stream: UInt16) {
    guard self.channels.slot(ofStream: stream) == nil else { return }
    self.association.resetStream(stream, now: self.now)
  }
}
