import Bytes
import Testing
import Time

@testable import RTP

private func audio(_ sequence: UInt16) -> TestPacket {
  TestPacket(opusType, sequence, UInt32(sequence) &* 960, [0x78, UInt8(truncatingIfNeeded: sequence)])
}

@Suite struct ReceiveNACKTests {
  @Test func `a missing packet is asked for after the first delay and then half a round trip apart`() throws {
    var harness = try ReceiverHarness(.audio) { $0.holdTime = .milliseconds(400) }
    harness.receiver.setRoundTrip(.milliseconds(80))
    harness.receive([audio(0), audio(2)])
    var asked: [Int] = []
    for millisecond in 1...410 {
      harness.wait(1)
      if !harness.nacks.isEmpty { asked.append(millisecond) }
      #expect(harness.nacks.allSatisfy { $0 == [1] })
      harness.nacks = []
    }
    #expect(asked == [20, 60, 100, 140, 180, 220, 260, 300, 340, 380])
    #expect(harness.receiver.statistics.nackCount == 10)
    #expect(harness.frames.count == 2)
  }

  @Test func `a packet that was only late is not asked for`() throws {
    var harness = try ReceiverHarness(.audio)
    harness.receive([audio(0), audio(2)])
    harness.wait(19)
    harness.receive(audio(1))
    harness.wait(1000)
    #expect(harness.nacks.isEmpty)
    #expect(harness.frames.count == 3)
  }

  @Test func `no packet is asked for more often than the limit`() throws {
    var harness = try ReceiverHarness(.audio) {
      $0.holdTime = .seconds(10)
      $0.maximumNACKs = 3
    }
    harness.receive([audio(0), audio(2)])
    harness.wait(9000)
    #expect(harness.nacks == [[1], [1], [1]])
  }

  @Test func `a limit of zero asks for nothing, nor does a line without NACK`() throws {
    var never = try ReceiverHarness(.audio) { $0.maximumNACKs = 0 }
    var unnegotiated = try ReceiverHarness(.audio, nack: false)
    never.receive([audio(0), audio(2)])
    unnegotiated.receive([audio(0), audio(2)])
    never.wait(1000)
    unnegotiated.wait(1000)
    #expect(never.nacks.isEmpty)
    #expect(unnegotiated.nacks.isEmpty)
  }

  @Test func `many missing packets share their NACK, over the wrap too`() throws {
    var harness = try ReceiverHarness(.audio) { $0.holdTime = .milliseconds(400) }
    harness.receive([audio(65_520), audio(65_522), audio(10)])
    harness.wait(20)
    var missing: [UInt16] = [65_521]
    missing += Array(65_523...65_535)
    missing += Array(0..<10)
    #expect(harness.nacks == [missing])
  }

  @Test func `what does not fit into one NACK follows in the next`() throws {
    var harness = try ReceiverHarness(.audio) { $0.holdTime = .milliseconds(400) }
    for sequence in stride(from: UInt16(0), through: 90, by: 30) { harness.receive(audio(sequence)) }
    harness.now = harness.now + .milliseconds(20)
    harness.receiver.advance(to: harness.now)
    var asked: [UInt16] = []
    var packets = 0
    while harness.receiver.owesNACK, let part = harness.writeNACK(room: 20) {
      asked += part
      packets += 1
    }
    #expect(packets == 3)
    let missing = [UInt16](1..<90).filter { $0 % 30 != 0 }
    #expect(asked == missing)
    let more = harness.writeNACK(room: 1200)
    #expect(more == nil)
  }

  @Test func `without room nothing is written and the NACK stays owed`() throws {
    var harness = try ReceiverHarness(.audio)
    harness.receive([audio(0), audio(2)])
    harness.now = harness.now + .milliseconds(20)
    harness.receiver.advance(to: harness.now)
    for room in 0..<16 {
      let nothing = harness.writeNACK(room: room)
      #expect(nothing == nil)
      #expect(harness.receiver.owesNACK)
    }
    let packet = harness.writeNACK(room: 16)
    #expect(packet == [1])
    #expect(!harness.receiver.owesNACK)
  }

  @Test(arguments: [true, false]) func `a repeat fills the gap, by RTX or on the stream itself`(isRepair: Bool) throws {
    var harness = try ReceiverHarness(.audio)
    harness.receive([audio(0), audio(2)])
    harness.wait(50)
    harness.receive(audio(1), isRepair: isRepair)
    #expect(harness.frames.map { Int($0.bytes[1]) } == [0, 1, 2])
    #expect(harness.frames.allSatisfy { !$0.facts.followsLoss })
    let statistics = harness.receiver.statistics
    #expect(statistics.packetsRepaired == 1)
    #expect(statistics.retransmittedPacketsReceived == (isRepair ? 1 : 0))
    // Only what comes on the stream itself makes good for its losses (RFC 4588 section 4).
    #expect(statistics.packetsLost == (isRepair ? 1 : 0))
    #expect(harness.receiver.nextDeadline == nil)
  }

  @Test func `a repeat that comes twice comes out once`() throws {
    var harness = try ReceiverHarness(.audio)
    harness.receive([audio(0), audio(2)])
    harness.wait(30)
    harness.receive(audio(1), isRepair: true)
    harness.receive(audio(1), isRepair: true)
    harness.receive(audio(1))
    #expect(harness.frames.count == 3)
    #expect(harness.receiver.statistics.packetsDuplicated == 2)
  }

  @Test func `an RTX packet before the stream's first, or far from it, is nothing`() throws {
    var harness = try ReceiverHarness(.audio)
    harness.receive(audio(5), isRepair: true)
    #expect(harness.frames.isEmpty)
    harness.receive(audio(6))
    harness.receive(audio(30_000), isRepair: true)
    harness.receive(audio(30_001), isRepair: true)
    harness.receive(audio(5), isRepair: true)
    #expect(harness.frames.map { Int($0.bytes[1]) } == [6])
    #expect(harness.receiver.statistics.restarts == 0)
  }


  @Test func `an RTX packet that comes first after an outage moves no numbers`() throws {
    var harness = try ReceiverHarness(.audio)
    harness.receive([audio(0), audio(1)])
    harness.wait(500)
    harness.receive(audio(60), isRepair: true)
    harness.receive([audio(40), audio(41), audio(42), audio(44)])
    harness.wait(30)
    #expect(harness.nacks == [[43]])
    #expect(harness.frames.map(\.facts.timestamp) == [0, 1, 40, 41, 42].map { $0 * 960 })
  }
}
