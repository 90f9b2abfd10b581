import Testing

@testable import Swarm

/// What arrives is compared with what was sent.
@Suite struct LedgerTests {
  /// Five messages of different sizes on a channel.
  static func ledger(isOrdered: Bool, isReliable: Bool) -> MessageLedger {
    var ledger = MessageLedger(channel: 3, sender: 1, isOrdered: isOrdered, isReliable: isReliable)
    for size in [0, 5, 300, 300, 7] { ledger.noteSent(size: size, isText: size == 5) }
    return ledger
  }

  static func bytes(_ index: Int) -> [UInt8] {
    Payload(source: 3, sender: 1, index: index).bytes(size: [0, 5, 300, 300, 7][index])
  }

  static func receive(_ order: [Int], _ ledger: inout MessageLedger) -> Violation.Kind? {
    for index in order {
      if let violation = ledger.receive(Self.bytes(index), isText: index == 1) { return violation.kind }
    }
    return nil
  }

  @Test func `an ordered, reliable channel gives a prefix of what was sent`() {
    var ledger = Self.ledger(isOrdered: true, isReliable: true)
    #expect(Self.receive([0, 1, 2], &ledger) == nil)
    #expect(!ledger.isComplete)
    #expect(Self.receive([3, 4], &ledger) == nil)
    #expect(ledger.isComplete)
    var gap = Self.ledger(isOrdered: true, isReliable: true)
    #expect(Self.receive([0, 2], &gap) == .messageOutOfOrder)
    var twice = Self.ledger(isOrdered: true, isReliable: true)
    #expect(Self.receive([0, 1, 1], &twice) == .messageTwice)
  }

  @Test func `a partially reliable one may leave messages out, not swap or repeat them`() {
    var ledger = Self.ledger(isOrdered: true, isReliable: false)
    #expect(Self.receive([1, 3], &ledger) == nil)
    #expect(ledger.isComplete)
    #expect(Self.receive([2], &ledger) == .messageOutOfOrder)
    var twice = Self.ledger(isOrdered: true, isReliable: false)
    #expect(Self.receive([2, 2], &twice) == .messageTwice)
  }

  @Test func `an unordered one gives a subset in any order, each once`() {
    var ledger = Self.ledger(isOrdered: false, isReliable: true)
    #expect(Self.receive([4, 2, 0, 3, 1], &ledger) == nil)
    #expect(ledger.isComplete)
    #expect(Self.receive([3], &ledger) == .messageTwice)
  }

  @Test func `other bytes, another kind or another channel are corrupt`() {
    for change in 0..<4 {
      var ledger = Self.ledger(isOrdered: change & 1 == 0, isReliable: change & 2 == 0)
      var bytes = Self.bytes(2)
      bytes[200] ^= 1
      #expect(ledger.receive(bytes, isText: false)?.kind == .messageCorrupt)
      #expect(ledger.receive(Self.bytes(2), isText: true)?.kind == .messageCorrupt)
      #expect(ledger.receive(Payload(source: 4, sender: 1, index: 2).bytes(size: 300), isText: false)?.kind == .messageCorrupt)
      #expect(ledger.receive(Payload(source: 3, sender: 0, index: 2).bytes(size: 300), isText: false)?.kind == .messageCorrupt)
      #expect(ledger.delivered == 0)
    }
  }

  @Test func `a payload's name can be read where there is room for one`() {
    for size in [8, 9, 5000] {
      let payload = Payload(source: 12_345, sender: 3, index: 70_000)
      #expect(Payload(reading: payload.bytes(size: size)[...]) == payload)
    }
    #expect(Payload(reading: Payload(source: 1, sender: 1, index: 1).bytes(size: 7)[...]) == nil)
  }
}
