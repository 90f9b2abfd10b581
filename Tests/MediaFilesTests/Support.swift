import Foundation
import MediaFiles

func vector(_ name: String) throws -> [UInt8] {
  let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Vectors/media/\(name)")
  return [UInt8](try Data(contentsOf: url))
}

extension MediaClip {
  func bytes(at index: Int) -> [UInt8] { Array(self.bytes[self.frames[index].range]) }
}

/// A file in memory.
final class MemoryFile {
  private(set) var bytes: [UInt8] = []
  /// Bytes after which it is full.
  var capacity = Int.max

  var sink: MediaSink {
    { [self] (bytes: Span<UInt8>, offset: UInt64) throws(MediaFileError) in
      guard Int(offset) + bytes.count <= self.capacity else { throw .writeFailed }
      let end = Int(offset) + bytes.count
      if self.bytes.count < end { self.bytes += [UInt8](repeating: 0, count: end - self.bytes.count) }
      for i in bytes.indices { self.bytes[Int(offset) + i] = bytes[i] }
    }
  }
}
