import Glibc
import Simulator

/// Where a session's recording goes. The file holds every key of the session: only its owner may read it.
public final class RecordingFile {
  private var descriptor: Int32
  public private(set) var failure: Int32 = 0

  public init(path: String) throws(EpollDriver.OpenError) {
    self.descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard self.descriptor >= 0 else { throw .system(errno) }
    // O_CREAT's mode says nothing about a file that was there before, and whoever owns it can read it.
    var status = stat()
    guard fstat(self.descriptor, &status) == 0, status.st_uid == geteuid(), fchmod(self.descriptor, 0o600) == 0 else {
      throw .system(EPERM)
    }
  }

  /// Writes what has been recorded since the last call.
  func append(_ connection: inout RecordingPeerConnection) {
    connection.drainRecording { bytes in
      var written = 0
      while written < bytes.count, self.descriptor >= 0 {
        let count = bytes.withUnsafeBytes { write(self.descriptor, $0.baseAddress! + written, $0.count - written) }
        if count < 0 {
          if errno == EINTR { continue }
          self.failure = errno
          self.close()
          return
        }
        written += count
      }
    }
  }

  public func close() {
    guard self.descriptor >= 0 else { return }
    _ = Glibc.close(self.descriptor)
    self.descriptor = -1
  }

  deinit { self.close() }
}
