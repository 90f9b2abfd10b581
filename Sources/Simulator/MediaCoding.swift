import Bytes
import RTP
import SDP
import Time
import WebRTC

extension MediaSection.Direction {
  var code: UInt64 { (self.sends ? 1 : 0) | (self.receives ? 2 : 0) }

  init(code: UInt64) { self.init(sends: code & 1 != 0, receives: code & 2 != 0) }
}

extension Transceiver {
  /// Whatever is no index of a transceiver is the same one: it is refused like the original.
  var code: UInt64 { UInt64(UInt32(exactly: self.index) ?? .max) }
}

extension TransceiverOptions {
  func encoded(_ kind: MediaKind) -> [UInt8] {
    var bytes: [UInt8] = [kind.rawValue, UInt8(truncatingIfNeeded: self.direction.code)]
    appendVarint(UInt64(self.formats.count), to: &bytes)
    for format in self.formats { bytes.append(format.rawValue) }
    appendVarint(UInt64(self.streamID.count), to: &bytes)
    return bytes + self.streamID + self.trackID
  }

  static func decode(_ cursor: inout SpanCursor) throws(WireError) -> (MediaKind, TransceiverOptions) {
    guard let kind = MediaKind(rawValue: try cursor.read()) else { throw .malformed }
    var options = TransceiverOptions(direction: MediaSection.Direction(code: UInt64(try cursor.read(UInt8.self))))
    let count: UInt8 = try number(try cursor.readVarint())
    for _ in 0..<count {
      guard let format = CodecFormat(rawValue: try cursor.read()) else { throw .malformed }
      options.formats.append(format)
    }
    let size: UInt8 = try number(try cursor.readVarint())
    options.streamID = arrayCopy(try cursor.readBytes(Int(size)))
    options.trackID = arrayCopy(try cursor.readBytes(cursor.remaining))
    return (kind, options)
  }
}

extension FrameTiming {
  /// Numbers; where there may be none, one more than the value.
  func encoded() -> [UInt64] {
    [
      UInt64(self.timestamp), self.capturedAt.map { $0.nanoseconds &+ 1 } ?? 0, self.audioLevel.map { UInt64($0) + 1 } ?? 0,
      (self.hasVoice ? 1 : 0) | (self.absoluteCaptureTime != nil ? 2 : 0) | (self.captureClockOffset != nil ? 4 : 0)
        | (self.followsSilence ? 8 : 0),
      self.absoluteCaptureTime ?? 0, UInt64(bitPattern: self.captureClockOffset ?? 0),
    ]
  }

  init(decoding cursor: inout SpanCursor) throws(WireError) {
    self.init(timestamp: try number(try cursor.readVarint()))
    let capturedAt = try cursor.readVarint()
    if capturedAt > 0 { self.capturedAt = Instant(nanoseconds: capturedAt &- 1) }
    let level = try cursor.readVarint()
    if level > 0 { self.audioLevel = try number(level &- 1) }
    let flags = try cursor.readVarint()
    self.hasVoice = flags & 1 != 0
    self.followsSilence = flags & 8 != 0
    let captureTime = try cursor.readVarint()
    if flags & 2 != 0 { self.absoluteCaptureTime = captureTime }
    let offset = try cursor.readVarint()
    if flags & 4 != 0 { self.captureClockOffset = Int64(bitPattern: offset) }
  }
}
