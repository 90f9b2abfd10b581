import Bytes
import RTP
import Testing
import Time

/// Two sessions and the link between them, on a virtual clock.
struct SessionWorld {
  struct Packet {
    var at: Instant
    var order: Int
    var toB: Bool
    var kind: PacketKind
    var bytes: [UInt8]
  }

  var a: Session
  var b: Session
  var now = Instant(nanoseconds: 5_000_000_000)
  var delay = Interval.milliseconds(50)
  /// Which packets the link loses.
  var loses: (Packet) -> Bool = { _ in false }
  var inFlight: [Packet] = []
  var order = 0
  var framesAtA: [(frame: ReceivedFrame, bytes: [UInt8])] = []
  var framesAtB: [(frame: ReceivedFrame, bytes: [UInt8])] = []
  var eventsOfA: [Session.Event] = []
  var eventsOfB: [Session.Event] = []
  /// Everything that was handed to the link.
  var sent: [Packet] = []
  /// What A does when its peer wants a key frame.
  var keyFrameWanted = false

  init(
    seed: UInt64 = 1, a configurationA: Session.Configuration = .init(), b configurationB: Session.Configuration = .init()
  ) throws {
    self.a = try Session(configuration: configurationA, random: SeededRandom(seed: .init(seed * 2)), now: self.now)
    self.b = try Session(configuration: configurationB, random: SeededRandom(seed: .init(seed * 2 + 1)), now: self.now)
  }

  /// A line at both ends, the parameters being A's; B's are the same the other way round.
  @discardableResult
  mutating func addLine(_ parameters: LineParameters, receiver: Receiver.Configuration? = nil) throws -> Int {
    let line = try self.a.addLine(kind: parameters.kind)
    #expect(try self.b.addLine(kind: parameters.kind, receiver: receiver) == line)
    self.configure(line, parameters)
    return line
  }

  mutating func configure(_ line: Int, _ parameters: LineParameters) {
    self.a.configure(line, parameters, now: self.now)
    var mirrored = parameters
    mirrored.sends = parameters.receives
    mirrored.receives = parameters.sends
    self.b.configure(line, mirrored, now: self.now)
  }

  /// Polls both ends until nothing is left to do at this moment.
  mutating func settle() {
    var buffer = [UInt8](repeating: 0, count: 2048)
    for toB in [true, false] {
      while true {
        var writer = SpanWriter(buffer.mutableSpan)
        let kind = toB ? self.a.pollTransmit(into: &writer, now: self.now) : self.b.pollTransmit(into: &writer, now: self.now)
        guard let kind else { break }
        #expect(!writer.overflowed && writer.count <= 1200)
        let count = writer.count
        self.order += 1
        let packet = Packet(
          at: self.now + self.delay, order: self.order, toB: toB, kind: kind, bytes: Array(buffer[..<count]))
        self.sent.append(packet)
        if !self.loses(packet) { self.inFlight.append(packet) }
      }
      var big = [UInt8](repeating: 0, count: 600_000)
      while true {
        var writer = SpanWriter(big.mutableSpan)
        let frame = toB ? self.a.receiveFrame(into: &writer) : self.b.receiveFrame(into: &writer)
        guard let frame else { break }
        let count = writer.count
        if toB { self.framesAtA.append((frame, Array(big[..<count]))) } else { self.framesAtB.append((frame, Array(big[..<count]))) }
      }
    }
    while let event = self.a.pollEvent() {
      self.eventsOfA.append(event)
      if case .keyFrameRequested = event { self.keyFrameWanted = true }
    }
    while let event = self.b.pollEvent() { self.eventsOfB.append(event) }
  }

  /// Lets the time pass until `end`, everything happening when it is due.
  mutating func run(until end: Instant) {
    self.settle()
    while true {
      let arrival = self.inFlight.map(\.at).min() ?? .distantFuture
      let next = min(arrival, self.a.nextDeadline ?? .distantFuture, self.b.nextDeadline ?? .distantFuture)
      guard next <= end else { break }
      self.now = max(self.now, next)
      let now = self.now
      let due = self.inFlight.filter { $0.at <= now }.sorted { ($0.at, $0.order) < ($1.at, $1.order) }
      self.inFlight.removeAll { $0.at <= now }
      for packet in due {
        switch (packet.toB, packet.kind) {
        case (true, .rtp): self.b.receive(packet.bytes.span, now: now)
        case (true, .rtcp): self.b.receiveControl(packet.bytes.span, now: now)
        case (false, .rtp): self.a.receive(packet.bytes.span, now: now)
        case (false, .rtcp): self.a.receiveControl(packet.bytes.span, now: now)
        }
      }
      self.a.advance(to: now)
      self.b.advance(to: now)
      if let deadline = self.a.nextDeadline { #expect(deadline > now) }
      if let deadline = self.b.nextDeadline { #expect(deadline > now) }
      self.settle()
    }
    self.now = end
  }

  mutating func run(for interval: Interval) { self.run(until: self.now + interval) }
}

/// A VP8 frame of `size` bytes: its header is right, the rest is made up.
func vp8Frame(_ number: Int, isKey: Bool, size: Int) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: size)
  var random = SeededRandom(seed: .init(UInt64(number) + 7))
  var span = bytes.mutableSpan
  random.fill(&span)
  bytes[0] = isKey ? 0x10 : 0x11
  bytes[1] = 0
  bytes[2] = 0
  if isKey { bytes.replaceSubrange(3..<10, with: [0x9D, 0x01, 0x2A, 0x40, 0x01, 0xF0, 0x00]) }
  return bytes
}

func videoParameters(rtx: Bool = true, transportCC: Bool = false, reducedSize: Bool = true) -> LineParameters {
  var parameters = LineParameters(kind: .video)
  var mapping = PayloadMapping(payloadType: 96, codec: Codec(.vp8))
  mapping.rtxPayloadType = rtx ? 97 : nil
  mapping.nack = true
  mapping.pli = true
  mapping.fir = true
  mapping.transportCC = transportCC
  parameters.mid = Array("video".utf8)
  parameters.sends = true
  parameters.sendCodecs = [mapping]
  parameters.receiveCodecs = [mapping]
  parameters.reducedSize = reducedSize
  parameters.extensions.mid = 1
  parameters.extensions.absoluteSendTime = 2
  if transportCC { parameters.extensions.transportSequence = 3 }
  return parameters
}

func audioParameters() -> LineParameters {
  var parameters = LineParameters(kind: .audio)
  parameters.mid = Array("audio".utf8)
  parameters.sends = true
  parameters.receives = true
  let mapping = PayloadMapping(payloadType: 111, codec: Codec(.opus))
  parameters.sendCodecs = [mapping]
  parameters.receiveCodecs = [mapping]
  parameters.extensions.mid = 1
  parameters.extensions.audioLevel = 4
  return parameters
}

/// A generic NACK (RFC 4585 section 6.2.1).
func nackPacket(sender: UInt32, media: UInt32, _ pairs: [(UInt16, UInt16)]) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: 12 + 4 * pairs.count)
  var writer = SpanWriter(bytes.mutableSpan)
  writer.write(0x81 as UInt8)
  writer.write(205 as UInt8)
  writer.write(UInt16(2 + pairs.count))
  writer.write(sender)
  writer.write(media)
  for (first, following) in pairs {
    writer.write(first)
    writer.write(following)
  }
  return bytes
}

func sequenceNumber(_ packet: [UInt8]) -> UInt16 { UInt16(packet[2]) << 8 | UInt16(packet[3]) }
func ssrc(_ packet: [UInt8]) -> UInt32 { packet[8..<12].reduce(0) { $0 << 8 | UInt32($1) } }
