import Bytes
import RTP
import Time

/// A session with two lines that has sent and received already; the input makes up packets for it, lets time pass, sends, and
/// reconfigures. Bounds and deadlines are checked all along.
private struct Victim {
  var session: Session
  var now: Instant
}

private func parameters(_ kind: MediaKind, receives: Bool = true, sends: Bool = true) -> LineParameters {
  var parameters = LineParameters(kind: kind)
  var mapping = PayloadMapping(payloadType: kind == .audio ? 111 : 96, codec: Codec(kind == .audio ? .opus : .vp8))
  mapping.nack = true
  mapping.pli = true
  mapping.transportCC = true
  if kind == .video { mapping.rtxPayloadType = 97 }
  parameters.mid = [kind == .audio ? 0x61 : 0x76]
  parameters.sends = sends
  parameters.receives = receives
  parameters.sendCodecs = [mapping]
  parameters.receiveCodecs = [mapping]
  if kind == .video {
    var other = PayloadMapping(payloadType: 98, codec: Codec(.h264))
    other.nack = true
    parameters.receiveCodecs.append(other)
    parameters.receiveCodecs.append(PayloadMapping(payloadType: 26, codec: Codec(.jpeg)))
  }
  parameters.reducedSize = kind == .video
  parameters.extensions.mid = 1
  parameters.extensions.transportSequence = 2
  parameters.extensions.absoluteSendTime = 3
  parameters.extensions.rid = 4
  parameters.extensions.repairedRID = 5
  parameters.extensions.audioLevel = 6
  return parameters
}

private let frame: [UInt8] = [0x10, 0, 0, 0x9D, 1, 0x2A, 0x40, 1, 0xF0, 0] + [UInt8](repeating: 7, count: 4000)

private let start: Victim = {
  var configuration = Session.Configuration()
  configuration.maximumStreams = 6
  configuration.maximumStreamsPerLine = 4
  configuration.maximumEvents = 16
  configuration.videoStore = .init(bytes: 20_000, packets: 32, age: .seconds(1))
  configuration.videoReceiver.maximumBytes = 20_000
  configuration.videoReceiver.maximumPackets = 64
  configuration.audioReceiver.maximumBytes = 4000
  configuration.audioReceiver.maximumPackets = 32
  let now = Instant(nanoseconds: 1_000_000_000)
  var session = try! Session(configuration: configuration, random: SeededRandom(seed: .init(1)), now: now)
  for kind in [MediaKind.audio, .video] {
    let line = try! session.addLine(kind: kind)
    session.configure(line, parameters(kind), now: now)
  }
  try! session.send(frame.span, FrameTiming(timestamp: 0), on: 1, now: now)
  return Victim(session: session, now: now)
}()

private func drain(_ victim: inout Victim) {
  var buffer = [UInt8](repeating: 0, count: 1200)
  var polls = 0
  while true {
    var writer = SpanWriter(buffer.mutableSpan)
    guard let kind = victim.session.pollTransmit(into: &writer, now: victim.now) else { break }
    precondition(!writer.overflowed && writer.count >= 8)
    polls += 1
    precondition(polls < 1000)
    let count = writer.count
    let packet = Array(buffer[..<count])
    if kind == .rtcp {
      var offset = 0
      while let next = try! ControlPacket.next(in: packet.span, at: &offset) { precondition(next.bodyCount >= 0) }
    } else {
      _ = try! PacketHeader(parsing: packet.span, extensions: HeaderExtensionMap())
    }
  }
  var events = 0
  while victim.session.pollEvent() != nil { events += 1 }
  precondition(events <= 17)
  precondition(victim.session.streamCount <= 6)
}

#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  var cursor = SpanCursor(input.span)
  var victim = start
  var pulled = [UInt8](repeating: 0, count: 30_000)
  while let action = try? cursor.read(UInt8.self) {
    switch action & 7 {
    case 0, 1, 2:
      // A packet whose header is right enough to be heeded.
      guard let short = try? cursor.read(UInt32.self) else { break }
      let length = min(Int(short & 0xFF), cursor.remaining)
      guard let body = try? cursor.readBytes(length) else { break }
      let payloadType: UInt8 = [96, 111, 97, 98][Int(short >> 30)]
      var header = PacketHeader(
        payloadType: payloadType, marker: short & 0x2000_0000 != 0,
        sequenceNumber: UInt16(truncatingIfNeeded: short >> 8), timestamp: (short >> 8 & 0xFFFF) / 4 * 3000,
        ssrc: short >> 24 & 0x0F == 15 ? victim.session.sendingStream(of: 1)?.ssrc ?? 0 : short >> 24 & 0x0F)
      header.extensions.transportSequence = UInt16(truncatingIfNeeded: short >> 6)
      var buffer = [UInt8](repeating: 0, count: 400)
      let mid: [UInt8] = action & 8 != 0 ? [payloadType == 111 ? 0x61 : 0x76] : []
      let rid: [UInt8] = action & 16 != 0 ? [UInt8(truncatingIfNeeded: short >> 24 & 3)] : []
      var writer = SpanWriter(buffer.mutableSpan)
      header.write(into: &writer, extensions: parameters(.video).extensions, mid: mid.span, rid: rid.span)
      writer.write(body)
      let size = writer.count
      victim.session.receive(Array(buffer[..<size]).span, now: victim.now)
    case 3, 4:
      guard let size = try? cursor.read(UInt8.self) else { break }
      let length = min(Int(size), cursor.remaining)
      guard let body = try? cursor.readBytes(length) else { break }
      var bytes = arrayCopy(body)
      // Aimed at what there is: the SSRC in the place of a media source.
      if action & 8 != 0, bytes.count >= 12, let own = victim.session.sendingStream(of: action & 16 != 0 ? 0 : 1)?.ssrc {
        for i in 0..<4 { bytes[8 + i] = UInt8(truncatingIfNeeded: own >> UInt32(24 - 8 * i)) }
      }
      if action & 7 == 3 {
        victim.session.receiveControl(bytes.span, now: victim.now)
      } else {
        victim.session.receive(bytes.span, now: victim.now)
      }
    case 5:
      guard let step = try? cursor.read(UInt8.self) else { break }
      victim.now = victim.now + (action & 8 != 0 ? Interval.seconds(UInt32(step)) : .milliseconds(UInt32(step)))
      if action & 16 != 0, let next = victim.session.nextDeadline { victim.now = max(victim.now, next) }
      victim.session.advance(to: victim.now)
      if let after = victim.session.nextDeadline { precondition(after > victim.now) }
    case 6:
      let size = min(Int(action >> 3) * 160 + 10, frame.count)
      try? victim.session.send(
        Array(frame[..<size]).span, FrameTiming(timestamp: UInt32(action)), on: 1, now: victim.now)
    default:
      let line = Int(action >> 3 & 1)
      let kind: MediaKind = line == 0 ? .audio : .video
      switch action >> 4 {
      case 0: victim.session.requestKeyFrame(of: line, now: victim.now)
      case 1: victim.session.setReceiveLimit(UInt64(action) << 20, of: line)
      case 2: victim.session.removeLine(line, now: victim.now)
      default:
        victim.session.configure(
          line, parameters(kind, receives: action & 32 != 0, sends: action & 64 != 0), now: victim.now)
      }
    }
    if action & 128 != 0 { drain(&victim) }
    if action & 64 != 0 {
      while let size = victim.session.nextFrameSize {
        var writer = SpanWriter(pulled.mutableSpan)
        guard victim.session.receiveFrame(into: &writer) != nil else {
          // What was ready was no frame, and nothing else is ready.
          precondition(victim.session.nextFrameSize == nil)
          break
        }
        precondition(writer.count <= 20_000 && size <= 20_000)
      }
    }
  }
  drain(&victim)
  return 0
}
