import Testing

@testable import Swarm

/// Nothing leaves twice under one number.
@Suite struct WireWatchTests {
  static func watch(_ datagrams: [[UInt8]], controlTag: Int = 0) -> Violation.Kind? {
    var watch = WireWatch()
    for datagram in datagrams {
      if let violation = watch.transmit(datagram.span, controlTag: controlTag) { return violation.kind }
    }
    return nil
  }

  static func record(epoch: UInt8, number: UInt8) -> [UInt8] { [23, 254, 253, 0, epoch, 0, 0, 0, 0, 0, number, 0, 2, 8, 9] }

  @Test func `record numbers go up in each epoch`() {
    #expect(Self.watch([Self.record(epoch: 0, number: 7) + Self.record(epoch: 1, number: 0), Self.record(epoch: 1, number: 4)]) == nil)
    #expect(Self.watch([Self.record(epoch: 1, number: 4), Self.record(epoch: 1, number: 4)]) == .recordNumberTwice)
    #expect(Self.watch([Self.record(epoch: 1, number: 4) + Self.record(epoch: 1, number: 3)]) == .recordNumberTwice)
    #expect(Self.watch([Array(Self.record(epoch: 1, number: 4).dropLast())]) == .stateImpossible)
  }

  static func media(_ sequence: UInt16, ssrc: UInt8 = 1, body: UInt8 = 0) -> [UInt8] {
    [0x80, 96, UInt8(sequence >> 8), UInt8(sequence & 255), 0, 0, 0, 0, 0, 0, 0, ssrc, body]
  }

  @Test func `a media packet may be repeated, not changed`() {
    #expect(Self.watch([Self.media(5), Self.media(6), Self.media(5)]) == nil)
    #expect(Self.watch([Self.media(5), Self.media(6), Self.media(5, body: 1)]) == .mediaIndexTwice)
    #expect(Self.watch([Self.media(5), Self.media(5, ssrc: 2, body: 1)]) == nil)
    // The number rolls over: another index.
    #expect(Self.watch([Self.media(65_535), Self.media(0), Self.media(30_000), Self.media(60_000), Self.media(65_535, body: 1)]) == nil)
    #expect(Self.watch([Self.media(65_535), Self.media(0), Self.media(65_535, body: 1)]) == .mediaIndexTwice)
  }

  @Test func `SRTCP indices go up, wherever the profile has its tag`() {
    func control(_ index: UInt8, tag: Int) -> [UInt8] { [0x80, 200, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 0x80, 0, 0, index] + [UInt8](repeating: index ^ 77, count: tag) }
    for tag in [0, 10] {
      #expect(Self.watch([control(1, tag: tag), control(2, tag: tag)], controlTag: tag) == nil)
      #expect(Self.watch([control(2, tag: tag), control(2, tag: tag)], controlTag: tag) == .controlIndexTwice)
    }
  }
}
