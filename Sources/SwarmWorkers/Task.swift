import Foundation
import Swarm

/// What a worker is told to run, and what it says of it: a line of JSON each way.
struct Task: Codable {
  var seed: UInt64?
  var scenario: Scenario?
}

struct Reply: Codable {
  var violation: Violation?
  var outputHash: UInt64 = 0
  var steps = 0
  var datagrams = 0
  var messages = 0
  var frames = 0
  var virtualSeconds = 0.0

  init(_ outcome: Outcome) {
    self.violation = outcome.violation
    self.outputHash = outcome.outputHash
    self.steps = outcome.steps
    self.datagrams = outcome.datagrams
    self.messages = outcome.messages
    self.frames = outcome.frames
    self.virtualSeconds = outcome.virtualSeconds
  }
}

/// The life of a worker process: reads tasks from the standard input, until it ends, and writes replies to the standard output.
public func serveSwarm() {
  let decoder = JSONDecoder()
  let encoder = JSONEncoder()
  while let line = readLine() {
    guard let task = try? decoder.decode(Task.self, from: Data(line.utf8)),
      let scenario = task.scenario ?? task.seed.map({ Scenario(seed: $0) })
    else { return }
    guard var reply = try? encoder.encode(Reply(scenario.run())) else { return }
    reply.append(0x0a)
    do { try FileHandle.standardOutput.write(contentsOf: reply) } catch { return }
  }
}
