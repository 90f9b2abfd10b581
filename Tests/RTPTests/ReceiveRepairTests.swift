import Bytes
import RTP
import Testing
import Time

/// A video sender and its receiver, two sessions over a path: 30 frames a second, 1.2 Mbit/s of what looks like VP8, a key
/// frame every 3 s and when one is asked for.
private struct Call {
  static let clip: [UInt8] = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 8) }
  static let start = Instant(nanoseconds: 10_000_000_000)
  static let frameTime = Interval(nanoseconds: 33_333_333)

  var sender: Session
  var receiver: Session
  var line = 0
  var forward: RepairLink
  var back: RepairLink
  var now = Self.start
  var random: SeededRandom
  var sizes: [Int] = []
  var wantsKeyFrame = true
  var keyFrameDistance = 90
  var delivered: [(number: Int, isKey: Bool, at: Instant)] = []
  var isIntact = true
  var first = 0
  var buffer = [UInt8](repeating: 0, count: 65_536)

  init(_ loss: RepairLink.Loss, rtx: Bool, seed: UInt64, change: (inout Receiver.Configuration) -> Void = { _ in }) throws {
    self.random = SeededRandom(seed: .init(seed))
    self.forward = RepairLink(loss, seed: seed &+ 1_000_000)
    self.back = RepairLink(loss, seed: seed &+ 2_000_000)
    var configuration = Session.Configuration()
    configuration.videoReceiver.holdTime = .milliseconds(400)
    change(&configuration.videoReceiver)
    self.sender = try Session(configuration: configuration, random: self.random.split(), now: self.now)
    self.receiver = try Session(configuration: configuration, random: self.random.split(), now: self.now)
    self.line = try self.sender.addLine(kind: .video)
    _ = try self.receiver.addLine(kind: .video)
    var mapping = PayloadMapping(payloadType: 96, codec: Codec(.vp8))
    mapping.nack = true
    mapping.pli = true
    mapping.rtxPayloadType = rtx ? 97 : nil
    var parameters = LineParameters(kind: .video)
    parameters.sends = true
    parameters.sendCodecs = [mapping]
    self.sender.configure(self.line, parameters, now: self.now)
    parameters.sends = false
    parameters.receives = true
    parameters.sendCodecs = []
    parameters.receiveCodecs = [mapping]
    if let stream = self.sender.sendingStream(of: self.line) { parameters.remoteStreams = [stream] }
    self.receiver.configure(self.line, parameters, now: self.now)
  }

  static func frame(_ number: Int, size: Int, isKey: Bool) -> [UInt8] {
    let head: [UInt8] = isKey ? [0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x40, 0x01, 0xF0, 0x00] : [0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    return head + [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)] + Self.clip[number..<(number + size)]
  }

  /// Sends frames for as long as told, then lets all that is under way arrive.
  mutating func run(frames: Int) throws {
    var nextFrame = self.now
    var number = 0
    var keyNumber = 0
    while true {
      if number < frames, nextFrame <= self.now {
        let isKey = self.wantsKeyFrame || number - keyNumber >= self.keyFrameDistance
        if isKey { keyNumber = number }
        self.wantsKeyFrame = false
        let size = isKey ? 18_000 : 2500 + Int(self.random.next(below: 4500))
        self.sizes.append(isKey ? -size : size)
        let frame = Self.frame(number, size: size, isKey: isKey)
        try self.sender.send(
          frame.span, FrameTiming(timestamp: UInt32(number) &* 3000), on: self.line, now: self.now)
        number += 1
        nextFrame = nextFrame + Self.frameTime
      }
      self.exchange()
      var next = min(self.forward.next, self.back.next)
      if number < frames { next = min(next, nextFrame) }
      next = min(next, self.sender.nextDeadline ?? .distantFuture, self.receiver.nextDeadline ?? .distantFuture)
      if number == frames, self.now > nextFrame + .seconds(1) { return }
      self.now = max(self.now, next)
      self.sender.advance(to: self.now)
      self.receiver.advance(to: self.now)
      while let packet = self.forward.packets.last, packet.at <= self.now {
        self.forward.packets.removeLast()
        if packet.isControl {
          self.receiver.receiveControl(packet.bytes.span, now: self.now)
        } else {
          self.receiver.receive(packet.bytes.span, now: self.now)
        }
      }
      while let packet = self.back.packets.last, packet.at <= self.now {
        self.back.packets.removeLast()
        self.sender.receiveControl(packet.bytes.span, now: self.now)
      }
    }
  }

  private mutating func exchange() {
    while let (bytes, kind) = Self.poll(&self.sender, &self.buffer, self.now) {
      self.forward.send(bytes, isControl: kind == .rtcp, at: self.now)
    }
    while let (bytes, kind) = Self.poll(&self.receiver, &self.buffer, self.now) {
      self.back.send(bytes, isControl: kind == .rtcp, at: self.now)
    }
    while let event = self.sender.pollEvent() {
      if case .keyFrameRequested = event { self.wantsKeyFrame = true }
    }
    while self.receiver.pollEvent() != nil {}
    while self.receiver.nextFrameSize != nil {
      guard let (frame, bytes) = Self.takeFrame(&self.receiver, &self.buffer) else { continue }
      let number = Int(frame.mediaTime / 3000) + self.firstNumber(bytes)
      let size = self.sizes[number]
      let last = self.delivered.last?.number ?? -1
      if bytes != Self.frame(number, size: abs(size), isKey: size < 0) || number <= last { self.isIntact = false }
      if last >= 0, number != last + 1, !frame.followsLoss { self.isIntact = false }
      self.delivered.append((number, frame.isKeyFrame, self.now))
    }
  }

  /// Media time counts from the first frame that came out, whichever that was.
  private mutating func firstNumber(_ bytes: [UInt8]) -> Int {
    if self.delivered.isEmpty { self.first = Int(bytes[10]) | Int(bytes[11]) << 8 }
    return self.first
  }

  private static func poll(
    _ session: inout Session, _ buffer: inout [UInt8], _ now: Instant
  ) -> (bytes: [UInt8], kind: PacketKind)? {
    var writer = SpanWriter(buffer.mutableSpan)
    guard let kind = session.pollTransmit(into: &writer, now: now) else { return nil }
    return (arrayCopy(writer.bytes(in: 0..<writer.count)), kind)
  }

  private static func takeFrame(
    _ session: inout Session, _ buffer: inout [UInt8]
  ) -> (frame: ReceivedFrame, bytes: [UInt8])? {
    var writer = SpanWriter(buffer.mutableSpan)
    guard let frame = session.receiveFrame(into: &writer) else { return nil }
    return (frame, arrayCopy(writer.bytes(in: 0..<writer.count)))
  }
}

@Suite struct ReceiveRepairTests {
  static let seeds = UInt64(200)

  /// Over all seeds, every second of them without RTX: what share of the frames came out, percent.
  private func delivered(_ loss: RepairLink.Loss) throws -> Double {
    var sent = 0
    var delivered = 0
    var packets = 0
    var lost = 0
    for seed in 0..<Self.seeds {
      var call = try Call(loss, rtx: seed % 2 == 0, seed: seed)
      // What follows the frames that count shows whether their last packet is missing.
      try call.run(frames: 135)
      #expect(call.isIntact)
      sent += 120
      delivered += call.delivered.count { $0.number < 120 }
      packets += call.forward.sent
      lost += call.forward.lost
    }
    let rate = Double(lost) / Double(packets) * 100
    #expect(rate > 4.5 && rate < 5.5)
    return Double(delivered) / Double(sent) * 100
  }

  @Test func `at 5 percent random loss each way, 99 percent of the frames come out whole`() throws {
    let percent = try self.delivered(.random(5))
    #expect(percent >= 99)
  }

  @Test func `at 5 percent in bursts of 4, 99 percent of the frames come out whole`() throws {
    let percent = try self.delivered(.bursts(5, mean: 4))
    #expect(percent >= 99)
  }

  /// How long after an outage of 2 s the first frame came out that was a key frame; nil: it never did.
  private func recovery(_ loss: RepairLink.Loss, seed: UInt64) throws -> Interval? {
    var call = try Call(loss, rtx: seed % 2 == 0, seed: seed)
    // Anywhere between two frames, and mostly far from the key frames that come by themselves.
    let from = Call.start + .milliseconds(600 + UInt32(seed) * 7)
    let end = from + .seconds(2)
    call.forward.outage = (from, end)
    call.back.outage = (from, end)
    call.keyFrameDistance = 1000
    try call.run(frames: 135)
    #expect(call.isIntact)
    return call.delivered.first { $0.at >= end && $0.isKey }.map { $0.at - end }
  }

  @Test func `after an outage of 2 seconds a key frame comes out within one`() throws {
    for seed in UInt64(0)..<40 {
      let time = try #require(try self.recovery(.none, seed: seed))
      #expect(time < .milliseconds(300))
    }
  }

  @Test func `after an outage on a path that loses 5 percent besides, too`() throws {
    for seed in UInt64(0)..<40 {
      let time = try #require(try self.recovery(.random(5), seed: seed))
      #expect(time < .seconds(1))
    }
  }
}
