import Foundation
import Testing

/// The openssl tool as a child process, its input and output at hand as pipes; killed and reaped when let go.
final class ToolProcess {
  let output: Int32
  private let input: Int32
  private var identifier: pid_t = 0

  init(_ arguments: [String]) throws {
    var toChild: [Int32] = [0, 0]
    var fromChild: [Int32] = [0, 0]
    try #require(pipe(&toChild) == 0 && pipe(&fromChild) == 0)
    for descriptor in toChild + fromChild { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    self.input = toChild[1]
    self.output = fromChild[0]
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], 2)
    var strings = (["openssl"] + arguments).map { strdup($0) } + [nil]
    let result = posix_spawn(&self.identifier, "/usr/bin/openssl", &actions, nil, &strings, environ)
    for string in strings { free(string) }
    posix_spawn_file_actions_destroy(&actions)
    close(toChild[0])
    close(fromChild[1])
    try #require(result == 0)
  }

  deinit {
    if self.identifier != 0 {
      kill(self.identifier, SIGKILL)
      self.wait()
    }
    close(self.input)
    close(self.output)
  }

  func write(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { Foundation.write(self.input, $0.baseAddress, $0.count) } }

  func wait() {
    var status: Int32 = 0
    waitpid(self.identifier, &status, 0)
    self.identifier = 0
  }
}
