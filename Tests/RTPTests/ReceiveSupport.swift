import Bytes
import Time

@testable import RTP

let opusType: UInt8 = 111
let pcmaType: UInt8 = 8
let vp8Type: UInt8 = 96
let h264Type: UInt8 = 102
let jpegType: UInt8 = 26

func receiveParameters(_ kind: MediaKind, nack: Bool = true) -> LineParameters {
  var parameters = LineParameters(kind: kind)
  parameters.receives = true
  let formats: [(UInt8, CodecFormat)] =
    kind == .audio ? [(opusType, .opus), (pcmaType, .pcma)] : [(vp8Type, .vp8), (h264Type, .h264), (jpegType, .jpeg)]
  parameters.receiveCodecs = formats.map { type, format in
    var mapping = PayloadMapping(payloadType: type, codec: Codec(format))
    mapping.nack = nack
    mapping.pli = kind == .video
    return mapping
  }
  return parameters
}

/// A packet as a sender makes it.
struct TestPacket: Equatable {
  var header: PacketHeader
  var payload: [UInt8]

  init(_ payloadType: UInt8, _ sequence: UInt16, _ timestamp: UInt32, marker: Bool = false, _ payload: [UInt8]) {
    self.header = PacketHeader(
      payloadType: payloadType, marker: marker, sequenceNumber: sequence, timestamp: timestamp, ssrc: 0x1234)
    self.payload = payload
  }
}

/// A VP8 frame (RFC 6386 section 9.1) that says which it is.
func vp8Frame(_ number: Int, size: Int, isKey: Bool) -> [UInt8] {
  var frame: [UInt8] = isKey ? [0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x40, 0x01, 0xF0, 0x00] : [0x11, 0, 0]
  frame += [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
  while frame.count < size { frame.append(UInt8(truncatingIfNeeded: frame.count &* 7 &+ number)) }
  return frame
}

/// Its packets (RFC 7741 section 4.2), with a descriptor of one byte.
func vp8Packets(_ frame: [UInt8], from sequence: UInt16, timestamp: UInt32, limit: Int = 1000) -> [TestPacket] {
  var packets: [TestPacket] = []
  var offset = 0
  while offset < frame.count {
    let end = min(offset + limit, frame.count)
    packets.append(
      TestPacket(
        vp8Type, sequence &+ UInt16(truncatingIfNeeded: packets.count), timestamp, marker: end == frame.count,
        [offset == 0 ? 0x10 : 0x00] + frame[offset..<end]))
    offset = end
  }
  return packets
}

/// A receiver on the virtual clock, with what it gave.
struct ReceiverHarness {
  var receiver: Receiver
  var now = Instant(nanoseconds: 1_000_000_000)
  var frames: [(facts: ReceivedFrame, bytes: [UInt8])] = []
  var nacks: [[UInt16]] = []
  var keyFrameRequests: [Instant] = []
  var pollsFrames = true

  init(
    _ kind: MediaKind = .video, nack: Bool = true, _ change: (inout Receiver.Configuration) -> Void = { _ in }
  ) throws {
    var configuration = Receiver.Configuration(kind)
    change(&configuration)
    self.receiver = try Receiver(
      configuration: configuration, ssrc: 0x1234, parameters: receiveParameters(kind, nack: nack), now: self.now)
  }

  mutating func receive(_ packet: TestPacket, isRepair: Bool = false) {
    self.receiver.receive(packet.header, payload: packet.payload.span, isRepair: isRepair, now: self.now)
    self.poll()
  }

  mutating func receive(_ packets: [TestPacket]) { for packet in packets { self.receive(packet) } }

  /// Passes time, stopping at each deadline.
  mutating func wait(_ milliseconds: UInt32) {
    let end = self.now + .milliseconds(milliseconds)
    while let deadline = self.receiver.nextDeadline, deadline <= end {
      precondition(deadline > self.now, "a deadline that lies in the past")
      self.now = deadline
      self.receiver.advance(to: self.now)
      self.poll()
    }
    self.now = end
    self.receiver.advance(to: self.now)
    self.poll()
  }

  mutating func poll() {
    while self.receiver.owesNACK {
      guard let packet = self.writeNACK(room: 1200) else { break }
      self.nacks.append(packet)
    }
    while self.receiver.takeKeyFrameRequest() { self.keyFrameRequests.append(self.now) }
    if self.pollsFrames { self.takeFrames() }
  }

  mutating func takeFrames() {
    while let size = self.receiver.nextFrameSize {
      var buffer = [UInt8](repeating: 0, count: size)
      var writer = SpanWriter(buffer.mutableSpan)
      guard let frame = self.receiver.receiveFrame(into: &writer) else { continue }
      self.frames.append((frame, arrayCopy(writer.bytes(in: 0..<writer.count))))
    }
  }

  /// The sequence numbers that a NACK asks for.
  mutating func writeNACK(room: Int) -> [UInt16]? {
    var buffer = [UInt8](repeating: 0, count: room)
    var writer = SpanWriter(buffer.mutableSpan)
    guard self.receiver.writeNACK(into: &writer, senderSSRC: 7) else { return nil }
    let bytes = arrayCopy(writer.bytes(in: 0..<writer.count))
    precondition(bytes[0] == 0x81 && bytes[1] == 205)
    precondition((Int(bytes[2]) << 8 | Int(bytes[3])) == bytes.count / 4 - 1)
    precondition(Array(bytes[4..<12]) == [0, 0, 0, 7, 0, 0, 0x12, 0x34])
    var result: [UInt16] = []
    for i in stride(from: 12, to: bytes.count, by: 4) {
      let id = UInt16(bytes[i]) << 8 | UInt16(bytes[i + 1])
      let mask = UInt16(bytes[i + 2]) << 8 | UInt16(bytes[i + 3])
      result.append(id)
      for bit in 0..<16 where mask & 1 << UInt16(bit) != 0 { result.append(id &+ UInt16(bit) &+ 1) }
    }
    return result
  }
}
