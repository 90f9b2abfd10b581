import Bytes
import CAllocations
import CLinux
import Cryptography
import RTP
import Simulator
import Time
import WebRTC

/// Two connected peers on a virtual clock without delay, which negotiated sections of these kinds, sending and receiving.
private func connectedPair(_ kinds: [MediaKind], _ identities: (Identity, Identity), formats: [CodecFormat] = []) throws
  -> PeerPair
{
  let pair = try PeerPair(seed: 1, identities: identities)
  for kind in kinds {
    try pair.offerer.addTransceiver(kind, .init(formats: formats), now: pair.now)
    try pair.answerer.addTransceiver(kind, .init(formats: formats), now: pair.now)
  }
  try exchangeDescriptions(pair)
  let end = pair.now + .seconds(5)
  while pair.offerer.connectionState != .connected || pair.answerer.connectionState != .connected, pair.now < end,
    pair.step()
  {}
  guard pair.offerer.transceiverCount == kinds.count, pair.offerer.connectionState == .connected,
    pair.answerer.connectionState == .connected
  else { throw Failure("the peers in memory did not connect") }
  pair.run(until: pair.now + .seconds(1))
  while pair.offerer.pollEvent() != nil {}
  while pair.answerer.pollEvent() != nil {}
  return pair
}

/// With more room than `PeerPair.signal` has: fifty sections take about forty kilobytes.
private func exchangeDescriptions(_ pair: PeerPair) throws {
  var text = [UInt8](repeating: 0, count: 131_072)
  var writer = SpanWriter(text.mutableSpan)
  try pair.offerer.makeOffer(into: &writer, now: pair.now)
  let offer = writer.count
  try pair.answerer.setRemoteDescription(.offer, text.span.extracting(0..<offer), now: pair.now)
  writer = SpanWriter(text.mutableSpan)
  try pair.answerer.makeAnswer(into: &writer, now: pair.now)
  let answer = writer.count
  try pair.offerer.setRemoteDescription(.answer, text.span.extracting(0..<answer), now: pair.now)
}

/// Frames on their way from one connection to another.
private struct VideoCall {
  let frame = h264Frame(size: 30_000, isKeyFrame: false)
  let keyFrame = h264Frame(size: 30_000, isKeyFrame: true)
  var buffer = [UInt8](repeating: 0, count: 1500)
  var sink = [UInt8](repeating: 0, count: 65_536)
  var now: Instant
  var sent = 0
  var received = 0
  var packets = 0

  /// One frame, and all that happens until the next.
  @inline(never)
  mutating func turn(_ sender: inout PeerConnection, _ receiver: inout PeerConnection) throws {
    let timing = FrameTiming(timestamp: UInt32(truncatingIfNeeded: self.sent * 3000))
    let bytes = self.sent % 300 == 0 ? self.keyFrame : self.frame
    try sender.sendFrame(bytes.span, timing, on: Transceiver(index: 0), now: self.now)
    self.sent += 1
    let end = self.now + .microseconds(33_333)
    while self.now < end {
      self.packets += exchange(&sender, &receiver, buffer: &self.buffer, now: self.now)
      self.received += takeFrames(of: &receiver, into: &self.sink)
      takeEvents(of: &sender)
      takeEvents(of: &receiver)
      self.now = min(end, sender.nextDeadline ?? end, receiver.nextDeadline ?? end)
      sender.advance(to: self.now)
      receiver.advance(to: self.now)
    }
  }
}

/// H264 from one connection to another: CPU time and allocations of both ends for each packet.
func measureCall(frames: Int) throws -> (cost: Double, allocations: Double) {
  let pair = try connectedPair([.video], (try makeIdentity(), try makeIdentity()), formats: [.h264])
  var call = VideoCall(now: pair.now)
  for _ in 0..<100 { try call.turn(&pair.offerer, &pair.answerer) }
  call.packets = 0
  let clock = CPUClock()
  for _ in 0..<frames { try call.turn(&pair.offerer, &pair.answerer) }
  let cost = Double(clock.elapsed) / Double(call.packets)
  call.packets = 0
  var transfer = Transfer()
  let meter = Meter()
  for _ in 0..<100 { try call.turn(&pair.offerer, &pair.answerer) }
  meter.stop(&transfer)
  guard call.received == call.sent else { throw Failure("\(call.sent - call.received) frames were lost in memory") }
  return (cost, Double(transfer.allocations) / Double(call.packets))
}

private func takeFrames(of peer: inout PeerConnection, into sink: inout [UInt8]) -> Int {
  var frames = 0
  while true {
    var writer = SpanWriter(sink.mutableSpan)
    guard peer.receiveFrame(into: &writer) != nil else { return frames }
    frames += 1
  }
}

private func takeEvents(of peer: inout PeerConnection) {
  while peer.pollEvent() != nil {}
}

/// An access unit of one slice, its parameter sets before it where it is a key frame.
func h264Frame(size: Int, isKeyFrame: Bool) -> [UInt8] {
  var frame = pattern(5, size: size)
  for index in frame.indices { frame[index] |= 1 }
  let start: [UInt8] =
    isKeyFrame
    ? [0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1f, 0x8c, 0x8d, 0x40, 0x50, 0x1e, 0xd0, 0, 0, 0, 1, 0x68, 0xce, 0x3c, 0x80, 0, 0, 0, 1, 0x65, 0x80]
    : [0, 0, 0, 1, 0x41, 0x80]
  frame.replaceSubrange(0..<start.count, with: start)
  return frame
}

/// What a connected peer holds on the heap that negotiated such sections and has sent nothing yet.
func measureMediaHeap(_ kinds: [MediaKind]) throws -> Int {
  let identities = (try makeIdentity(), try makeIdentity())
  // One pair first, so that what the process sets up once is not counted.
  do { _ = try connectedPair(kinds, identities) }
  callocations_count(1)
  let before = callocations_live_bytes()
  let pair = try connectedPair(kinds, identities)
  let after = callocations_live_bytes()
  callocations_count(0)
  guard pair.offerer.connectionState == .connected else { throw Failure("the peers did not stay connected") }
  return Int(after - before) / 2
}

/// What it costs to ask a connected peer that has nothing to do, with so many media sections.
func measureIdleLines(_ lines: Int, rounds: Int) throws -> Double {
  let pair = try connectedPair(
    (0..<lines).map { $0 % 2 == 0 ? .audio : .video }, (try makeIdentity(), try makeIdentity()),
    formats: [.opus, .vp8])
  let now = pair.now
  var buffer = [UInt8](repeating: 0, count: 1500)
  _ = exchange(&pair.offerer, &pair.answerer, buffer: &buffer, now: now)
  var deadlines = 0
  var work = 0
  var best = Double.infinity
  var peer = try pair.offerer.fork()
  for _ in 0..<10 {
    let clock = CPUClock()
    for _ in 0..<(rounds / 10) {
      peer.advance(to: now)
      var writer = SpanWriter(buffer.mutableSpan)
      if peer.pollTransmit(into: &writer) != nil { work += 1 }
      if peer.pollEvent() != nil { work += 1 }
      if peer.nextFrameSize != nil { work += 1 }
      if peer.nextDeadline != nil { deadlines += 1 }
    }
    best = min(best, Double(clock.elapsed) / Double(rounds / 10))
  }
  guard deadlines == rounds / 10 * 10, work <= 1 else { throw Failure("an idle peer is not idle") }
  return best
}

/// CPU time of the calling thread, in nanoseconds.
struct CPUClock {
  private let clock = clinux_thread_clock()
  private let start: UInt64
  init() { self.start = clinux_clock_nanoseconds(self.clock) }
  var elapsed: UInt64 { clinux_clock_nanoseconds(self.clock) - self.start }
}
