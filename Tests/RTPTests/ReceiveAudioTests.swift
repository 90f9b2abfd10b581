import Bytes
import Testing
import Time

@testable import RTP

private func audio(_ sequence: UInt16, _ timestamp: UInt32? = nil, type: UInt8 = opusType) -> TestPacket {
  TestPacket(type, sequence, timestamp ?? UInt32(sequence) &* 960, [0x78, UInt8(truncatingIfNeeded: sequence)])
}

@Suite struct ReceiveAudioTests {
  @Test func `packets in order come out at once, each a frame`() throws {
    var harness = try ReceiverHarness(.audio)
    for sequence in UInt16(0)..<5 {
      harness.receive(audio(sequence))
      #expect(harness.frames.count == Int(sequence) + 1)
    }
    #expect(harness.frames.map(\.facts.mediaTime) == [0, 960, 1920, 2880, 3840])
    #expect(harness.frames.allSatisfy { !$0.facts.followsLoss && $0.facts.isKeyFrame && $0.facts.size == 2 })
    #expect(harness.receiver.nextDeadline == nil)
  }

  @Test func `packets out of order come out in order, without waiting for the hold time`() throws {
    var harness = try ReceiverHarness(.audio)
    for sequence in [UInt16(65_533), 65_535, 65_534, 2, 1, 0, 3] { harness.receive(audio(sequence)) }
    #expect(harness.frames.map { Int($0.bytes[1]) } == [253, 254, 255, 0, 1, 2, 3])
    #expect(harness.frames.allSatisfy { !$0.facts.followsLoss })
    #expect(harness.receiver.statistics.packetsLost == 0)
  }

  @Test func `a missing packet is waited for as long as the hold time and then concealed`() throws {
    var harness = try ReceiverHarness(.audio, nack: false) { $0.holdTime = .milliseconds(60) }
    harness.receive([audio(0), audio(3)])
    harness.wait(40)
    harness.receive(audio(4))
    harness.wait(19)
    #expect(harness.frames.count == 1)
    harness.wait(1)
    #expect(harness.frames.map(\.facts.missingPackets) == [0, 2, 0])
    #expect(harness.frames.map(\.facts.followsLoss) == [false, true, false])
    #expect(harness.frames.map(\.facts.mediaTime) == [0, 2880, 3840])
    #expect(harness.receiver.statistics.packetsGivenUp == 2)
    #expect(harness.receiver.statistics.packetsLost == 2)
    #expect(harness.nacks.isEmpty)
  }

  @Test func `a straggler that was given up is counted and never comes out`() throws {
    var harness = try ReceiverHarness(.audio)
    harness.receive([audio(0), audio(2)])
    harness.wait(100)
    harness.receive(audio(1))
    harness.receive(audio(2))
    #expect(harness.frames.map { Int($0.bytes[1]) } == [0, 2])
    #expect(harness.receiver.statistics.packetsDiscarded == 1)
    #expect(harness.receiver.statistics.packetsDuplicated == 1)
    // RFC 3550 section A.3: late and duplicate packets count as received.
    #expect(harness.receiver.statistics.packetsLost == -1)
  }

  @Test func `silence left out is no loss`() throws {
    var harness = try ReceiverHarness(.audio)
    harness.receive(audio(0, 0))
    harness.wait(5000)
    harness.receive(audio(1, 240_000))
    #expect(harness.frames.map(\.facts.mediaTime) == [0, 240_000])
    #expect(!harness.frames[1].facts.followsLoss)
  }

  @Test func `media time goes on over wraps of the timestamp, backwards too`() throws {
    var harness = try ReceiverHarness(.audio)
    harness.receive([audio(0, 0xFFFF_FF00), audio(1, 0x0000_0100), audio(2, 0xFFFF_FFFF)])
    #expect(harness.frames.map(\.facts.mediaTime) == [0, 512, 255])
    #expect(harness.frames.map(\.facts.timestamp) == [0xFFFF_FF00, 0x100, 0xFFFF_FFFF])
  }

  @Test func `a restart of the stream is followed, its media time bridged by the time of arrival`() throws {
    var harness = try ReceiverHarness(.audio)
    harness.receive([audio(100, 0), audio(101, 960)])
    harness.wait(1000)
    harness.receive(audio(40_000, 0x9000_0000))
    #expect(harness.frames.count == 2)
    harness.wait(20)
    harness.receive([audio(40_001, 0x9000_03C0), audio(40_002, 0x9000_0780)])
    #expect(harness.frames.map(\.facts.mediaTime) == [0, 960, 49_920, 50_880])
    #expect(harness.frames.map(\.facts.followsLoss) == [false, false, true, false])
    #expect(harness.receiver.statistics.restarts == 1)
    #expect(harness.receiver.statistics.packetsLost == 0)
  }

  @Test func `a change of codec in the middle goes on in the other's clock`() throws {
    var harness = try ReceiverHarness(.audio)
    harness.receive([audio(0, 0), audio(1, 960)])
    harness.wait(20)
    harness.receive(TestPacket(pcmaType, 2, 77_000, [1, 2, 3]))
    harness.wait(20)
    harness.receive(TestPacket(pcmaType, 3, 77_160, [1, 2, 3]))
    #expect(harness.frames.map(\.facts.format) == [.opus, .opus, .pcma, .pcma])
    #expect(harness.frames.map(\.facts.mediaTime) == [0, 960, 320, 480])
    #expect(harness.frames.allSatisfy { !$0.facts.followsLoss })
  }

  @Test func `a change of codec whose first packet overtakes the last of the other codec goes on from that`() throws {
    var harness = try ReceiverHarness(.audio)
    harness.receive([audio(0, 0), TestPacket(pcmaType, 2, 77_000, [1, 2, 3])])
    harness.wait(50)
    harness.receive(audio(1, 960))
    #expect(harness.frames.map(\.facts.mediaTime) == [0, 960, 161])
  }

  @Test func `packets of unknown payload types and empty ones are no loss`() throws {
    var harness = try ReceiverHarness(.audio)
    harness.receive(audio(0))
    harness.receive(TestPacket(101, 1, 960, [1, 2, 3, 4]))
    harness.receive(TestPacket(opusType, 2, 1920, []))
    harness.receive(audio(3))
    #expect(harness.frames.count == 2)
    #expect(!harness.frames[1].facts.followsLoss)
    #expect(harness.nacks.isEmpty)
    #expect(harness.receiver.statistics.packetsMalformed == 1)
    #expect(harness.receiver.statistics.packetsReceived == 4)
  }

  @Test func `levels and capture times come with the frame`() throws {
    var harness = try ReceiverHarness(.audio)
    var packet = audio(0)
    packet.header.extensions.audioLevel = 33
    packet.header.extensions.hasVoice = true
    packet.header.extensions.absoluteCaptureTime = 0xE000_0000_1234_5678
    harness.receive(packet)
    harness.receive(audio(1))
    #expect(harness.frames[0].facts.audioLevel == 33)
    #expect(harness.frames[0].facts.hasVoice)
    #expect(harness.frames[0].facts.absoluteCaptureTime == 0xE000_0000_1234_5678)
    #expect(harness.frames[1].facts.audioLevel == nil)
    #expect(harness.frames[1].facts.absoluteCaptureTime == nil)
    #expect(harness.frames[1].facts.receivedAt == harness.now)
  }

  @Test func `a frame that does not fit stays`() throws {
    var harness = try ReceiverHarness(.audio)
    harness.pollsFrames = false
    harness.receive(audio(0))
    var small = [UInt8](repeating: 0, count: 1)
    var writer = SpanWriter(small.mutableSpan)
    let nothing = harness.receiver.receiveFrame(into: &writer)
    #expect(nothing == nil)
    #expect(harness.receiver.nextFrameSize == 2)
    harness.takeFrames()
    #expect(harness.frames.count == 1)
  }

  @Test func `a configuration out of range is refused`() {
    for change: (inout Receiver.Configuration) -> Void in [
      { $0.maximumBytes = 2047 }, { $0.maximumBytes = 1 << 28 + 1 }, { $0.maximumPackets = 15 },
      { $0.maximumPackets = 16_385 }, { $0.holdTime = .seconds(61) }, { $0.nackInterval = .zero },
      { $0.keyFrameRequestInterval = .milliseconds(9) },
    ] {
      #expect(throws: Receiver.UsageError.invalidConfiguration) { _ = try ReceiverHarness(.audio, change) }
    }
  }
}
