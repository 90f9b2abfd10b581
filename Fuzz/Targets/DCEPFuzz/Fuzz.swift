import Bytes
import DataChannel
import SCTP
import Time

/// Data channels against a peer that speaks correct SCTP and sends whatever messages, on whatever streams, with
/// whatever identifiers the input makes up: handles stay consistent and the number of channels bounded.
private struct World {
  var channels: DataChannels
  var peer: Association
  var now = Instant(nanoseconds: 1_000_000)
  var live: [DataChannels.Channel] = []
  var buffer = [UInt8](repeating: 0, count: 1200)
  var pulled = [UInt8](repeating: 0, count: 70_000)

  init() {
    var configuration = DataChannels.Configuration()
    configuration.association.zeroChecksum = true
    configuration.maximumChannels = 8
    configuration.maximumNameLength = 64
    configuration.maximumEarlyBytes = 1000
    self.channels = try! DataChannels(
      configuration: configuration, isDTLSClient: false, random: SeededRandom(seed: .init(1)), now: self.now)
    self.peer = try! Association(
      configuration: configuration.association, random: SeededRandom(seed: .init(2)), now: self.now)
    self.peer.connect(now: self.now)
    self.exchange()
  }

  mutating func exchange() {
    self.now = self.now + .milliseconds(60)
    self.channels.advance(to: self.now)
    self.peer.advance(to: self.now)
    var progress = true
    while progress {
      progress = false
      while let bytes = poll(&self.peer, &self.buffer) {
        self.channels.receive(bytes.span, now: self.now)
        progress = true
      }
      while pull(&self.channels, &self.pulled) { progress = true }
      while let event = self.channels.pollEvent() { self.heed(event) }
      while let bytes = poll(&self.channels, &self.buffer) {
        self.peer.receive(bytes.span, now: self.now)
        progress = true
      }
      while self.peer.pollEvent() != nil {}
      while self.peer.nextMessageSize != nil { self.peer.discardMessage() }
    }
  }

  mutating func heed(_ event: DataChannels.Event) {
    switch event {
    case .opened(let channel, _):
      precondition(!self.live.contains(channel))
      self.live.append(channel)
      precondition(self.live.count <= 8)
    case .closed(let channel): self.live.removeAll { $0 == channel }
    default: break
    }
  }
}

private func pull(_ channels: inout DataChannels, _ buffer: inout [UInt8]) -> Bool {
  guard let size = channels.nextMessageSize else { return false }
  var writer = SpanWriter(buffer.mutableSpan)
  guard let message = channels.receiveMessage(into: &writer) else { return false }
  precondition(message.size == size && writer.count == size)
  return true
}

private func poll(_ association: inout Association, _ buffer: inout [UInt8]) -> [UInt8]? {
  var writer = SpanWriter(buffer.mutableSpan)
  return association.pollTransmit(into: &writer) ? arrayCopy(writer.bytes(in: 0..<writer.count)) : nil
}

private func poll(_ channels: inout DataChannels, _ buffer: inout [UInt8]) -> [UInt8]? {
  var writer = SpanWriter(buffer.mutableSpan)
  return channels.pollTransmit(into: &writer) ? arrayCopy(writer.bytes(in: 0..<writer.count)) : nil
}

private let start = World()

#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  var cursor = SpanCursor(input.span)
  var world = start
  while let verb = try? cursor.read(UInt8.self) {
    switch verb & 7 {
    case 0, 1, 2:
      let stream = UInt16(verb >> 3)
      let ppid: UInt32 = verb & 7 == 2 ? UInt32((try? cursor.read(UInt8.self)) ?? 0) : 50
      let size = min(Int((try? cursor.read(UInt8.self)) ?? 0), cursor.remaining)
      guard let bytes = try? cursor.readBytes(size) else { break }
      try? world.peer.send(
        bytes, stream: stream, protocolIdentifier: ppid, options: .init(ordered: verb & 7 != 1), now: world.now)
    case 3: world.peer.resetStream(UInt16(verb >> 3), now: world.now)
    case 4:
      var options = DataChannels.ChannelOptions(label: [verb])
      if verb & 0x80 != 0 { options.negotiatedID = UInt16(verb >> 3 & 15) }
      _ = try? world.channels.open(options, now: world.now)
    case 5:
      if let channel = world.live.first { world.channels.close(channel, now: world.now) }
    case 6:
      if let channel = world.live.last {
        let bytes = [UInt8](repeating: verb, count: Int(verb >> 3))
        try? world.channels.send(bytes.span, kind: .binary, on: channel, now: world.now)
      }
    default: world.exchange()
    }
  }
  world.exchange()
  for channel in world.live { precondition(world.channels.info(of: channel) != nil) }
  return 0
}
