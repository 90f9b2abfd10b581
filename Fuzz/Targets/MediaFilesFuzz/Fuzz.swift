import Bytes
import MediaFiles
import RTP

/// Reads the input as whatever file it says it is. What can be read holds together, and comes back the same when it is
/// written and read again.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var input = Array(UnsafeBufferPointer(start: data, count: count))
  if input.starts(with: "OggS".utf8) { repairChecksums(&input) }
  guard let clip = try? MediaClip(input) else { return 0 }
  var time: Int64 = 0
  for frame in clip.frames {
    precondition(frame.range.lowerBound >= 0 && frame.range.upperBound <= clip.bytes.count)
    precondition(frame.timestamp >= time && frame.duration >= 0)
    time = frame.timestamp
  }
  precondition(clip.keyFrame(from: clip.frames.count - 1).map { clip.frames[$0].isKeyFrame } ?? true)
  let file = File()
  guard write(clip, to: file) else { return 0 }
  guard let again = try? MediaClip(file.bytes) else { preconditionFailure() }
  precondition(again.format == clip.format && again.frames.count <= clip.frames.count)
  return 0
}

/// Whether anything was written: gaps may be too long and frames too odd.
func write(_ clip: MediaClip, to file: File) -> Bool {
  switch clip.format {
  case .h264:
    var writer = AnnexBWriter(to: file.sink)
    for i in clip.frames.indices { _ = try? writer.append(clip.frame(at: i), isKeyFrame: clip.frames[i].isKeyFrame) }
    return writer.frameCount > 0
  case .vp8:
    var writer = IVFWriter(to: file.sink)
    for i in clip.frames.indices { _ = try? writer.append(clip.frame(at: i), timestamp: clip.frames[i].timestamp) }
    try? writer.finish()
    return writer.frameCount > 0
  case .opus:
    guard var writer = try? OggOpusWriter(channels: clip.channels, maximumGap: 4_800, to: file.sink) else { return false }
    for i in clip.frames.indices { _ = try? writer.append(clip.frame(at: i), timestamp: clip.frames[i].timestamp) }
    try? writer.finish()
    return writer.sampleCount > 0
  case .pcma, .pcmu:
    guard var writer = try? WAVWriter(clip.format, to: file.sink) else { return false }
    for i in clip.frames.indices { try? writer.append(clip.frame(at: i), timestamp: clip.frames[i].timestamp) }
    try? writer.finish()
    return writer.sampleCount > 0
  case .jpeg: return false
  }
}

final class File {
  var bytes: [UInt8] = []
  var sink: MediaSink {
    { [self] (bytes: Span<UInt8>, offset: UInt64) throws(MediaFileError) in
      let end = Int(offset) + bytes.count
      if self.bytes.count < end { self.bytes += [UInt8](repeating: 0, count: end - self.bytes.count) }
      for i in bytes.indices { self.bytes[Int(offset) + i] = bytes[i] }
    }
  }
}

/// A fuzzer does not find checksums: every page gets the right one (RFC 3533 section 6).
func repairChecksums(_ bytes: inout [UInt8]) {
  var start = 0
  while start + 27 <= bytes.count {
    let count = Int(bytes[start + 26])
    guard start + 27 + count <= bytes.count else { return }
    let end = bytes[(start + 27)..<(start + 27 + count)].reduce(start + 27 + count) { $0 + Int($1) }
    guard end <= bytes.count else { return }
    for i in 22..<26 { bytes[start + i] = 0 }
    var crc: UInt32 = 0
    for byte in bytes[start..<end] {
      crc ^= UInt32(byte) << 24
      for _ in 0..<8 { crc = crc & 0x8000_0000 == 0 ? crc << 1 : crc << 1 ^ 0x04C1_1DB7 }
    }
    for i in 0..<4 { bytes[start + 22 + i] = UInt8(truncatingIfNeeded: crc >> UInt32(8 * i)) }
    start = end
  }
}
