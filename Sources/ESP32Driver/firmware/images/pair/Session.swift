import Bytes
import DataChannel
import Firmware
import SDP
import STUN
import Time
import WebRTC

#if Audio
import RTP
#endif

/// Two peers that hand each other their datagrams through memory, on a virtual clock that goes from one deadline to the next.
final class Session {
  let offerer: Side
  let answerer: Side
  var now = Instant(nanoseconds: 1_000_000_000)
  /// When both sides speak next.
  var nextFrame = Instant.distantFuture
  var buffer: [UInt8]

  @inline(never)
  init(withAudio: Bool) throws(ImageError) {
    self.buffer = [UInt8](repeating: 0, count: 4096)
    self.offerer = try Side(owner: 1, now: self.now)
    self.answerer = try Side(owner: 2, now: self.now)
    try self.prepare(self.offerer, withAudio: withAudio)
    #if Audio
    if withAudio { try self.addAudio(self.answerer) }
    #endif
    try self.signal()
  }

  @inline(never)
  private func prepare(_ side: Side, withAudio: Bool) throws(ImageError) {
    heap_set_owner(side.owner)
    defer { heap_set_owner(0) }
    let now = self.now
    var options = ChannelOptions(label: [])
    options.label = [UInt8(ascii: "d"), UInt8(ascii: "a"), UInt8(ascii: "t"), UInt8(ascii: "a")]
    do throws(DataChannels.OpenError) { side.channel = try side.peer.openChannel(options, now: now) } catch { throw .peer }
    #if Audio
    if withAudio { try self.addAudio(side) }
    #endif
  }

  #if Audio
  private func addAudio(_ side: Side) throws(ImageError) {
    heap_set_owner(side.owner)
    defer { heap_set_owner(0) }
    let now = self.now
    do throws(PeerConnection.UsageError) {
      side.transceiver = try side.peer.addTransceiver(.audio, TransceiverOptions(formats: [.pcma]), now: now)
    } catch {
      throw .peer
    }
  }
  #endif

  @inline(never)
  private func signal() throws(ImageError) {
    let now = self.now
    let offer = describe(self.offerer, .offer, into: &self.buffer, now: now)
    guard offer > 0, accept(self.answerer, .offer, self.buffer, count: offer, now: now) else { throw .description }
    let answer = describe(self.answerer, .answer, into: &self.buffer, now: now)
    guard answer > 0, accept(self.offerer, .answer, self.buffer, count: answer, now: now) else { throw .description }
  }

  /// Until everything has arrived, or 30 seconds of the virtual clock have passed. Whether all is well.
  @inline(never)
  func run() -> Bool {
    let end = self.now + .seconds(30)
    while self.now < end {
      self.exchange()
      if self.isDone { return true }
      if self.offerer.isFailed || self.answerer.isFailed { return false }
      self.speak()
      self.exchange()
      var next = min(end, self.nextFrame)
      next = min(next, self.offerer.peer.nextDeadline ?? end)
      next = min(next, self.answerer.peer.nextDeadline ?? end)
      self.now = max(next, self.now)
      advance(self.offerer, to: self.now)
      advance(self.answerer, to: self.now)
    }
    return false
  }

  /// The offerer closes, which the other learns from its datagrams.
  @inline(never)
  func close() {
    let now = self.now
    working(self.offerer) { $0.peer.close(now: now) }
    self.exchange()
    working(self.answerer) { $0.peer.close(now: now) }
    self.exchange()
  }

  private var isDone: Bool {
    for side in [self.offerer, self.answerer] {
      guard side.messages == Content.messageCount else { return false }
      #if Audio
      guard side.transceiver == nil || side.frames == Content.frameCount else { return false }
      #endif
    }
    return true
  }

  /// Each 20 ms a message and a frame in both directions.
  private func speak() {
    guard self.offerer.isConnected, self.answerer.isConnected, self.answerer.channel != nil else { return }
    if self.nextFrame == .distantFuture { self.nextFrame = self.now }
    guard self.nextFrame <= self.now else { return }
    self.nextFrame = self.now + .milliseconds(20)
    let now = self.now
    working(self.offerer) { speakOnce($0, now: now) }
    working(self.answerer) { speakOnce($0, now: now) }
  }

  /// Until neither has anything for the other.
  private func exchange() {
    while carry(from: self.offerer, to: self.answerer, through: &self.buffer, now: self.now)
      || carry(from: self.answerer, to: self.offerer, through: &self.buffer, now: self.now)
    {}
    drain(self.offerer, from: self.answerer, through: &self.buffer)
    drain(self.answerer, from: self.offerer, through: &self.buffer)
  }
}

@inline(never)
private func describe(_ side: Side, _ kind: DescriptionKind, into buffer: inout [UInt8], now: Instant) -> Int {
  heap_set_owner(side.owner)
  defer { heap_set_owner(0) }
  var writer = SpanWriter(buffer.mutableSpan)
  do throws(PeerConnection.UsageError) {
    if kind == .offer {
      try side.peer.makeOffer(into: &writer, now: now)
    } else {
      try side.peer.makeAnswer(into: &writer, now: now)
    }
  } catch {
    return 0
  }
  return writer.count
}

@inline(never)
private func accept(_ side: Side, _ kind: DescriptionKind, _ buffer: [UInt8], count: Int, now: Instant) -> Bool {
  heap_set_owner(side.owner)
  defer { heap_set_owner(0) }
  do throws(PeerConnection.DescriptionError) {
    try side.peer.setRemoteDescription(kind, buffer.span.extracting(0..<count), now: now)
    return true
  } catch {
    return false
  }
}

private func advance(_ side: Side, to now: Instant) { working(side) { $0.peer.advance(to: now) } }

@inline(never)
private func speakOnce(_ side: Side, now: Instant) {
  if let channel = side.channel, side.messagesSent < Content.messageCount {
    var message = [UInt8](repeating: 0, count: Content.messageSize)
    var span = message.mutableSpan
    Content.fill(&span, number: side.messagesSent, from: side.owner, isFrame: false)
    do throws(DataChannels.SendError) {
      try side.peer.send(message.span, kind: .binary, on: channel, now: now)
      side.messagesSent += 1
    } catch {
      side.wrong += 1
    }
  }
  #if Audio
  if let transceiver = side.transceiver, side.framesSent < Content.frameCount {
    var frame = [UInt8](repeating: 0, count: Content.frameSize)
    var span = frame.mutableSpan
    Content.fill(&span, number: side.framesSent, from: side.owner, isFrame: true)
    let timing = FrameTiming(timestamp: UInt32(truncatingIfNeeded: side.framesSent &* Content.frameSize))
    do throws(FrameSendError) {
      try side.peer.sendFrame(frame.span, timing, on: transceiver, now: now)
      side.framesSent += 1
    } catch {
      side.wrong += 1
    }
  }
  #endif
}

/// One datagram from one side to the other; false: there was none.
@inline(never)
private func carry(from sender: Side, to receiver: Side, through buffer: inout [UInt8], now: Instant) -> Bool {
  var count = 0
  var path: Transmit?
  heap_set_owner(sender.owner)
  do {
    var writer = SpanWriter(buffer.mutableSpan)
    path = sender.peer.pollTransmit(into: &writer)
    count = writer.count
  }
  heap_set_owner(receiver.owner)
  defer { heap_set_owner(0) }
  guard let path else { return false }
  var span = buffer.mutableSpan
  var datagram = span._mutatingExtracting(0..<count)
  receiver.peer.receive(&datagram, from: path.source, to: path.destination, now: now)
  return true
}

/// Takes what a side has to tell and what the other side has sent to it.
@inline(never)
private func drain(_ side: Side, from other: Side, through buffer: inout [UInt8]) {
  heap_set_owner(side.owner)
  defer { heap_set_owner(0) }
  while let event = side.peer.pollEvent() { note(event, side) }
  drainMessages(side, from: other, through: &buffer)
  #if Audio
  drainFrames(side, from: other, through: &buffer)
  #endif
}

private func note(_ event: PeerConnection.Event, _ side: Side) {
  switch event {
  case .connectionStateChanged(.connected): side.isConnected = true
  case .failed: side.isFailed = true
  case .channelOpened(let channel, let remote): if remote { side.channel = channel }
  default: break
  }
}

private func drainMessages(_ side: Side, from other: Side, through buffer: inout [UInt8]) {
  while true {
    var writer = SpanWriter(buffer.mutableSpan)
    guard let message = side.peer.receiveMessage(into: &writer) else { return }
    let isRight = Content.matches(
      writer.bytes(in: 0..<message.size), number: side.messages, from: other.owner, isFrame: false)
    if !isRight { side.wrong += 1 }
    side.messages += 1
  }
}

#if Audio
private func drainFrames(_ side: Side, from other: Side, through buffer: inout [UInt8]) {
  while true {
    var writer = SpanWriter(buffer.mutableSpan)
    guard let (_, frame) = side.peer.receiveFrame(into: &writer) else { return }
    let isRight = Content.matches(
      writer.bytes(in: 0..<frame.size), number: side.frames, from: other.owner, isFrame: true)
    if !isRight || frame.followsLoss { side.wrong += 1 }
    side.frames += 1
  }
}
#endif
