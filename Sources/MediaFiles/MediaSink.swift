/// Takes a writer's bytes, to be put at `offset` in the file: at its end, or, once a file is finished, over the header that
/// the writer began with. Throws `.writeFailed` where it cannot.
public typealias MediaSink = (_ bytes: Span<UInt8>, _ offset: UInt64) throws(MediaFileError) -> Void

/// Where a writer is in its file.
struct MediaOutput {
  private let sink: MediaSink
  private(set) var size: UInt64 = 0

  init(_ sink: @escaping MediaSink) { self.sink = sink }

  mutating func append(_ bytes: Span<UInt8>) throws(MediaFileError) {
    try self.sink(bytes, self.size)
    self.size += UInt64(bytes.count)
  }

  mutating func append(_ bytes: [UInt8]) throws(MediaFileError) { try self.append(bytes.span) }

  func overwrite(_ bytes: [UInt8], at offset: UInt64) throws(MediaFileError) { try self.sink(bytes.span, offset) }
}
