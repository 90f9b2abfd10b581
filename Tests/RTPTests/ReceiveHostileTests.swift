import Bytes
import Testing
import Time

@testable import RTP

extension ReceiverHarness {
  fileprivate var isBounded: Bool {
    let configuration = self.receiver.configuration
    var slots = 16
    while slots < configuration.maximumPackets { slots *= 2 }
    return self.receiver.memory <= configuration.maximumBytes + slots * MemoryLayout<PacketSlot>.stride
      && self.receiver.missingCount >= 0 && self.receiver.missingCount <= slots
      && self.receiver.packets.count <= configuration.maximumPackets
  }

  /// Key frames in order still get through, once they are past what repeats may have put ahead.
  fileprivate mutating func recovers() -> Bool {
    self.pollsFrames = true
    self.takeFrames()
    let frame = vp8Frame(77, size: 1500, isKey: true)
    let count = self.frames.count
    for number in 0..<70 {
      let packets = vp8Packets(
        frame, from: self.receiver.tracker.highest &+ 1, timestamp: 0x5555_0000 &+ UInt32(number) &* 3000)
      self.receive(packets)
      self.wait(33)
    }
    self.wait(500)
    return self.frames.count >= count + 2 && self.frames.suffix(2).allSatisfy { $0.bytes == frame }
  }
}

@Suite struct ReceiveHostileTests {
  /// Whatever the network does to an honest sender's packets.
  @Test(arguments: 0..<60) func `frames come out in order, whole, each at most once`(seed: UInt64) throws {
    var random = SeededRandom(seed: .init(seed))
    let isVideo = seed % 3 != 0
    var sequence = UInt16(truncatingIfNeeded: random.next())
    let sizes = 1 + random.next(below: 4000)
    var frames: [[UInt8]] = []
    var sent: [TestPacket] = []
    for number in 0..<300 {
      let isKey = number % 20 == 0
      let frame =
        isVideo
        ? vp8Frame(number, size: 12 + Int(random.next(below: sizes)), isKey: isKey)
        : [0x78, UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
      let packets =
        isVideo
        ? vp8Packets(frame, from: sequence, timestamp: UInt32(number) &* 3000 &- 100_000)
        : [TestPacket(opusType, sequence, UInt32(number) &* 960, frame)]
      frames.append(frame)
      sent += packets
      sequence &+= UInt16(packets.count)
    }
    let lossRate = random.next(below: 20)
    let duplicateRate = random.next(below: 20)
    let disorder = random.next(below: 60)
    var arrivals: [(at: UInt32, packet: TestPacket)] = []
    for (i, packet) in sent.enumerated() {
      for _ in 0...(random.next(below: 100) < duplicateRate ? 2 : 0) where random.next(below: 100) >= lossRate {
        arrivals.append((UInt32(i) * 4 + random.next(below: 1 + disorder) * random.next(below: 12), packet))
      }
    }
    arrivals.sort { ($0.at, $0.packet.header.timestamp) < ($1.at, $1.packet.header.timestamp) }
    let waits = random.next(below: 2) == 0
    var harness = try ReceiverHarness(isVideo ? .video : .audio) {
      $0.holdTime = .milliseconds(random.next(below: 300))
      $0.waitsForKeyFrame = waits
      $0.maximumBytes = random.next(below: 2) == 0 ? 20_000 : 400_000
      $0.maximumPackets = random.next(below: 2) == 0 ? 32 : 1024
    }
    var clock: UInt32 = 0
    for (at, packet) in arrivals {
      if at > clock {
        harness.wait(at - clock)
        clock = at
      }
      harness.receive(packet)
      if !harness.isBounded { Issue.record("beyond a bound") }
    }
    harness.wait(2000)
    var last = -1
    var isIntact = true
    for (facts, bytes) in harness.frames {
      let number = isVideo ? Int(facts.timestamp &+ 100_000) / 3000 : Int(facts.timestamp) / 960
      #expect(number > last)
      #expect(bytes == frames[number])
      if !facts.followsLoss, last >= 0, number != last + 1 { isIntact = false }
      if isVideo, waits, number != last + 1 { #expect(facts.isKeyFrame) }
      last = number
    }
    #expect(isIntact)
    #expect(!harness.frames.isEmpty)
    #expect(harness.receiver.statistics.framesDelivered == UInt64(harness.frames.count))
    #expect(harness.receiver.missingCount == 0)
    #expect(harness.receiver.nextDeadline == nil || harness.receiver.needsKeyFrame)
  }

  /// A sender that makes up everything.
  @Test(arguments: 0..<60) func `lies about everything stay within the bounds`(seed: UInt64) throws {
    var random = SeededRandom(seed: .init(seed &+ 1000))
    var harness = try ReceiverHarness {
      $0.maximumBytes = 30_000
      $0.maximumPackets = 100
      $0.holdTime = .milliseconds(random.next(below: 500))
      $0.waitsForKeyFrame = seed % 2 == 0
      $0.delivery = seed % 5 == 0 ? .packets : .frames
    }
    harness.pollsFrames = seed % 3 != 0
    var sequence: UInt16 = 0
    var timestamp: UInt32 = 0
    let jumps = random.next(below: 30)
    for _ in 0..<1200 {
      sequence &+= 1
      if random.next(below: 100) < jumps {
        sequence =
          random.next(below: 2) == 0
          ? UInt16(truncatingIfNeeded: random.next()) : sequence &+ UInt16(random.next(below: 200)) &- 100
      }
      if random.next(below: 3) == 0 {
        timestamp = random.next(below: 4) == 0 ? UInt32(truncatingIfNeeded: random.next()) : timestamp &+ 3000
      }
      var payload = [UInt8](repeating: 0, count: Int(random.next(below: random.next(below: 10) == 0 ? 40_000 : 1500)))
      for i in 0..<min(payload.count, 16) { payload[i] = UInt8(truncatingIfNeeded: random.next()) }
      let type = [vp8Type, h264Type, jpegType, 0, 127][Int(random.next(below: 5))]
      harness.receive(
        TestPacket(type, sequence, timestamp, marker: random.next(below: 3) == 0, payload), isRepair: random.next(below: 5) == 0)
      if random.next(below: 4) == 0 { harness.wait(random.next(below: 30)) }
      if !harness.isBounded { Issue.record("beyond a bound") }
    }
    guard harness.receiver.configuration.delivery == .frames else { return }
    let recovered = harness.recovers()
    #expect(recovered)
  }

  @Test(arguments: [1, 100, 1400]) func `a frame that never ends is given up at the bound`(size: Int) throws {
    var harness = try ReceiverHarness { $0.maximumBytes = 20_000 }
    harness.receive(TestPacket(vp8Type, 0, 0, [0x10] + vp8Frame(0, size: max(size, 12), isKey: true)))
    for sequence in UInt16(1)..<4000 {
      harness.receive(TestPacket(vp8Type, sequence, 0, [0] + [UInt8](repeating: 1, count: size)))
      if !harness.isBounded { Issue.record("beyond a bound") }
    }
    #expect(harness.frames.isEmpty)
    #expect(harness.receiver.statistics.framesDropped == 1)
    #expect(harness.keyFrameRequests.count == 1)
    let recovered = harness.recovers()
    #expect(recovered)
  }

  @Test func `an endless row of beginnings is given up at the bound`() throws {
    var harness = try ReceiverHarness { $0.maximumPackets = 64 }
    for sequence in UInt16(0)..<2000 {
      harness.receive(TestPacket(vp8Type, sequence, 0, [0x10, 0x11, 0, 0]))
      if !harness.isBounded { Issue.record("beyond a bound") }
    }
    #expect(harness.frames.isEmpty)
    let recovered = harness.recovers()
    #expect(recovered)
  }

  @Test(arguments: [2, 50, 499, 511, 512, 513, 1023, 1024, 1025, 2999, 3000, 3001, 32_767, 32_768, 65_000])
  func `jumps of any length are survived`(jump: Int) throws {
    var harness = try ReceiverHarness()
    var sequence: UInt16 = 0
    for _ in 0..<200 {
      harness.receive(TestPacket(vp8Type, sequence, UInt32(sequence), marker: true, [0x10] + vp8Frame(1, size: 20, isKey: true)))
      sequence &+= UInt16(jump)
      if !harness.isBounded { Issue.record("beyond a bound") }
    }
    harness.wait(200)
    #expect(harness.receiver.missingCount == 0)
    let recovered = harness.recovers()
    #expect(recovered)
  }

  @Test func `timestamps that jump with every packet make frames of one packet, or none`() throws {
    var random = SeededRandom(seed: .init(5))
    var harness = try ReceiverHarness()
    harness.receive(vp8Packets(vp8Frame(0, size: 100, isKey: true), from: 0, timestamp: 0))
    let frame = vp8Packets(vp8Frame(1, size: 3000, isKey: false), from: 1, timestamp: 0)
    for (i, packet) in frame.enumerated() {
      var packet = packet
      packet.header.timestamp = UInt32(truncatingIfNeeded: random.next())
      packet.header.sequenceNumber = UInt16(1 + i)
      harness.receive(packet)
    }
    #expect(harness.frames.count <= 2)
    let recovered = harness.recovers()
    #expect(recovered)
  }

  @Test func `payloads cut short at every length lose their own frame only`() throws {
    let key = vp8Frame(0, size: 30, isKey: true)
    for type in [vp8Type, h264Type, jpegType] {
      var harness = try ReceiverHarness()
      var sequence: UInt16 = 0
      for length in 0..<30 {
        let bytes: [UInt8] =
          type == vp8Type
          ? [0x90, 0xF0, 0x80, 0x01, 0x00, 0x00]
          : type == h264Type ? [0x78, 0, 20, 0x67] : [0, 0, 0, 0, 255, 255, 40, 30]
        let whole = bytes + [UInt8](repeating: 0x41, count: 40)
        harness.receive(TestPacket(type, sequence, UInt32(length) * 2, marker: true, Array(whole[0..<length])))
        harness.receive(vp8Packets(key, from: sequence &+ 1, timestamp: UInt32(length) * 2 + 1))
        #expect(harness.frames.last?.bytes == key)
        sequence &+= 2
      }
      #expect(harness.frames.filter { $0.bytes == key }.count == 30)
    }
  }

  @Test func `the same history gives the same bytes, and a copy goes on by itself`() throws {
    var original = try ReceiverHarness()
    var packets: [TestPacket] = []
    for number in 0..<20 {
      let frame = vp8Frame(number, size: 2500, isKey: number % 5 == 0)
      packets += vp8Packets(frame, from: UInt16(number * 3), timestamp: UInt32(number) * 3000)
    }
    packets.remove(at: 20)
    original.receive(Array(packets[0..<30]))
    var copy = original
    for packet in packets[30...] {
      original.receive(packet)
      original.wait(5)
    }
    let missed = copy.frames.count
    for packet in packets[30...] {
      copy.receive(packet)
      copy.wait(5)
    }
    #expect(copy.frames.map(\.bytes) == original.frames.map(\.bytes))
    #expect(copy.nacks == original.nacks)
    #expect(copy.receiver.statistics == original.receiver.statistics)
    #expect(missed < copy.frames.count)
  }
}
