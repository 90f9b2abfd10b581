import Foundation
import Swarm

#if canImport(Glibc)
import Glibc
#endif

/// A process that runs scenarios, so that one that traps or hangs is a finding like any other.
final class Worker {
  private let executable: String
  private let arguments: [String]
  private var process: Process?
  private var input: FileHandle?
  private var output: FileHandle?
  private var pending: [UInt8] = []

  init(executable: String, arguments: [String]) {
    self.executable = executable
    self.arguments = arguments
  }

  deinit { self.stop() }

  /// Runs a task. A worker that ends or does not answer in time is replaced by the next call.
  func run(_ task: Task, timeout: TimeInterval) -> Reply {
    do {
      try self.start()
      var line = try JSONEncoder().encode(task)
      line.append(0x0a)
      try self.input?.write(contentsOf: line)
    } catch {
      return self.end(.trap, "the worker cannot be reached: \(error)")
    }
    // On a machine that has much else to do a seed takes long without being stuck: what it has computed counts.
    let begun = self.cpuSeconds
    let latest = Date().addingTimeInterval(timeout * 10)
    var deadline = Date().addingTimeInterval(timeout)
    while true {
      if let end = self.pending.firstIndex(of: 0x0a) {
        let line = Data(self.pending[..<end])
        self.pending.removeSubrange(...end)
        guard let reply = try? JSONDecoder().decode(Reply.self, from: line) else {
          return self.end(.trap, "the worker says \(String(decoding: line, as: UTF8.self))")
        }
        return reply
      }
      switch self.read(until: deadline) {
      case .more: continue
      case .late:
        guard self.cpuSeconds - begun < timeout, Date() < latest else {
          return self.end(.hang, "no end after \(Int(self.cpuSeconds - begun)) s of computing")
        }
        deadline = Date().addingTimeInterval(min(timeout, 1))
      case .closed: return self.end(.trap, self.causeOfDeath())
      }
    }
  }

  func stop() {
    // A worker ends with its input.
    try? self.input?.close()
    guard let process = self.process else { return }
    self.process = nil
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }

  private func start() throws {
    guard self.process == nil else { return }
    let process = Process()
    let (input, output) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: self.executable)
    process.arguments = self.arguments
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    self.process = process
    self.input = input.fileHandleForWriting
    self.output = output.fileHandleForReading
    self.pending = []
  }

  /// What the process has computed so far: `utime` and `stime` of proc(5).
  private var cpuSeconds: TimeInterval {
    guard let process = self.process, let text = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return 0 }
    let fields = text[end...].split(separator: " ")
    guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else { return 0 }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  private enum Reading { case more, late, closed }

  private func read(until deadline: Date) -> Reading {
    guard let file = self.output?.fileDescriptor else { return .closed }
    let left = deadline.timeIntervalSinceNow
    guard left > 0 else { return .late }
    var entry = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
    let count = poll(&entry, 1, Int32(min(left, 1000) * 1000) + 1)
    guard count > 0 else { return .more }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let size = buffer.withUnsafeMutableBytes { bytes in Glibc.read(file, bytes.baseAddress, bytes.count) }
    guard size > 0 else { return .closed }
    self.pending += buffer[..<size]
    return .more
  }

  private func causeOfDeath() -> String {
    guard let process = self.process else { return "the worker is gone" }
    process.waitUntilExit()
    return process.terminationReason == .uncaughtSignal
      ? "the process was ended by signal \(process.terminationStatus)" : "the process exited with \(process.terminationStatus)"
  }

  private func end(_ kind: Violation.Kind, _ detail: String) -> Reply {
    self.stop()
    var outcome = Outcome()
    outcome.violation = Violation(kind, detail)
    return Reply(outcome)
  }
}
