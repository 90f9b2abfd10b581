import Bytes
import Cryptography
import DataChannel
import Simulator
import Testing
import Time
import WebRTC

/// Keys are slow to make, and which one it is does not matter to these stories.
let identities: (Identity, Identity) = {
  var random = SeededRandom(seed: .init(0x1d))
  // A failure here fails every test that follows.
  return (try! Identity(random: &random), try! Identity(random: &random))
}()

/// What a peer told its owner, kept for the test to look at.
struct Log {
  var events: [PeerConnection.Event] = []
  var messages: [(channel: Channel, kind: MessageKind, bytes: [UInt8])] = []

  mutating func drain(_ peer: inout PeerConnection) {
    while let event = peer.pollEvent() { self.events.append(event) }
    while let size = peer.nextMessageSize {
      var buffer = [UInt8](repeating: 0, count: max(size, 1))
      var writer = SpanWriter(buffer.mutableSpan)
      guard let message = peer.receiveMessage(into: &writer) else { break }
      self.messages.append((message.channel, message.kind, Array(buffer.prefix(message.size))))
      while let event = peer.pollEvent() { self.events.append(event) }
    }
  }

  var opened: [Channel] {
    self.events.compactMap { if case .channelOpened(let channel, _) = $0 { channel } else { nil } }
  }
  var closed: [Channel] {
    self.events.compactMap { if case .channelClosed(let channel) = $0 { channel } else { nil } }
  }
  var failure: FailureReason? {
    for event in self.events { if case .failed(let reason) = event { return reason } }
    return nil
  }
}

/// A pair and what both sides told.
struct Story: ~Copyable {
  var pair: PeerPair
  var offerer = Log()
  var answerer = Log()

  init(
    seed: UInt64 = 1, condition: Link.Condition = .init(), offerer: PeerConnection.Configuration = .init(),
    answerer: PeerConnection.Configuration = .init()
  ) throws {
    self.pair = try PeerPair(
      seed: seed, condition: condition, offerer: offerer, answerer: answerer, identities: identities)
  }

  var now: Instant { self.pair.now }

  /// Runs until `condition` holds or `timeout` of virtual time is over; tells whether it held.
  mutating func run(for timeout: Interval, until condition: (borrowing Story) -> Bool) -> Bool {
    let end = self.pair.now + timeout
    self.drain()
    while !condition(self) {
      self.pair.transmit()
      guard let next = self.pair.nextInstant, next <= end else {
        self.pair.run(until: end)
        return false
      }
      self.pair.step()
      self.drain()
    }
    return true
  }

  mutating func drain() {
    self.offerer.drain(&self.pair.offerer)
    self.answerer.drain(&self.pair.answerer)
  }

  /// The offerer opens a channel, both signal, and it opens.
  static func connected(
    seed: UInt64 = 1, condition: Link.Condition = .init(), offerer: PeerConnection.Configuration = .init(),
    answerer: PeerConnection.Configuration = .init()
  ) throws -> Story {
    var story = try Story(seed: seed, condition: condition, offerer: offerer, answerer: answerer)
    _ = try story.pair.offerer.openChannel(options("story"), now: story.now)
    try story.pair.signal()
    let opened = story.run(for: .seconds(30)) { $0.offerer.opened.count == 1 && $0.answerer.opened.count == 1 }
    try #require(opened)
    return story
  }
}

func options(_ label: String, ordered: Bool = true) -> ChannelOptions {
  var options = ChannelOptions(label: Array(label.utf8))
  options.ordered = ordered
  return options
}

/// Bytes that depend on a number and on their place.
func pattern(_ number: Int, size: Int) -> [UInt8] {
  (0..<size).map { UInt8(truncatingIfNeeded: number &* 31 &+ $0 &* 7) }
}

extension Link.Condition {
  static func network(loss: UInt32, delay: UInt32, jitter: UInt32 = 0, duplication: UInt32 = 0) -> Link.Condition {
    var condition = Link.Condition()
    condition.loss = loss * 10_000
    condition.delay = .milliseconds(delay)
    condition.jitter = .milliseconds(jitter)
    condition.duplication = duplication * 10_000
    return condition
  }
}
