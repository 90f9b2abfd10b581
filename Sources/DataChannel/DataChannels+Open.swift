import Bytes
import SCTP
import Time

/// Opening and closing from this side.
extension DataChannels {
  /// Opens a channel; `.opened` follows once the association is up. May be called before `connect`, and before the
  /// DTLS role is known.
  public mutating func open(_ options: ChannelOptions, now: Instant) throws(OpenError) -> Channel {
    self.note(now)
    guard !self.isEnded, self.association.state != .shuttingDown else { throw .closed }
    guard self.channels.count < self.configuration.maximumChannels else { throw .tooManyChannels }
    guard options.label.count <= self.configuration.maximumNameLength,
      options.subprotocol.count <= self.configuration.maximumNameLength,
      ControlMessage.openHeaderSize &+ options.label.count &+ options.subprotocol.count
        <= min(self.association.configuration.remoteMaximumMessageSize, self.configuration.association.sendBufferLimit)
    else { throw .nameTooLong }
    var entry = ChannelTable.Entry()
    entry.label = options.label
    entry.subprotocol = options.subprotocol
    entry.ordered = options.ordered
    entry.reliability = options.reliability
    entry.priority = options.priority
    entry.state = .connecting
    var stream: UInt16?
    if let id = options.negotiatedID {
      guard id < self.association.outboundStreams, !self.channels.isTaken(id) else { throw .identifierUnavailable }
      entry.isNegotiated = true
      // Both sides opened it by agreement: nothing can be overtaken.
      entry.isAcknowledged = true
      stream = id
    } else {
      entry.isOpenDue = true
      if self.isDTLSClient != nil {
        guard let free = self.freeStream() else { throw .tooManyChannels }
        stream = free
      }
    }
    let slot = self.channels.insert(entry)
    if let stream {
      self.channels.assign(stream, to: slot)
      self.begin(slot)
    } else {
      self.awaitingStream.append(Int32(truncatingIfNeeded: slot))
    }
    return self.channels.handle(of: slot)
  }

  /// The lowest stream of our parity that no channel has (RFC 8832 section 6).
  @inline(__always) func freeStream() -> UInt16? {
    var stream: UInt32 = self.isDTLSClient == true ? 0 : 1
    let limit = UInt32(self.association.outboundStreams)
    while stream < limit {
      let id = UInt16(truncatingIfNeeded: stream)
      if !self.channels.isTaken(id) { return id }
      stream &+= 2
    }
    return nil
  }

  /// The channel has its stream: its OPEN may be queued.
  mutating func begin(_ slot: Int) {
    if self.channels[slot].isOpenDue { self.control(slot) }
    if self.isConnected { self.becomeOpen(slot) }
  }

  mutating func becomeOpen(_ slot: Int) {
    guard self.channels[slot].state == .connecting, let stream = self.channels.stream(of: slot) else { return }
    guard stream < self.association.outboundStreams else {
      // Given before the peer told how few streams it takes.
      self.finish(slot)
      return
    }
    self.channels[slot].state = .open
    self.applyThreshold(slot)
    self.counters.opened &+= 1
    self.events.append(.opened(self.channels.handle(of: slot), remote: false))
    self.early.channelOpened(stream)
  }

  mutating func applyThreshold(_ slot: Int) {
    let threshold = self.channels[slot].threshold
    guard threshold >= 0, let stream = self.channels.stream(of: slot) else { return }
    self.association.setBufferedAmountLowThreshold(threshold, stream: stream)
  }

  /// Sends what is buffered, then resets the stream; `.closed` follows when the peer has done the same.
  public mutating func close(_ channel: Channel, now: Instant) {
    self.note(now)
    guard let slot = self.channels.slot(of: channel) else { return }
    self.beginClosing(slot)
  }

  mutating func beginClosing(_ slot: Int) {
    guard self.channels[slot].state == .connecting || self.channels[slot].state == .open else { return }
    guard !self.isEnded, let stream = self.channels.stream(of: slot) else {
      // The peer never heard of it.
      self.awaitingStream.removeAll { $0 == Int32(truncatingIfNeeded: slot) }
      self.finish(slot)
      return
    }
    self.channels[slot].state = .closing
    // An OPEN that found no room yet goes first: the peer has to know what is being closed.
    if !self.channels[slot].isOpenDue, !self.channels[slot].isAckDue {
      self.association.resetStream(stream, now: self.now)
    }
  }

  /// The end of a channel: its handle is void from here on.
  mutating func finish(_ slot: Int) {
    if self.channels[slot].isOpenDue || self.channels[slot].isAckDue {
      self.awaitingControl.removeAll { $0 == Int32(truncatingIfNeeded: slot) }
    }
    self.counters.closed &+= 1
    self.events.append(.closed(self.channels.handle(of: slot)))
    self.channels.remove(slot)
  }

  // MARK: Control messages

  /// Queues the channel's OPEN or ACK, always reliable and in order, whatever the channel is
  /// (RFC 8832 section 6); what finds no room waits for it.
  mutating func control(_ slot: Int) {
    if !self.trySending(slot) { self.awaitingControl.append(Int32(truncatingIfNeeded: slot)) }
  }

  mutating func sendControl() {
    while let slot = self.awaitingControl.first {
      guard self.trySending(Int(slot)) else { return }
      self.awaitingControl.removeFirst()
      if self.channels[Int(slot)].state == .closing, let stream = self.channels.stream(of: Int(slot)) {
        self.association.resetStream(stream, now: self.now)
      }
    }
  }

  private mutating func trySending(_ slot: Int) -> Bool {
    guard let stream = self.channels.stream(of: slot) else { return true }
    let entry = self.channels[slot]
    let message =
      entry.isOpenDue
      ? OpenMessage.encode(
        ordered: entry.ordered, reliability: entry.reliability, priority: entry.priority, label: entry.label,
        subprotocol: entry.subprotocol)
      : [ControlMessage.acknowledgement]
    do throws(Association.SendError) {
      try self.association.send(
        message.span, stream: stream, protocolIdentifier: PayloadProtocol.control,
        options: Association.SendOptions(), now: self.now)
    } catch {
      // A stream that the peer has opened anew while our direction is still being reset waits for that.
      guard error != .wouldBlock, error != .streamResetting else { return false }
      // The association is ending, or the stream cannot be: `becomeOpen` or the end closes the channel.
    }
    self.channels[slot].isOpenDue = false
    self.channels[slot].isAckDue = false
    return true
  }
}
