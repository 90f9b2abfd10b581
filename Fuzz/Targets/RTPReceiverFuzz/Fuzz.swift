import Bytes
import RTP
import Time

/// A receiver of small bounds, to which the input makes up packets, lets time pass, and takes frames or not. Bounds, deadlines
/// and the order of frames are checked all along.
private func parameters(_ kind: MediaKind) -> LineParameters {
  var parameters = LineParameters(kind: kind)
  parameters.receives = true
  let formats: [(UInt8, CodecFormat)] =
    kind == .audio ? [(0, .opus), (1, .pcma)] : [(0, .vp8), (1, .h264), (2, .jpeg)]
  for (type, format) in formats {
    var mapping = PayloadMapping(payloadType: type, codec: Codec(format))
    mapping.nack = true
    mapping.pli = kind == .video
    parameters.receiveCodecs.append(mapping)
  }
  return parameters
}

private struct Victim {
  var receiver: Receiver
  var configuration: Receiver.Configuration
  var now = Instant(nanoseconds: 1_000_000_000)
  var sequence: UInt16 = 65_500
  var timestamp: UInt32 = 0xFFFF_0000
  var frames: UInt64 = 0

  /// The first byte says what kind of receiver it is.
  init(_ kind: UInt8) {
    var configuration = Receiver.Configuration(kind & 1 == 0 ? .video : .audio)
    configuration.maximumBytes = 4096
    configuration.maximumPackets = kind & 2 == 0 ? 16 : 256
    configuration.delivery = kind & 4 == 0 ? .frames : .packets
    configuration.waitsForKeyFrame = kind & 8 == 0
    configuration.holdTime = .milliseconds(UInt32(kind >> 4) * 20)
    self.configuration = configuration
    self.receiver = try! Receiver(
      configuration: configuration, ssrc: 1, parameters: parameters(kind & 1 == 0 ? .video : .audio), now: self.now)
  }

  mutating func check() {
    precondition(self.receiver.memory <= 4096 + self.configuration.maximumPackets * 160)
    let statistics = self.receiver.statistics
    precondition(statistics.framesDelivered <= statistics.framesReceived)
    precondition(statistics.framesReceived <= statistics.packetsReceived)
  }

  mutating func advance(to now: Instant) {
    self.now = now
    self.receiver.advance(to: now)
    if let deadline = self.receiver.nextDeadline { precondition(deadline > now) }
  }

  mutating func drain() {
    var buffer = [UInt8](repeating: 0, count: 32)
    var polls = 0
    while self.receiver.owesNACK {
      var writer = SpanWriter(buffer.mutableSpan)
      guard self.receiver.writeNACK(into: &writer, senderSSRC: 2) else { break }
      precondition(!writer.overflowed && writer.count >= 16 && writer.count % 4 == 0)
      polls += 1
      precondition(polls < 300)
    }
    _ = self.receiver.takeKeyFrameRequest()
    while let size = self.receiver.nextFrameSize {
      precondition(size < 100_000)
      var room = [UInt8](repeating: 0, count: size)
      var writer = SpanWriter(room.mutableSpan)
      if let frame = self.receiver.receiveFrame(into: &writer) {
        precondition(!writer.overflowed && frame.size == writer.count && frame.size <= size)
        self.frames += 1
      }
      polls += 1
      precondition(polls < 2000)
    }
    while let size = self.receiver.nextPacketSize {
      var room = [UInt8](repeating: 0, count: size)
      var writer = SpanWriter(room.mutableSpan)
      precondition(self.receiver.receivePacket(into: &writer) != nil && writer.count == size)
    }
  }

  mutating func run(_ input: Span<UInt8>) throws(WireError) {
    var cursor = SpanCursor(input)
    while !cursor.isAtEnd {
      let action: UInt8 = try cursor.read()
      let argument: UInt8 = try cursor.read()
      switch action & 7 {
      case 0...3:
        let step: UInt8 = try cursor.read()
        // Mostly the next packet, sometimes a jump of either kind.
        self.sequence = step & 0x80 == 0 ? self.sequence &+ UInt16(step & 0x0F) &- 2 : self.sequence &+ UInt16(step) &* 257
        if step & 0x10 != 0 { self.timestamp = self.timestamp &+ 3000 }
        if step & 0x20 != 0 { self.timestamp = self.timestamp &* 0x9E37_79B1 }
        let payload = try cursor.readBytes(min(Int(argument), cursor.remaining))
        var header = PacketHeader(
          payloadType: action >> 3 & 3, marker: action & 0x20 != 0, sequenceNumber: self.sequence,
          timestamp: self.timestamp, ssrc: 1)
        if action & 0x40 != 0 { header.extensions.audioLevel = argument }
        self.receiver.receive(header, payload: payload, isRepair: action & 0x80 != 0, now: self.now)
      case 4: self.advance(to: self.now + .milliseconds(UInt32(argument)))
      case 5:
        if let deadline = self.receiver.nextDeadline { self.advance(to: max(deadline, self.now)) }
      case 6:
        self.drain()
        self.receiver.setRoundTrip(.milliseconds(UInt32(argument) * 4))
      default:
        self.receiver.requestKeyFrame(now: self.now)
        _ = self.receiver.takeReceptionReport()
        if argument & 1 != 0 { self.receiver.configure(parameters(argument & 2 == 0 ? .video : .audio)) }
      }
      self.check()
    }
  }
}

#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data, count > 1 else { return 0 }
  let bytes = [UInt8](UnsafeBufferPointer(start: data, count: count))
  var victim = Victim(bytes[0])
  try? victim.run(bytes.span.extracting(1..<count))
  victim.advance(to: victim.now + .seconds(100))
  victim.drain()
  victim.check()
  return 0
}
