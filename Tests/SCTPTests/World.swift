import Bytes
import Time

@testable import SCTP

/// Two associations and the network between them, on a virtual clock.
struct World {
  struct Packet {
    var deliverAt: Instant
    var order: Int
    var toA: Bool
    var bytes: [UInt8]
  }
  struct Received: Equatable {
    var stream: UInt16
    var protocolIdentifier: UInt32
    var bytes: [UInt8]
  }

  var a: Association
  var b: Association
  var now = Instant(nanoseconds: 1_000_000_000)
  var random: SeededRandom
  /// In percent.
  var loss: UInt32 = 0
  var duplication: UInt32 = 0
  var reordering: UInt32 = 0
  var delay = Interval.milliseconds(50)
  /// Drops what this says, by direction and bytes.
  var filter: (Bool, [UInt8]) -> Bool = { _, _ in false }
  var inFlight: [Packet] = []
  var order = 0
  var sent = 0
  var receivedByA: [Received] = []
  var receivedByB: [Received] = []
  var eventsOfA: [Association.Event] = []
  var eventsOfB: [Association.Event] = []
  var trace: [[UInt8]] = []
  var isTracing = false
  var pullsA = true
  var pullsB = true
  /// Every call that moved the clock without anything to do breaks the contract.
  var idleAdvances = 0

  init(
    seed: UInt64 = 1, a: Association.Configuration = .init(), b: Association.Configuration = .init()
  ) {
    self.random = SeededRandom(seed: .init(seed))
    self.a = try! Association(configuration: a, random: SeededRandom(seed: .init(seed &* 2 &+ 1000)), now: self.now)
    self.b = try! Association(configuration: b, random: SeededRandom(seed: .init(seed &* 2 &+ 1001)), now: self.now)
  }

  /// Connects and waits until both are up.
  static func connected(
    seed: UInt64 = 1, a: Association.Configuration = .init(), b: Association.Configuration = .init()
  ) -> World {
    var world = World(seed: seed, a: a, b: b)
    world.a.connect(now: world.now)
    world.run(for: .milliseconds(500)) { $0.a.state == .established && $0.b.state == .established }
    world.run(for: .milliseconds(300))
    world.eventsOfA = []
    world.eventsOfB = []
    return world
  }

  /// Moves packets and time until `done`, or until nothing happens any more within `duration`.
  @discardableResult
  mutating func run(for duration: Interval, until done: (World) -> Bool = { _ in false }) -> Bool {
    let end = self.now + duration
    while true {
      self.exchange()
      if done(self) { return true }
      var next = Instant.distantFuture
      for packet in self.inFlight { next = min(next, packet.deliverAt) }
      for deadline in [self.a.nextDeadline, self.b.nextDeadline] {
        guard let deadline else { continue }
        if deadline <= self.now { self.idleAdvances += 1 }
        next = min(next, deadline)
      }
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

  /// Drains both sides.
  mutating func exchange() {
    var buffer = [UInt8](repeating: 0, count: 2048)
    var progress = true
    while progress {
      progress = false
      while let bytes = poll(&self.a, &buffer) {
        self.put(bytes, toA: false)
        progress = true
      }
      while let bytes = poll(&self.b, &buffer) {
        self.put(bytes, toA: true)
        progress = true
      }
      while let event = self.a.pollEvent() { self.eventsOfA.append(event) }
      while let event = self.b.pollEvent() { self.eventsOfB.append(event) }
      while self.pullsA, let message = pull(&self.a) {
        self.receivedByA.append(message)
        progress = true
      }
      while self.pullsB, let message = pull(&self.b) {
        self.receivedByB.append(message)
        progress = true
      }
    }
  }

  mutating func put(_ bytes: [UInt8], toA: Bool) {
    self.sent += 1
    if self.isTracing { self.trace.append(bytes) }
    if self.filter(toA, bytes) { return }
    var copies = 1
    if self.random.next(below: 100) < self.loss { copies = 0 }
    if self.random.next(below: 100) < self.duplication { copies += 1 }
    for _ in 0..<copies {
      var at = self.now + self.delay
      if self.random.next(below: 100) < self.reordering { at = at + .milliseconds(self.random.next(below: 40)) }
      self.order += 1
      self.inFlight.append(Packet(deliverAt: at, order: self.order, toA: toA, bytes: bytes))
    }
  }
}

func poll(_ association: inout Association, _ buffer: inout [UInt8]) -> [UInt8]? {
  var writer = SpanWriter(buffer.mutableSpan)
  guard association.pollTransmit(into: &writer) else { return nil }
  precondition(!writer.overflowed)
  return arrayCopy(writer.bytes(in: 0..<writer.count))
}

func pull(_ association: inout Association) -> World.Received? {
  guard let size = association.nextMessageSize else { return nil }
  var buffer = [UInt8](repeating: 0, count: size)
  var writer = SpanWriter(buffer.mutableSpan)
  guard let message = association.receiveMessage(into: &writer) else { return nil }
  return World.Received(
    stream: message.stream, protocolIdentifier: message.protocolIdentifier,
    bytes: arrayCopy(writer.bytes(in: 0..<writer.count)))
}

/// Bytes that tell where they belong.
func pattern(_ size: Int, _ salt: Int = 0) -> [UInt8] {
  (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8 &+ salt &* 7) }
}

extension Association {
  /// `send`, for arrays and with a default identifier.
  mutating func send(
    _ bytes: [UInt8], on stream: UInt16 = 0, ppid: UInt32 = 51, _ options: SendOptions = SendOptions(), now: Instant
  ) throws(SendError) {
    try self.send(bytes.span, stream: stream, protocolIdentifier: ppid, options: options, now: now)
  }
}
