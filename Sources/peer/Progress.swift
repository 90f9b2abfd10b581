import Foundation

/// A line on stderr that says how it goes: rewritten on a terminal, every few seconds elsewhere.
struct Progress {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var shownAt: ContinuousClock.Instant?

  mutating func show(_ line: String) {
    if let shownAt, !self.isTerminal, elapsedSeconds(since: shownAt) < 5 { return }
    self.shownAt = .now
    FileHandle.standardError.write(Data((self.isTerminal ? "\r\u{1B}[K\(line)" : "\(line)\n").utf8))
  }

  func end() {
    if self.isTerminal, self.shownAt != nil { FileHandle.standardError.write(Data("\n".utf8)) }
  }
}

func elapsedSeconds(since instant: ContinuousClock.Instant) -> Double {
  let elapsed = instant.duration(to: .now).components
  return Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
}
