import Bytes
import Testing
import Time

@testable import RTP

/// Frames of three packets, every tenth a key frame.
private struct Clip {
  var frames: [[UInt8]] = []
  var packets: [[TestPacket]] = []

  init(_ count: Int, from sequence: UInt16 = 1000, keyEvery: Int = 10) {
    var sequence = sequence
    for number in 0..<count {
      self.frames.append(vp8Frame(number, size: 2500, isKey: number % keyEvery == 0))
      self.packets.append(vp8Packets(self.frames[number], from: sequence, timestamp: UInt32(number) &* 3000))
      sequence &+= 3
    }
  }
}

@Suite struct ReceiveVideoTests {
  @Test func `a frame comes out whole with its last packet`() throws {
    let clip = Clip(12)
    var harness = try ReceiverHarness()
    for (number, packets) in clip.packets.enumerated() {
      harness.receive(Array(packets.dropLast()))
      #expect(harness.frames.count == number)
      harness.receive(packets[2])
      #expect(harness.frames.count == number + 1)
    }
    #expect(harness.frames.map(\.bytes) == clip.frames)
    #expect(harness.frames.indices.filter { harness.frames[$0].facts.isKeyFrame } == [0, 10])
    #expect(harness.frames.allSatisfy { !$0.facts.followsLoss })
    #expect(harness.frames.allSatisfy { $0.facts.width == 320 && $0.facts.height == 240 })
    #expect(harness.keyFrameRequests.isEmpty)
    #expect(harness.receiver.statistics.keyFramesReceived == 2)
  }

  @Test func `packets in any order make the same frames`() throws {
    let clip = Clip(20)
    var harness = try ReceiverHarness()
    harness.receive(clip.packets[0])
    harness.receive(clip.packets[1...].flatMap(\.self).reversed())
    #expect(harness.frames.map(\.bytes) == clip.frames)
    harness.receive(clip.packets.flatMap(\.self))
    #expect(harness.frames.count == 20)
    #expect(harness.receiver.statistics.packetsDuplicated > 0)
  }

  @Test func `a frame whose marker bit is missing ends where the next timestamp begins`() throws {
    var clip = Clip(3)
    clip.packets[1][2].header.marker = false
    var harness = try ReceiverHarness()
    harness.receive(clip.packets[0] + clip.packets[1])
    #expect(harness.frames.count == 1)
    harness.receive(clip.packets[2])
    #expect(harness.frames.map(\.bytes) == clip.frames)
  }

  @Test func `after a loss frames wait for a key frame, which is asked for until it comes`() throws {
    let clip = Clip(31, keyEvery: 30)
    var harness = try ReceiverHarness { $0.keyFrameRequestInterval = .milliseconds(200) }
    for number in 0..<31 {
      harness.receive(number == 3 ? Array(clip.packets[number].dropFirst()) : clip.packets[number])
      harness.wait(33)
    }
    let wanted = Array(clip.frames[0..<3]) + [clip.frames[30]]
    #expect(harness.frames.map(\.bytes) == wanted)
    #expect(harness.frames.map(\.facts.followsLoss) == [false, false, false, true])
    // Noticed at 99 ms, given up at 199 ms, asked for then and every 200 ms, until 990 ms.
    let start = Instant(nanoseconds: 1_000_000_000)
    let requests = harness.keyFrameRequests.map { ($0 - start).nanoseconds / 1_000_000 }
    #expect(requests == [199, 399, 599, 799])
    #expect(harness.receiver.nextDeadline == nil)
    #expect(harness.receiver.statistics.framesDropped == 27)
  }

  @Test func `without waiting for a key frame, what follows a loss says so`() throws {
    let clip = Clip(6)
    var harness = try ReceiverHarness { $0.waitsForKeyFrame = false }
    harness.receive(clip.packets[0] + clip.packets[1][1...])
    harness.wait(100)
    harness.receive(clip.packets[2] + clip.packets[3])
    harness.wait(100)
    #expect(harness.frames.map(\.bytes) == [clip.frames[0], clip.frames[2], clip.frames[3]])
    #expect(harness.frames.map(\.facts.followsLoss) == [false, true, false])
    #expect(harness.keyFrameRequests.count == 1)
  }

  @Test func `a stream that does not begin with a key frame waits for one and asks for it soon`() throws {
    let clip = Clip(11)
    var harness = try ReceiverHarness()
    harness.receive(clip.packets[1])
    harness.wait(19)
    #expect(harness.keyFrameRequests.isEmpty)
    harness.wait(1)
    #expect(harness.keyFrameRequests.count == 1)
    for packets in clip.packets[2...] { harness.receive(packets) }
    #expect(harness.frames.map(\.bytes) == [clip.frames[10]])
    #expect(!harness.frames[0].facts.followsLoss)
  }

  @Test func `the first packets may come in any order, and be lost as any others`() throws {
    let clip = Clip(2)
    var reordered = try ReceiverHarness()
    reordered.receive([clip.packets[0][2], clip.packets[0][0]])
    reordered.wait(15)
    reordered.receive(clip.packets[0][1])
    reordered.receive(clip.packets[1])
    #expect(reordered.frames.map(\.bytes) == clip.frames)
    #expect(reordered.nacks.isEmpty)
    #expect(reordered.keyFrameRequests.isEmpty)
    #expect(reordered.receiver.statistics.packetsLost == 0)
    var lossy = try ReceiverHarness()
    lossy.receive(Array(clip.packets[0][1...]))
    lossy.wait(20)
    #expect(lossy.nacks == [Array(UInt16(1001 - 16)...1000)])
    lossy.receive(clip.packets[0][0], isRepair: true)
    lossy.receive(clip.packets[1])
    #expect(lossy.frames.map(\.bytes) == clip.frames)
    #expect(lossy.frames.allSatisfy { !$0.facts.followsLoss })
    #expect(lossy.receiver.statistics.packetsGivenUp == 0)
  }

  @Test func `a stream that is joined in the middle of a frame begins with the next`() throws {
    let clip = Clip(11)
    var harness = try ReceiverHarness { $0.waitsForKeyFrame = false }
    harness.receive(Array(clip.packets[3][1...]) + clip.packets[4])
    #expect(harness.frames.isEmpty)
    harness.wait(100)
    #expect(!harness.frames[0].facts.followsLoss)
    #expect(harness.frames.map(\.bytes) == [clip.frames[4]])
  }

  @Test func `a key frame that begins beyond a gap is not kept waiting for what is missing before it`() throws {
    let clip = Clip(21)
    var harness = try ReceiverHarness()
    harness.receive(clip.packets[0] + clip.packets[1][1...])
    harness.wait(100)
    #expect(harness.keyFrameRequests.count == 1)
    harness.receive(clip.packets[2] + clip.packets[3][1...] + clip.packets[10])
    #expect(harness.frames.map(\.bytes) == [clip.frames[0], clip.frames[10]])
  }

  @Test func `JPEG frames depend on none and need no key frame`() throws {
    var harness = try ReceiverHarness()
    harness.receive(TestPacket(jpegType, 5, 0, marker: true, []))
    harness.receiver.requestKeyFrame(now: harness.now)
    harness.poll()
    #expect(harness.keyFrameRequests.isEmpty)
  }

  @Test func `a request long after the last packet is made at once, and leaves no deadline that is over`() throws {
    let clip = Clip(22)
    var harness = try ReceiverHarness()
    harness.receive(clip.packets[0])
    harness.receiver.requestKeyFrame(now: harness.now)
    harness.poll()
    for packets in clip.packets[1...10] { harness.receive(packets) }
    let late = harness.now + .seconds(1)
    harness.receiver.requestKeyFrame(now: late)
    #expect(harness.receiver.nextDeadline.map { $0 > late } ?? true)
    harness.poll()
    #expect(harness.keyFrameRequests.count == 2)
  }

  @Test func `the user's request is made once, and again only after the interval`() throws {
    let clip = Clip(22)
    var harness = try ReceiverHarness()
    harness.receive(clip.packets[0])
    harness.receiver.requestKeyFrame(now: harness.now)
    harness.receiver.requestKeyFrame(now: harness.now)
    harness.poll()
    #expect(harness.keyFrameRequests.count == 1)
    for packets in clip.packets[1...10] { harness.receive(packets) }
    harness.receiver.requestKeyFrame(now: harness.now)
    harness.poll()
    #expect(harness.keyFrameRequests.count == 1)
    harness.wait(199)
    #expect(harness.keyFrameRequests.count == 1)
    harness.wait(1)
    #expect(harness.keyFrameRequests.count == 2)
  }

  @Test func `frames that nobody takes give way from the oldest, with those that depend on them`() throws {
    let clip = Clip(60)
    var harness = try ReceiverHarness { $0.maximumBytes = 60_000 }
    harness.pollsFrames = false
    for packets in clip.packets { harness.receive(packets) }
    harness.takeFrames()
    let first = Int(harness.frames[0].bytes[10])
    #expect(first == 40)
    #expect(harness.frames.map(\.bytes) == Array(clip.frames[first...]))
    #expect(harness.frames[0].facts.followsLoss)
    #expect(harness.receiver.statistics.framesDropped == UInt64(first))
  }

  @Test func `a payload that is none of its format loses its frame and no other`() throws {
    var clip = Clip(12)
    clip.packets[9][1].payload = []
    clip.packets[9][1].payload = [0x80]
    var harness = try ReceiverHarness()
    for packets in clip.packets { harness.receive(packets) }
    let wanted = Array(clip.frames[0..<9] + clip.frames[10...])
    #expect(harness.frames.map(\.bytes) == wanted)
    #expect(harness.receiver.statistics.packetsMalformed == 1)
    #expect(harness.nacks.isEmpty)
  }

  @Test func `after an outage nothing old is waited for and a key frame is asked for at once`() throws {
    let clip = Clip(92, keyEvery: 91)
    var harness = try ReceiverHarness { $0.holdTime = .milliseconds(400) }
    for packets in clip.packets[0..<30] {
      harness.receive(packets)
      harness.wait(33)
    }
    harness.wait(2000)
    harness.receive(clip.packets[90])
    #expect(harness.keyFrameRequests.count == 1)
    #expect(harness.nacks.isEmpty)
    harness.receive(clip.packets[91])
    let wanted = Array(clip.frames[0..<30]) + [clip.frames[91]]
    #expect(harness.frames.map(\.bytes) == wanted)
    #expect(harness.frames.last?.facts.missingPackets == 180)
    #expect(harness.receiver.statistics.packetsLost == 180)
  }

  @Test func `a change of codec asks for nothing where it begins with a key frame`() throws {
    let clip = Clip(2)
    var harness = try ReceiverHarness()
    harness.receive(clip.packets[0] + clip.packets[1])
    // SPS, PPS and an IDR slice (RFC 6184 section 5.6).
    harness.receive([
      TestPacket(h264Type, 1006, 6000, [0x67, 0x42, 0xE0, 0x1F]),
      TestPacket(h264Type, 1007, 6000, [0x68, 0xCE, 0x3C, 0x80]),
      TestPacket(h264Type, 1008, 6000, marker: true, [0x65, 0x88, 0x84, 0x00]),
    ])
    #expect(harness.frames.map(\.facts.format) == [.vp8, .vp8, .h264])
    #expect(harness.frames.last?.facts.isKeyFrame == true)
    let unit: [UInt8] = [
      0, 0, 0, 1, 0x67, 0x42, 0xE0, 0x1F, 0, 0, 0, 1, 0x68, 0xCE, 0x3C, 0x80, 0, 0, 0, 1, 0x65, 0x88, 0x84, 0,
    ]
    #expect(harness.frames.last?.bytes == unit)
    #expect(harness.keyFrameRequests.isEmpty)
  }

  @Test func `a stream that begins with a delimiter before its parameter sets needs no wait`() throws {
    var harness = try ReceiverHarness()
    let sets: [UInt8] = [0x78, 0, 2, 0x09, 0xF0, 0, 4, 0x67, 0x42, 0xE0, 0x1F, 0, 2, 0x68, 0xCE]
    harness.receive(TestPacket(h264Type, 7, 0, sets))
    harness.receive(TestPacket(h264Type, 8, 0, marker: true, [0x65, 0x88, 1, 2]))
    #expect(harness.frames.count == 1)
    harness.wait(200)
    #expect(harness.nacks.isEmpty)
    #expect(harness.keyFrameRequests.isEmpty)
  }

  @Test func `an H264 key frame whose parameter sets are missing is not whole`() throws {
    var harness = try ReceiverHarness()
    let sps = TestPacket(h264Type, 1, 0, [0x67, 0x42, 0xE0, 0x1F])
    let pps = TestPacket(h264Type, 2, 0, [0x68, 0xCE, 0x3C, 0x80])
    let slice = TestPacket(h264Type, 3, 0, marker: true, [0x65, 0x88, 0x84, 0x00])
    let next = TestPacket(h264Type, 6, 3000, marker: true, [0x65, 0x88, 0x84, 0x01])
    harness.receive([sps, pps, slice, next])
    harness.wait(100)
    #expect(harness.frames.count == 1)
    #expect(harness.keyFrameRequests.count == 1)
  }
}
