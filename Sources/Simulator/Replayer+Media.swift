import Bytes
import RTP
import SDP
import Time
import WebRTC

/// Audio and video.
extension Replayer {
  mutating func playMedia(_ record: Record, _ cursor: inout SpanCursor) throws(WireError) {
    let now = self.now
    if record.kind == .addTransceiver {
      let (kind, options) = try TransceiverOptions.decode(&cursor)
      guard let transceiver = try? self.connection.addTransceiver(kind, options, now: now) else {
        return try self.checkRefusal(false)
      }
      guard let expected = try self.nextOutput(.transceiver) else { return try self.check(false) }
      let bytes = self.bytes
      var output = SpanCursor(bytes.span.extracting(expected))
      let index = try output.readVarint()
      return try self.check(index == UInt64(transceiver.index))
    }
    let index: UInt32 = try number(try cursor.readVarint())
    let transceiver = Transceiver(index: Int(clamping: index))
    let accepted: Bool
    switch record.kind {
    case .setDirection:
      let direction = MediaSection.Direction(code: try cursor.readVarint())
      accepted = (try? self.connection.setDirection(direction, of: transceiver)) != nil
    case .stopTransceiver:
      accepted = (try? self.connection.stopTransceiver(transceiver, now: now)) != nil
    case .sendFrame:
      let timing = try FrameTiming(decoding: &cursor)
      let frame = try cursor.readBytes(cursor.remaining)
      accepted = (try? self.connection.sendFrame(frame, timing, on: transceiver, now: now)) != nil
    case .sendPacket:
      let marker = try cursor.readVarint() == 1
      let timing = try FrameTiming(decoding: &cursor)
      let payload = try cursor.readBytes(cursor.remaining)
      accepted = (try? self.connection.sendPacket(payload, marker: marker, timing, on: transceiver, now: now)) != nil
    default:
      return self.connection.requestKeyFrame(of: transceiver, now: now)
    }
    try self.checkRefusal(accepted)
  }

  mutating func playFrame(_ kind: RecordingFormat.Kind, room: Int) throws(WireError) -> Step {
    var output = self.takeOutput()
    defer { self.output = output }
    var buffer = output.mutableSpan
    var writer = SpanWriter(buffer._mutatingExtracting(0..<room))
    var numbers: [UInt64]?
    if kind == .receiveFrame {
      if let (transceiver, frame) = self.connection.receiveFrame(into: &writer) {
        numbers = [UInt64(transceiver.index), UInt64(frame.timestamp), frame.isKeyFrame ? 1 : 0]
      }
    } else if let (transceiver, packet) = self.connection.receivePacket(into: &writer) {
      numbers = [UInt64(transceiver.index), UInt64(packet.header.timestamp)]
    }
    let count = writer.count
    try self.compare(numbers, output.span.extracting(0..<count), with: kind == .receiveFrame ? .frame : .packet)
    return numbers == nil ? .input : .frame(size: count)
  }

  /// A packet that `receive` gave back, or that it gave none.
  mutating func comparePacket(
    _ received: (Transceiver, ReceivedPacket)?, in datagram: Span<UInt8>
  ) throws(WireError) {
    guard let (transceiver, packet) = received else { return try self.compare(nil, Span(), with: .packet) }
    try self.compare(
      [UInt64(transceiver.index), UInt64(packet.header.timestamp)], packet.header.payload(of: datagram), with: .packet)
  }

  private mutating func compare(
    _ numbers: [UInt64]?, _ output: Span<UInt8>, with kind: RecordingFormat.Kind
  ) throws(WireError) {
    let expected = try self.nextOutput(kind)
    guard let numbers, let expected else { return try self.check((numbers == nil) == (expected == nil)) }
    let bytes = self.bytes
    var cursor = SpanCursor(bytes.span.extracting(expected))
    for number in numbers {
      let recorded = try cursor.readVarint()
      try self.check(recorded == number)
    }
    let start = expected.lowerBound &+ cursor.offset
    try self.compare(output, with: start..<expected.upperBound)
  }
}
