import Bytes
import DataChannel
import Simulator
import Time
import WebRTC

/// Data channels: opened, used and closed as the time line says, and what comes out compared with what went in.
extension Run {
  func label(of channel: Int, _ plan: ChannelPlan) -> [UInt8] {
    (0..<max(0, plan.labelLength)).map { 0x61 + UInt8((channel * 7 + $0) % 26) }
  }

  func subprotocol(of channel: Int, _ plan: ChannelPlan) -> [UInt8] {
    (0..<max(0, plan.protocolLength)).map { 0x41 + UInt8((channel * 5 + $0) % 26) }
  }

  private func options(of channel: Int, _ plan: ChannelPlan) -> ChannelOptions {
    var options = ChannelOptions(label: self.label(of: channel, plan))
    options.subprotocol = self.subprotocol(of: channel, plan)
    options.ordered = plan.isOrdered
    if let count = plan.maximumRetransmits { options.reliability = .maxRetransmits(UInt16(clamping: count)) }
    if let lifetime = plan.maximumLifetime { options.reliability = .maxLifetime(.milliseconds(UInt32(clamping: lifetime))) }
    options.negotiatedID = plan.negotiatedID.map { UInt16(clamping: $0) }
    options.priority = UInt16(clamping: plan.priority)
    return options
  }

  func slot(of channel: Int, _ peer: Int) -> Int? {
    self.state.peers[peer].channels.lastIndex { $0.number == channel }
  }

  /// The number of the ledger of what `sender` sends on a channel; one is begun where there is none.
  func ledger(of channel: Int, from sender: Int, _ plan: ChannelPlan) -> Int {
    if let known = self.state.messages.firstIndex(where: { $0.channel == channel && $0.sender == sender }) { return known }
    self.state.messages.append(
      MessageLedger(channel: channel, sender: sender, isOrdered: plan.isOrdered, isReliable: plan.isReliable))
    return self.state.messages.count - 1
  }

  // MARK: Opening

  func open(_ channel: Int, _ plan: ChannelPlan, _ peer: Int) {
    guard !self.state.peers[peer].isOver, self.slot(of: channel, peer) == nil else { return }
    let id = self.state.peers[peer].id
    let handle: Channel
    do throws(DataChannels.OpenError) {
      handle = try self.world[id].openChannel(self.options(of: channel, plan), now: self.now)
    } catch {
      self.judgeRefusal(error, plan, peer)
      return
    }
    self.state.peers[peer].channels.append(ChannelState(number: channel, plan: plan, handle: handle, isRemote: false))
    self.noteStreams(of: peer)
  }

  private func judgeRefusal(_ error: DataChannels.OpenError, _ plan: ChannelPlan, _ peer: Int) {
    let isRight =
      switch error {
      case .nameTooLong: max(plan.labelLength, plan.protocolLength) > self.nameLimit(of: peer) || self.hasKnob([.sctpMessage, .sctpSendBuffer, .sctpWindow], peer)
      case .tooManyChannels, .identifierUnavailable:
        self.hasKnob([.channelCount, .sctpStreams], peer) || plan.negotiatedID != nil
          || self.state.peers[peer].other.map { self.hasKnob([.sctpStreams], $0) } == true
      // The other side may have ended the association, and be about to end the rest.
      case .closed: self.state.peers[peer].other.map { self.state.peers[$0].isOver } == true
      }
    if !isRight { self.fail(.wrongRefusal, peer: peer, "openChannel: \(error)") }
  }

  func nameLimit(of peer: Int) -> Int {
    self.state.peers[peer].plan.knobs.first { $0.name == .channelName }?.value ?? 1024
  }

  func hasKnob(_ names: [Knob.Name], _ peer: Int) -> Bool {
    self.state.peers[peer].plan.knobs.contains { names.contains($0.name) }
  }

  /// The other side's limits may leave no room for a channel.
  private func mayBeRefused(_ plan: ChannelPlan, by other: Int, _ peer: Int) -> Bool {
    max(plan.labelLength, plan.protocolLength) > self.nameLimit(of: other)
      || self.hasKnob([.channelCount, .sctpStreams], other) || self.hasKnob([.sctpStreams], peer)
  }

  /// Streams are given when the roles are known.
  func noteStreams(of peer: Int) {
    for slot in self.state.peers[peer].channels.indices where self.state.peers[peer].channels[slot].streamID == nil {
      let channel = self.state.peers[peer].channels[slot]
      guard !channel.isClosed else { continue }
      self.state.peers[peer].channels[slot].streamID =
        self.world[self.state.peers[peer].id].connection.channelInfo(channel.handle)?.streamID
    }
  }

  func noteOpened(_ handle: Channel, isRemote: Bool, _ peer: Int) {
    if isRemote {
      self.noteRemote(handle, peer)
    } else if let slot = self.state.peers[peer].channels.firstIndex(where: { $0.handle == handle }) {
      if self.state.peers[peer].channels[slot].openedAt != nil {
        self.fail(.channelDisagreement, peer: peer, "a channel opened twice")
      }
      self.state.peers[peer].channels[slot].openedAt = self.now
    } else {
      self.fail(.channelDisagreement, peer: peer, "an unknown channel opened")
    }
    self.noteStreams(of: peer)
    self.workOffBacklog(peer)
    if let other = self.state.peers[peer].other { self.workOffBacklog(other) }
  }

  private func noteRemote(_ handle: Channel, _ peer: Int) {
    guard let other = self.state.peers[peer].other else { return }
    // It may have been closed between the event and now.
    guard let info = self.world[self.state.peers[peer].id].connection.channelInfo(handle), let stream = info.streamID else { return }
    guard
      let theirs = self.state.peers[other].channels.last(where: {
        $0.streamID == stream && !$0.isRemote && $0.plan.negotiatedID == nil
      })
    else {
      self.fail(.channelDisagreement, peer: peer, "the peer never opened a channel on stream \(stream)")
      return
    }
    let options = self.options(of: theirs.number, theirs.plan)
    let isSame =
      info.label == options.label && info.subprotocol == options.subprotocol && info.ordered == options.ordered
      && info.reliability == options.reliability && info.priority == options.priority && !info.negotiated
    guard isSame, self.slot(of: theirs.number, peer) == nil else {
      self.fail(.channelDisagreement, peer: peer, "channel \(theirs.number) on stream \(stream) is another here")
      return
    }
    var channel = ChannelState(number: theirs.number, plan: theirs.plan, handle: handle, isRemote: true)
    channel.streamID = stream
    channel.openedAt = self.now
    self.state.peers[peer].channels.append(channel)
  }

  // MARK: Closing

  func closeChannel(_ channel: Int, _ peer: Int) {
    guard let slot = self.slot(of: channel, peer), !self.state.peers[peer].channels[slot].isClosed else { return }
    self.state.peers[peer].channels[slot].closedByOwner = true
    self.state.peers[peer].backlog.removeAll { $0.channel == channel }
    self.world[self.state.peers[peer].id].closeChannel(self.state.peers[peer].channels[slot].handle, now: self.now)
  }

  func noteClosed(_ handle: Channel, _ peer: Int) {
    // One that opened and closed between two looks.
    guard let slot = self.state.peers[peer].channels.firstIndex(where: { $0.handle == handle && !$0.isClosed }) else { return }
    let channel = self.state.peers[peer].channels[slot]
    self.state.peers[peer].channels[slot].isClosed = true
    self.state.peers[peer].backlog.removeAll { $0.channel == channel.number }
    guard let other = self.state.peers[peer].other, !channel.closedByOwner else { return }
    let theirs = self.slot(of: channel.number, other).map { self.state.peers[other].channels[$0] }
    if theirs?.closedByOwner == true || self.mayBeRefused(channel.plan, by: other, peer) { return }
    // The end of the connection is the end of all channels, on either side.
    let state = self.world[self.state.peers[peer].id].connection.connectionState
    if state == .closed || state == .failed || self.state.peers[other].isOver || self.state.peers[other].closedByOwner { return }
    let their = self.world[self.state.peers[other].id].connection.connectionState
    if their == .closed || their == .failed { return }
    self.fail(.channelClosedWithoutCause, peer: peer, "channel \(channel.number), stream \(channel.streamID.map { Int($0) } ?? -1)")
  }

  // MARK: Sending

  func queue(_ backlog: Backlog, _ peer: Int) {
    guard !self.state.peers[peer].isOver else { return }
    self.state.peers[peer].backlog.append(backlog)
    self.workOffBacklog(peer)
  }

  /// Sends what waits for its channel to open or for room.
  func workOffBacklog(_ peer: Int) {
    guard !self.state.peers[peer].backlog.isEmpty, !self.state.peers[peer].isOver, !self.isSuspended(peer) else { return }
    var place = 0
    while place < self.state.peers[peer].backlog.count, !self.state.peers[peer].isBlocked, self.violation == nil {
      let entry = self.state.peers[peer].backlog[place]
      guard let slot = self.slot(of: entry.channel, peer), self.state.peers[peer].channels[slot].isOpen else {
        place += 1
        continue
      }
      switch self.sendOne(entry, slot, peer) {
      case .sent:
        self.state.peers[peer].backlog[place].count -= 1
        if self.state.peers[peer].backlog[place].count <= 0 { self.state.peers[peer].backlog.remove(at: place) }
      case .hopeless: self.state.peers[peer].backlog.remove(at: place)
      case .later: place += 1
      }
    }
  }

  private enum Sending { case sent, later, hopeless }

  private func sendOne(_ entry: Backlog, _ slot: Int, _ peer: Int) -> Sending {
    let channel = self.state.peers[peer].channels[slot]
    let ledger = self.ledger(of: channel.number, from: peer, channel.plan)
    if channel.plan.negotiatedID != nil, !self.mayFlow(channel, ledger, entry.size, peer) { return .later }
    let bytes = self.state.messages[ledger].nextPayload(size: entry.size)
    let id = self.state.peers[peer].id
    let before = self.world[id].connection.bufferedAmount(of: channel.handle)
    do throws(DataChannels.SendError) {
      try self.world[id].send(bytes.span, kind: entry.isText ? .string : .binary, on: channel.handle, now: self.now)
    } catch {
      return self.judgeSend(error, entry, channel, before: before, peer)
    }
    let after = self.world[id].connection.bufferedAmount(of: channel.handle)
    // SCTP has no empty messages: a byte stands for one.
    if after != before + max(entry.size, 1) {
      self.fail(.bufferedAmountWrong, peer: peer, "\(after) after \(before) and a message of \(entry.size)")
    }
    self.state.messages[ledger].noteSent(size: entry.size, isText: entry.isText)
    return .sent
  }

  /// What arrives before its channel was opened by agreement is kept in a bound: owners do not send much more ahead.
  private func mayFlow(_ channel: ChannelState, _ ledger: Int, _ size: Int, _ peer: Int) -> Bool {
    guard let other = self.state.peers[peer].other else { return false }
    if let slot = self.slot(of: channel.number, other), self.state.peers[other].channels[slot].openedAt != nil { return true }
    let sent = self.state.messages[ledger]
    return sent.sent.count < 15 && sent.bytesSent + size < 15_000
  }

  private func judgeSend(
    _ error: DataChannels.SendError, _ entry: Backlog, _ channel: ChannelState, before: Int, _ peer: Int
  ) -> Sending {
    let id = self.state.peers[peer].id
    let after = self.world[id].connection.bufferedAmount(of: channel.handle)
    if after > before { self.fail(.refusedSendChanged, peer: peer, "\(before) to \(after)") }
    switch error {
    case .wouldBlock:
      self.state.peers[peer].isBlocked = true
      return .later
    case .messageTooLarge:
      let limit = self.messageLimit(peer)
      if entry.size + 128 <= limit { self.fail(.wrongRefusal, peer: peer, "\(entry.size) bytes are too large; the limit is \(limit)") }
      return .hopeless
    case .notOpen:
      // It may be closing by the peer's wish: the event comes when both directions are reset.
      if self.world[id].connection.channelInfo(channel.handle)?.state == .open {
        self.fail(.wrongRefusal, peer: peer, "an open channel is not open")
      }
      return .hopeless
    }
  }

  private func messageLimit(_ peer: Int) -> Int {
    let own = self.state.peers[peer].plan.knobs.first { $0.name == .sctpSendBuffer }?.value ?? 1 << 20
    let theirs = self.state.peers[peer].other.flatMap { other in
      self.state.peers[other].plan.knobs.first { $0.name == .sctpMessage }?.value
    }
    return min(own, theirs ?? 262_144)
  }

  func setThreshold(_ bytes: Int, of channel: Int, _ peer: Int) {
    guard let slot = self.slot(of: channel, peer), !self.state.peers[peer].channels[slot].isClosed else { return }
    self.state.peers[peer].channels[slot].threshold = bytes
    self.world[self.state.peers[peer].id].setBufferedAmountLowThreshold(bytes, on: self.state.peers[peer].channels[slot].handle)
  }

  func checkLow(_ handle: Channel, _ peer: Int) {
    guard let slot = self.state.peers[peer].channels.firstIndex(where: { $0.handle == handle && !$0.isClosed }) else { return }
    if self.state.peers[peer].channels[slot].threshold == nil {
      self.fail(.bufferedAmountWrong, peer: peer, "bufferedAmountLow without a threshold")
    }
  }

  // MARK: Receiving

  func setPull(_ interval: Int, _ peer: Int) {
    self.state.peers[peer].pullInterval = interval
    self.state.peers[peer].pullsAt = nil
    self.pullMessages(peer)
  }

  func pullMessages(_ peer: Int) {
    if self.state.peers[peer].pullInterval > 0 {
      guard self.state.peers[peer].pullsAt == nil,
        self.world[self.state.peers[peer].id].connection.nextMessageSize != nil
      else { return }
      let at = self.now + .milliseconds(UInt32(clamping: self.state.peers[peer].pullInterval))
      self.state.peers[peer].pullsAt = at
      self.state.agenda.add(.pull(peer), at: at)
      return
    }
    var count = 0
    while self.violation == nil, self.pullMessage(peer) {
      count += 1
      if count > Self.pollLimit { self.fail(.endlessPoll, peer: peer, "messages") }
    }
  }

  func pullDue(_ peer: Int) {
    guard let at = self.state.peers[peer].pullsAt, at <= self.now else { return }
    self.state.peers[peer].pullsAt = nil
    if !self.isSuspended(peer) { _ = self.pullMessage(peer) }
    self.pullMessages(peer)
  }

  private func pullMessage(_ peer: Int) -> Bool {
    let id = self.state.peers[peer].id
    guard let size = self.world[id].connection.nextMessageSize else { return false }
    var bytes = [UInt8](repeating: 0, count: size)
    var writer = SpanWriter(bytes.mutableSpan)
    guard let message = self.world[id].receiveMessage(into: &writer), message.size == size else {
      self.fail(.messageCorrupt, peer: peer, "a message of \(size) bytes was announced and did not come")
      return false
    }
    self.state.messagesDelivered += 1
    self.check(bytes, message, peer)
    // The message may have kept the opening of another channel waiting.
    self.pullEvents(peer)
    return true
  }

  private func check(_ bytes: [UInt8], _ message: ReceivedMessage, _ peer: Int) {
    guard let other = self.state.peers[peer].other,
      let channel = self.state.peers[peer].channels.last(where: { $0.handle == message.channel })
    else {
      self.fail(.messageOnUnknownChannel, peer: peer, "handle \(message.channel.index), \(bytes.count) bytes")
      return
    }
    if channel.closedByOwner, channel.isClosed {
      self.fail(.messageOnUnknownChannel, peer: peer, "channel \(channel.number) is closed")
    }
    let ledger = self.ledger(of: channel.number, from: other, channel.plan)
    self.fail(self.state.messages[ledger].receive(bytes, isText: message.kind == .string), peer: peer)
  }
}
