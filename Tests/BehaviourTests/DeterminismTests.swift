import Bytes
import Cryptography
import Simulator
import Testing
import Time
import WebRTC

@Suite struct DeterminismTests {
  /// Everything that a run puts on the network, in order.
  final class Tape {
    var bytes: [UInt8] = []
    func record(_ fromOfferer: Bool, _ datagram: Span<UInt8>) {
      self.bytes.append(fromOfferer ? 1 : 0)
      self.bytes += arrayCopy(datagram)
    }
  }

  static let condition = Link.Condition.network(loss: 5, delay: 15, jitter: 10, duplication: 2)

  static func story(seed: UInt64, _ tape: Tape) throws -> Story {
    let story = try Story(seed: seed, condition: Self.condition)
    story.pair.onTransmit = { tape.record($0, $1) }
    let channel = try story.pair.offerer.openChannel(options("tape"), now: story.now)
    try story.pair.signal()
    _ = channel
    return story
  }

  static func talk(_ story: inout Story) throws {
    let opened = story.run(for: .seconds(30)) { !$0.offerer.opened.isEmpty }
    try #require(opened)
    for number in 0..<10 {
      try story.pair.offerer.send(
        pattern(number, size: 9_000).span, kind: .binary, on: story.offerer.opened[0], now: story.now)
    }
    let arrived = story.run(for: .seconds(60)) { $0.answerer.messages.count == 10 }
    try #require(arrived)
  }

  @Test func `the same seed and inputs give the same bytes`() throws {
    var tapes: [[UInt8]] = []
    for _ in 0..<2 {
      let tape = Tape()
      var story = try Self.story(seed: 5, tape)
      try Self.talk(&story)
      tapes.append(tape.bytes)
    }
    #expect(tapes[0].count > 100_000)
    #expect(tapes[0] == tapes[1])
  }

  /// Steps at which the handshake, or the transfer, is under way.
  @Test(arguments: [3, 6, 9, 12, 15, 20, 40, 60, 90])
  func `forks go on byte for byte as the originals would`(steps: Int) throws {
    let original = Tape(), forked = Tape()
    var story = try Self.story(seed: 6, original)
    for _ in 0..<steps {
      story.pair.step()
      story.drain()
      if let channel = story.offerer.opened.first, story.answerer.messages.isEmpty, steps > 20 {
        _ = try? story.pair.offerer.send(pattern(1, size: 20_000).span, kind: .binary, on: channel, now: story.now)
      }
    }
    original.bytes = []
    let fork = try story.pair.fork()
    fork.onTransmit = { forked.record($0, $1) }
    for _ in 0..<300 {
      story.pair.step()
      fork.step()
    }
    #expect(!original.bytes.isEmpty)
    #expect(original.bytes == forked.bytes)
  }
}
