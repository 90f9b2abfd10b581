import Foundation
import Swarm
import Synchronization

/// Runs many seeds in worker processes.
public final class Swarm: Sendable {
  public struct Options: Sendable {
    public var seeds: ClosedRange<UInt64>
    /// Seconds after which no further seed is begun; nil: all are run.
    public var duration: TimeInterval?
    public var jobs = 2
    /// Seconds that one seed may compute, many times what any needs, and a tenth of those that it may take.
    public var timeout: TimeInterval = 30
    /// How a worker is started: this executable with these arguments has to call `serveSwarm`.
    public var executable: String
    public var arguments: [String]

    public init(seeds: ClosedRange<UInt64>, executable: String, arguments: [String]) {
      self.seeds = seeds
      self.executable = executable
      self.arguments = arguments
    }
  }

  /// What came of it so far.
  public struct Progress: Sendable {
    public var passed = 0
    public var failures: [(seed: UInt64, violation: Violation)] = []
    public var seconds = 0.0
    public var steps = 0
    public var datagrams = 0
    public var messages = 0
    public var frames = 0
    public var virtualSeconds = 0.0

    public var count: Int { self.passed + self.failures.count }
    public var rate: Double { self.seconds > 0 ? Double(self.count) / self.seconds : 0 }
  }

  private struct State {
    var next: UInt64
    var isDone = false
    var progress = Progress()
  }

  private let options: Options
  private let state: Mutex<State>
  private let start = Date()

  public init(_ options: Options) {
    self.options = options
    self.state = Mutex(State(next: options.seeds.lowerBound))
  }

  /// Runs the seeds; `report` is called after each, from one thread at a time, with the failure if it is one.
  public func run(_ report: @Sendable (Progress, (seed: UInt64, violation: Violation)?) -> Void) -> Progress {
    DispatchQueue.concurrentPerform(iterations: max(1, self.options.jobs)) { _ in
      let worker = Worker(executable: self.options.executable, arguments: self.options.arguments)
      while let seed = self.take() {
        let reply = worker.run(Task(seed: seed), timeout: self.options.timeout)
        self.note(reply, of: seed, report)
      }
      worker.stop()
    }
    return self.state.withLock { $0.progress }
  }

  private func take() -> UInt64? {
    if let duration = self.options.duration, Date().timeIntervalSince(self.start) >= duration { return nil }
    return self.state.withLock { state in
      guard !state.isDone else { return nil }
      let seed = state.next
      if seed >= self.options.seeds.upperBound { state.isDone = true } else { state.next += 1 }
      return seed
    }
  }

  private func note(
    _ reply: Reply, of seed: UInt64, _ report: @Sendable (Progress, (seed: UInt64, violation: Violation)?) -> Void
  ) {
    self.state.withLock { state in
      state.progress.seconds = Date().timeIntervalSince(self.start)
      state.progress.steps += reply.steps
      state.progress.datagrams += reply.datagrams
      state.progress.messages += reply.messages
      state.progress.frames += reply.frames
      state.progress.virtualSeconds += reply.virtualSeconds
      if let violation = reply.violation {
        state.progress.failures.append((seed, violation))
        report(state.progress, (seed, violation))
      } else {
        state.progress.passed += 1
        report(state.progress, nil)
      }
    }
  }

  /// A scenario as small as it can be made that fails as the seed's does.
  public static func shrink(_ seed: UInt64, _ violation: Violation, options: Options, limit: Int = 1500) -> Shrinker {
    let worker = Worker(executable: options.executable, arguments: options.arguments)
    // Hangs are waited for again and again.
    let timeout = violation.kind == .hang ? min(options.timeout, 10) : options.timeout
    var shrinker = Shrinker(Scenario(seed: seed), violation, limit: violation.kind == .hang ? 100 : limit) { scenario in
      worker.run(Task(scenario: scenario), timeout: timeout).violation
    }
    shrinker.shrink()
    worker.stop()
    return shrinker
  }
}
