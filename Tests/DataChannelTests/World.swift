import Bytes
import SCTP
import Time

@testable import DataChannel

/// Two sides and the network between them, on a virtual clock.
struct World {
  struct Packet {
    var deliverAt: Instant
    var order: Int
    var toA: Bool
    var bytes: [UInt8]
  }
  struct Received: Equatable {
    var channel: DataChannels.Channel
    var kind: DataChannels.Kind
    var bytes: [UInt8]
  }

  var a: DataChannels
  var b: DataChannels
  var now = Instant(nanoseconds: 1_000_000_000)
  var random: SeededRandom
  var loss: UInt32 = 0
  var reordering: UInt32 = 0
  var delay = Interval.milliseconds(50)
  var inFlight: [Packet] = []
  var order = 0
  var receivedByA: [Received] = []
  var receivedByB: [Received] = []
  var eventsOfA: [DataChannels.Event] = []
  var eventsOfB: [DataChannels.Event] = []
  var pullsB = true

  init(
    seed: UInt64 = 1, a: DataChannels.Configuration = .init(), b: DataChannels.Configuration = .init(),
    roleOfA: Bool? = true, roleOfB: Bool? = false
  ) {
    self.random = SeededRandom(seed: .init(seed))
    self.a = try! DataChannels(
      configuration: a, isDTLSClient: roleOfA, random: SeededRandom(seed: .init(seed &* 2 &+ 1000)), now: self.now)
    self.b = try! DataChannels(
      configuration: b, isDTLSClient: roleOfB, random: SeededRandom(seed: .init(seed &* 2 &+ 1001)), now: self.now)
  }

  static func connected(
    seed: UInt64 = 1, a: DataChannels.Configuration = .init(), b: DataChannels.Configuration = .init()
  ) -> World {
    var world = World(seed: seed, a: a, b: b)
    world.connect()
    return world
  }

  mutating func connect() {
    self.a.connect(now: self.now)
    self.b.connect(now: self.now)
    self.run(for: .seconds(30)) { $0.a.state == .established && $0.b.state == .established }
    self.run(for: .milliseconds(300))
    self.eventsOfA.removeAll { $0 == .connected }
    self.eventsOfB.removeAll { $0 == .connected }
  }

  @discardableResult
  mutating func run(for duration: Interval, until done: (World) -> Bool = { _ in false }) -> Bool {
    let end = self.now + duration
    while true {
      self.exchange()
      if done(self) { return true }
      var next = Instant.distantFuture
      for packet in self.inFlight { next = min(next, packet.deliverAt) }
      for deadline in [self.a.nextDeadline, self.b.nextDeadline] { next = min(next, deadline ?? .distantFuture) }
      guard next <= end else {
        if end > self.now { self.now = end }
        return false
      }
      self.now = max(self.now, next)
      let due = self.inFlight.filter { $0.deliverAt <= self.now }.sorted { ($0.deliverAt, $0.order) < ($1.deliverAt, $1.order) }
      self.inFlight.removeAll { $0.deliverAt <= self.now }
      for packet in due {
        if packet.toA { self.a.receive(packet.bytes.span, now: self.now) } else { self.b.receive(packet.bytes.span, now: self.now) }
        self.exchange()
      }
      self.a.advance(to: self.now)
      self.b.advance(to: self.now)
    }
  }

  mutating func exchange() {
    var buffer = [UInt8](repeating: 0, count: 2048)
    var progress = true
    while progress {
      progress = false
      while let message = pull(&self.a) {
        self.receivedByA.append(message)
        progress = true
      }
      while self.pullsB, let message = pull(&self.b) {
        self.receivedByB.append(message)
        progress = true
      }
      while let event = self.a.pollEvent() {
        self.eventsOfA.append(event)
        progress = true
      }
      while let event = self.b.pollEvent() {
        self.eventsOfB.append(event)
        progress = true
      }
      while let bytes = poll(&self.a, &buffer) {
        self.put(bytes, toA: false)
        progress = true
      }
      while let bytes = poll(&self.b, &buffer) {
        self.put(bytes, toA: true)
        progress = true
      }
    }
  }

  mutating func put(_ bytes: [UInt8], toA: Bool) {
    if self.random.next(below: 100) < self.loss { return }
    var at = self.now + self.delay
    if self.random.next(below: 100) < self.reordering { at = at + .milliseconds(self.random.next(below: 40)) }
    self.order += 1
    self.inFlight.append(Packet(deliverAt: at, order: self.order, toA: toA, bytes: bytes))
  }
}

func poll(_ channels: inout DataChannels, _ buffer: inout [UInt8]) -> [UInt8]? {
  var writer = SpanWriter(buffer.mutableSpan)
  guard channels.pollTransmit(into: &writer) else { return nil }
  return arrayCopy(writer.bytes(in: 0..<writer.count))
}

func pull(_ channels: inout DataChannels) -> World.Received? {
  guard let size = channels.nextMessageSize else { return nil }
  var buffer = [UInt8](repeating: 0, count: max(size, 1))
  var writer = SpanWriter(buffer.mutableSpan)
  guard let message = channels.receiveMessage(into: &writer) else { return nil }
  precondition(message.size == size && writer.count == size)
  return World.Received(channel: message.channel, kind: message.kind, bytes: arrayCopy(writer.bytes(in: 0..<size)))
}

extension DataChannels {
  mutating func send(
    _ bytes: [UInt8], kind: Kind = .binary, on channel: Channel, now: Instant
  ) throws(SendError) { try self.send(bytes.span, kind: kind, on: channel, now: now) }

  mutating func open(
    _ label: String = "chat", now: Instant, _ change: (inout ChannelOptions) -> Void = { _ in }
  ) throws(OpenError) -> Channel {
    var options = ChannelOptions(label: Array(label.utf8))
    change(&options)
    return try self.open(options, now: now)
  }
}
