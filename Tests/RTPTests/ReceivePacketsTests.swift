import Bytes
import Testing
import Time

@testable import RTP

extension ReceiverHarness {
  fileprivate mutating func takePackets() -> [(facts: ReceivedPacket, bytes: [UInt8])] {
    var result: [(facts: ReceivedPacket, bytes: [UInt8])] = []
    while let size = self.receiver.nextPacketSize {
      var buffer = [UInt8](repeating: 0, count: size)
      var writer = SpanWriter(buffer.mutableSpan)
      guard let packet = self.receiver.receivePacket(into: &writer) else { break }
      result.append((packet, arrayCopy(writer.bytes(in: 0..<writer.count))))
    }
    return result
  }
}

private func packet(_ sequence: UInt16, size: Int = 20) -> TestPacket {
  vp8Packets(vp8Frame(Int(sequence), size: size, isKey: sequence % 10 == 0), from: sequence, timestamp: UInt32(sequence))[0]
}

@Suite struct ReceivePacketsTests {
  @Test func `packets to be forwarded come out as they come, gaps or not`() throws {
    var harness = try ReceiverHarness { $0.delivery = .packets }
    for sequence in [UInt16(10), 12, 11, 15, 15, 12] { harness.receive(packet(sequence)) }
    let packets = harness.takePackets()
    #expect(packets.map(\.facts.header.sequenceNumber) == [10, 12, 11, 15])
    #expect(packets.map(\.bytes) == [10, 12, 11, 15].map { packet($0).payload })
    #expect(packets.map(\.facts.isKeyFrame) == [true, false, false, false])
    #expect(harness.receiver.nextFrameSize == nil)
    #expect(harness.receiver.statistics.packetsDuplicated == 2)
  }

  @Test func `what is missing is asked for, and the repeat comes out at once`() throws {
    var harness = try ReceiverHarness { $0.delivery = .packets }
    harness.receive([packet(10), packet(12)])
    _ = harness.takePackets()
    harness.wait(20)
    #expect(harness.nacks == [[11]])
    harness.receive(packet(11), isRepair: true)
    let packets = harness.takePackets()
    #expect(packets.map(\.facts.isRepair) == [true])
    #expect(harness.receiver.nextDeadline == nil)
  }

  @Test func `a repeat that comes after the hold time is not forwarded`() throws {
    var harness = try ReceiverHarness { $0.delivery = .packets }
    harness.receive([packet(10), packet(12)])
    harness.wait(100)
    harness.receive(packet(11), isRepair: true)
    let packets = harness.takePackets()
    #expect(packets.count == 2)
    #expect(harness.receiver.statistics.packetsGivenUp == 1)
    #expect(harness.keyFrameRequests.count == 1)
  }

  @Test func `the oldest give way where nobody takes them`() throws {
    for (bytes, count, size) in [(400_000, 16, 20), (2048, 1024, 500)] {
      var harness = try ReceiverHarness {
        $0.delivery = .packets
        $0.maximumBytes = bytes
        $0.maximumPackets = count
      }
      for sequence in UInt16(0)..<500 { harness.receive(packet(sequence, size: size)) }
      let packets = harness.takePackets()
      #expect(packets.count <= 16)
      #expect(packets.count >= 3)
      #expect(packets.map { Int($0.facts.header.sequenceNumber) } == Array((500 - packets.count)..<500))
      #expect(harness.receiver.statistics.packetsDropped == UInt64(500 - packets.count))
      #expect(harness.receiver.memory <= bytes + 1024 * MemoryLayout<PacketSlot>.stride)
    }
  }

  @Test func `a packet that does not fit stays`() throws {
    var harness = try ReceiverHarness { $0.delivery = .packets }
    harness.receive(packet(10))
    var small = [UInt8](repeating: 0, count: 20)
    var writer = SpanWriter(small.mutableSpan)
    let nothing = harness.receiver.receivePacket(into: &writer)
    #expect(nothing == nil)
    #expect(harness.receiver.nextPacketSize == 21)
    let packets = harness.takePackets()
    #expect(packets.count == 1)
  }

  @Test func `a key frame that was asked for ends the asking when its packet passes`() throws {
    var harness = try ReceiverHarness { $0.delivery = .packets }
    harness.receive(packet(9))
    harness.receiver.requestKeyFrame(now: harness.now)
    harness.poll()
    harness.wait(200)
    #expect(harness.keyFrameRequests.count == 2)
    harness.receive(packet(10))
    harness.wait(2000)
    #expect(harness.keyFrameRequests.count == 2)
  }
}
