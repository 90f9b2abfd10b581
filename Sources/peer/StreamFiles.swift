@preconcurrency import Dispatch
import Bytes
import Foundation
import MediaFiles
import RTP
import Synchronization
import WebRTC

/// Stores what arrives: a file a stream, written on a thread of its own so that a slow disk holds up nobody.
///
/// What waits to be written is bounded: beyond that frames are left out, and counted. All else belongs to the queue.
final class StreamFiles: @unchecked Sendable {
  private static let maximumWaiting = 64 << 20
  private static let maximumFilesPerSession = 32

  private struct Key: Hashable {
    var transceiver: Transceiver
    var ssrc: UInt32
  }

  private struct Session {
    var open: [Key: StreamFile] = [:]
    /// How many files there have been, by kind.
    var counts: [MediaKind: Int] = [:]
    var hasFailed = false
  }

  private let directory: URL
  private let queue = DispatchQueue(label: "files")
  private let waiting = Atomic<Int>(0)
  private let leftOut = Atomic<Int>(0)
  private var sessions: [String: Session] = [:]
  private var completed: [String] = []

  init(directory: String) throws {
    self.directory = URL(fileURLWithPath: directory, isDirectory: true)
    do {
      try FileManager.default.createDirectory(at: self.directory, withIntermediateDirectories: true)
    } catch {
      throw Failure("cannot make the directory \(directory): \(error.localizedDescription)")
    }
  }

  func append(_ bytes: Span<UInt8>, _ frame: ReceivedFrame, on transceiver: Transceiver, of session: String) {
    let count = bytes.count
    guard self.waiting.load(ordering: .relaxed) + count <= Self.maximumWaiting else {
      self.leftOut.add(1, ordering: .relaxed)
      return
    }
    self.waiting.add(count, ordering: .relaxed)
    let copy = arrayCopy(bytes)
    self.queue.async {
      self.write(copy, frame, Key(transceiver: transceiver, ssrc: frame.ssrc), session)
      self.waiting.subtract(count, ordering: .relaxed)
    }
  }

  /// No more comes of this session: its files are made complete.
  func finish(_ session: String) {
    self.queue.async {
      guard let ended = self.sessions.removeValue(forKey: session) else { return }
      for file in ended.open.values { self.close(file) }
      let leftOut = self.leftOut.exchange(0, ordering: .relaxed)
      if leftOut > 0 { complain("\(leftOut) frames were not stored: the disk is too slow") }
    }
  }

  /// Returns when all that was asked for is done, with the files that were completed lately.
  @discardableResult
  func wait() -> [String] { self.queue.sync { self.completed } }

  private func write(_ bytes: [UInt8], _ frame: ReceivedFrame, _ key: Key, _ name: String) {
    var session = self.sessions.removeValue(forKey: name) ?? Session()
    defer { self.sessions[name] = session }
    guard !session.hasFailed else { return }
    if let file = session.open[key], file.format != frame.format || frame.begins(after: file.mediaTime) {
      self.close(file)
      session.open[key] = nil
    }
    do {
      if session.open[key] == nil {
        // Files are made where there is something to put into them.
        guard frame.isKeyFrame else { return }
        let number = session.counts[frame.format.kind, default: 0]
        guard number < Self.maximumFilesPerSession else { return }
        session.counts[frame.format.kind] = number + 1
        let suffix = number == 0 ? "" : "-\(number)"
        let path = "\(name)-\(frame.format.kind.name)\(suffix).\(frame.format.fileExtension)"
        session.open[key] = try StreamFile(self.directory.appendingPathComponent(path).path, frame.format, first: bytes)
      }
      try session.open[key]?.append(bytes, frame)
    } catch {
      // A codec's oddity costs a frame; a file that cannot be written is the end of storing this session.
      guard error as? MediaFileError != .malformed else { return }
      session.hasFailed = true
      complain("session \(name) is not stored any more: \(error)")
    }
  }

  private func close(_ file: StreamFile) {
    do {
      try file.finish()
      self.completed = self.completed.suffix(Self.maximumFilesPerSession) + [file.path]
    } catch {
      complain("\(file.path) could not be completed: \(error)")
    }
  }
}

/// A file of one stream, in the format that goes with its codec.
private final class StreamFile {
  private enum Writer {
    case opus(OggOpusWriter)
    case wave(WAVWriter)
    case annexB(AnnexBWriter)
    case ivf(IVFWriter)
    case motionJPEG
  }

  let path: String
  let format: CodecFormat
  private let handle: FileHandle
  private let output: MediaSink
  private var writer: Writer
  private var size: UInt64 = 0
  /// The last frame's.
  private(set) var mediaTime: Int64 = 0

  init(_ path: String, _ format: CodecFormat, first: [UInt8]) throws {
    self.path = path
    self.format = format
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Failure("\(path): \(String(cString: strerror(errno)))") }
    self.handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    let sink: MediaSink = { bytes, offset throws(MediaFileError) in
      var written = 0
      while written < bytes.count {
        let count = bytes.withUnsafeBytes {
          pwrite(descriptor, $0.baseAddress! + written, $0.count - written, off_t(offset) + off_t(written))
        }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw .writeFailed }
        written += count
      }
    }
    self.output = sink
    switch format {
    // The stereo flag of the packet (RFC 6716 section 3.1).
    case .opus: self.writer = .opus(try OggOpusWriter(channels: (first.first ?? 0) & 4 == 0 ? 1 : 2, to: sink))
    case .pcma, .pcmu: self.writer = .wave(try WAVWriter(format, to: sink))
    case .h264: self.writer = .annexB(AnnexBWriter(to: sink))
    case .vp8: self.writer = .ivf(IVFWriter(to: sink))
    case .jpeg: self.writer = .motionJPEG
    }
  }

  func append(_ bytes: [UInt8], _ frame: ReceivedFrame) throws {
    let span = bytes.span
    self.mediaTime = frame.mediaTime
    switch self.writer {
    case .opus(var writer):
      defer { self.writer = .opus(writer) }
      try writer.append(span, timestamp: frame.mediaTime)
    case .wave(var writer):
      defer { self.writer = .wave(writer) }
      try writer.append(span, timestamp: frame.mediaTime)
    case .annexB(var writer):
      defer { self.writer = .annexB(writer) }
      try writer.append(span, isKeyFrame: frame.isKeyFrame)
    case .ivf(var writer):
      defer { self.writer = .ivf(writer) }
      try writer.append(span, timestamp: frame.mediaTime)
    case .motionJPEG:
      try self.output(span, self.size)
      self.size += UInt64(bytes.count)
    }
  }

  func finish() throws {
    switch self.writer {
    case .opus(var writer): try writer.finish()
    case .wave(var writer): try writer.finish()
    case .ivf(var writer): try writer.finish()
    case .annexB, .motionJPEG: break
    }
    try self.handle.close()
  }
}

extension CodecFormat {
  fileprivate var fileExtension: String {
    switch self {
    case .opus: "ogg"
    case .pcma, .pcmu: "wav"
    case .h264: "h264"
    case .vp8: "ivf"
    case .jpeg: "mjpeg"
    }
  }
}

/// A line for the user who watches, not for the programs that read the output.
func complain(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }
