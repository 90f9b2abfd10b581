import Foundation
import Testing

@testable import Swarm
@testable import SwarmWorkers

@Suite struct ShrinkerTests {
  /// Fails where two certain calls are there and a loss: what stays are those.
  static func test(_ scenario: Scenario) -> Violation? {
    let restarts = scenario.steps.contains { if case .restartICE = $0.action { true } else { false } }
    let suspends = scenario.steps.contains { if case .suspend = $0.action { true } else { false } }
    guard restarts, suspends, scenario.hosts.contains(where: { $0.link.loss > 0 }) else { return nil }
    return Violation(.notConverged, "both")
  }

  static func failing() throws -> Scenario {
    for seed in 0..<3000 {
      let scenario = Scenario(seed: UInt64(seed))
      if scenario.pairs.count > 1, scenario.steps.count > 20, Self.test(scenario) != nil { return scenario }
    }
    throw CancellationError()
  }

  @Test func `what has nothing to do with the failure is taken out`() throws {
    let scenario = try Self.failing()
    var shrinker = Shrinker(scenario, Violation(.notConverged, "both"), test: Self.test)
    shrinker.shrink()
    let small = shrinker.scenario
    #expect(small.steps.count == 2)
    #expect(small.pairs.count <= scenario.pairs.count && small.peers.count == 2 * small.pairs.count)
    #expect(small.hosts.filter { $0.link != LinkPlan() }.count == 1)
    #expect(small.peers.allSatisfy { $0.knobs.isEmpty && !$0.usesSTUN } && small.nats.isEmpty)
    #expect(small.healsAt < scenario.healsAt)
    #expect(Self.test(small) != nil)
  }

  @Test func `another failure is not taken for the same`() throws {
    let scenario = try Self.failing()
    var shrinker = Shrinker(scenario, Violation(.notConverged, "both")) { candidate in
      candidate.steps.count < scenario.steps.count ? Violation(.trap, "another") : Self.test(candidate)
    }
    shrinker.shrink()
    #expect(shrinker.scenario.steps.count == scenario.steps.count)
  }

  @Test func `it ends where its runs are used up`() throws {
    var shrinker = Shrinker(try Self.failing(), Violation(.notConverged, "both"), limit: 5, test: Self.test)
    shrinker.shrink()
    #expect(shrinker.attempts == 5)
  }
}

@Suite struct WorkerTests {
  @Test func `a worker that ends is a finding, and so is one that does not answer`() {
    let ended = Worker(executable: "/bin/sh", arguments: ["-c", "read line; kill -ILL $$"])
    let reply = ended.run(Task(seed: 1), timeout: 20)
    #expect(reply.violation?.kind == .trap)
    #expect(reply.violation?.detail.contains("signal 4") == true)
    // The next task gets a new process.
    #expect(ended.run(Task(seed: 2), timeout: 20).violation?.kind == .trap)
    let silent = Worker(executable: "/bin/sh", arguments: ["-c", "read line; exec sleep 60"])
    #expect(silent.run(Task(seed: 1), timeout: 0.2).violation?.kind == .hang)
    #expect(Worker(executable: "/bin/nobody", arguments: []).run(Task(seed: 1), timeout: 1).violation?.kind == .trap)
  }

  @Test func `all seeds are run once, and failures are told with their seeds`() {
    let script = "while read line; do case $line in *:7}*) kill -SEGV $$;; esac; echo '{\"outputHash\":1,\"steps\":2,\"datagrams\":3,\"messages\":4,\"frames\":5,\"virtualSeconds\":6}'; done"
    var options = Swarm.Options(seeds: 1...20, executable: "/bin/sh", arguments: ["-c", script])
    options.jobs = 3
    let progress = Swarm(options).run { _, _ in }
    #expect(progress.count == 20 && progress.passed == 19)
    #expect(progress.failures.map(\.seed) == [7])
    #expect(progress.messages == 19 * 4)
    options.duration = 0
    #expect(Swarm(options).run { _, _ in }.count == 0)
  }
}
