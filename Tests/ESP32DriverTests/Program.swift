import Foundation

/// A C program of Tests/C, built as the README says: against the headers and the library, warnings as errors.
struct Program {
  struct Outcome: CustomStringConvertible {
    var status: Int32
    var output: String
    var succeeded: Bool { self.status == 0 }
    var description: String { "status \(self.status): \(self.output)" }
  }

  /// What watches over it.
  enum Guard: String { case nothing, addresses, threads }

  let path: URL

  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  private static let sources = Self.root.appending(path: "Tests/C").path
  /// Beside the tests themselves.
  private static let library = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
  private static let directory: URL = {
    let directory = FileManager.default.temporaryDirectory.appending(path: "esp32driver-\(ProcessInfo.processInfo.processIdentifier)")
    try? FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    return directory
  }()

  init(_ name: String, under guardian: Guard = .addresses) throws {
    self.path = Self.directory.appending(path: "\(name)-\(guardian)")
    guard !FileManager.default.fileExists(atPath: self.path.path) else { return }
    var arguments = ["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-g", "-pthread"]
    switch guardian {
    case .nothing: break
    case .addresses: arguments += ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
    case .threads: arguments += ["-fsanitize=thread"]
    }
    arguments += ["-I", Self.root.appending(path: "Sources/CESPPeer/include").path]
    arguments += ["\(Self.sources)/\(name).c", "-o", self.path.path]
    arguments += ["-L", Self.library.path, "-lESPPeer", "-Wl,-rpath,\(Self.library.path)"]
    let outcome = try Self.run("cc", arguments)
    guard outcome.succeeded else { throw Failure(reason: outcome.description) }
  }

  struct Failure: Error, CustomStringConvertible {
    var reason: String
    var description: String { self.reason }
  }

  func run(_ arguments: String...) throws -> Outcome { try Self.run(self.path.path, arguments) }

  /// Every case that the program has, each in a process of its own; those that fail.
  func failures() throws -> [String] {
    let list = try self.run("list")
    let cases = list.output.split(separator: "\n").map(String.init)
    guard list.succeeded, !cases.isEmpty else { return ["list: \(list)"] }
    return try cases.compactMap { name in
      let outcome = try self.run(name)
      return outcome.succeeded ? nil : "\(name): \(outcome)"
    }
  }

  /// Under valgrind, which finds what is read before it is written, and what nothing points to any more.
  ///
  /// It cannot read what the Swift compiler writes for debuggers, so that the library goes without.
  func runUnderValgrind(_ arguments: String...) throws -> Outcome {
    let bare = Self.directory.appending(path: "bare")
    try FileManager.default.createDirectory(at: bare, withIntermediateDirectories: true)
    let library = bare.appending(path: "libESPPeer.so")
    let stripped = try Self.run("strip", ["-g", "-o", library.path, Self.library.appending(path: "libESPPeer.so").path])
    guard stripped.succeeded else { throw Failure(reason: stripped.description) }
    return try Self.run(
      "valgrind",
      ["-q", "--suppressions=\(Self.sources)/valgrind.supp", "--error-exitcode=9", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite", self.path.path]
        + arguments, environment: ["LD_LIBRARY_PATH": bare.path])
  }

  private static func run(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    var all = ProcessInfo.processInfo.environment
    all["TSAN_OPTIONS"] = "suppressions=\(Self.sources)/threads.supp"
    all["MEDIA"] = Self.root.appending(path: "Vectors/media").path
    all.merge(environment) { $1 }
    process.environment = all
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
  }
}
