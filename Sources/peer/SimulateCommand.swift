import ArgumentParser
import Foundation
import Swarm
import SwarmWorkers

struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run seeded scenarios in simulated worlds, and check what must hold in every one.",
    discussion: """
      Each seed draws a world, configurations, calls and faults; then the faults end and everything has to come right. The first seed that \
      fails is shrunk and written as a scenario that `peer replay` runs again.
      """)

  @Option(help: "One seed to run.") var seed: UInt64?
  @Option(help: "The seeds to run: A...B.") var seeds: String?
  @Option(help: "Begin no further seed after so many minutes.") var minutes: Double?
  @Option(help: "Worker processes.") var jobs = 2
  @Option(help: "Where to write the scenario of the first failure; seed-N.rtcsim where nothing is said.") var output: String?
  @Flag(help: "Write the scenario of --seed as it is drawn, and run nothing.") var draw = false
  @Flag(help: .hidden) var worker = false

  func run() throws {
    if self.worker { return serveSwarm() }
    if self.draw {
      guard let seed = self.seed else { throw ValidationError("--draw takes --seed") }
      return print(String(decoding: try Scenario(seed: seed).json(), as: UTF8.self))
    }
    guard (1...256).contains(self.jobs) else { throw ValidationError("--jobs takes 1 to 256") }
    var options = Swarm.Options(
      seeds: try self.range(), executable: "/proc/self/exe", arguments: ["simulate", "--worker"])
    options.jobs = self.jobs
    options.duration = self.minutes.map { $0 * 60 }
    let printer = Printer(total: self.minutes == nil ? options.seeds.count : nil)
    let progress = Swarm(options).run { progress, failure in printer.note(progress, failure) }
    if let first = progress.failures.min(by: { $0.seed < $1.seed }) { try self.shrink(first, options) }
    print(printer.line(progress))
    print("\(progress.passed) seeds passed, \(progress.failures.count) failed")
    if !progress.failures.isEmpty { throw ExitCode.failure }
  }

  private func range() throws -> ClosedRange<UInt64> {
    if let seed = self.seed {
      guard self.seeds == nil else { throw ValidationError("either --seed or --seeds") }
      return seed...seed
    }
    guard let text = self.seeds else {
      guard self.minutes != nil else { throw ValidationError("tell --seed, --seeds or --minutes") }
      return 1...UInt64.max
    }
    let bounds = text.components(separatedBy: "...")
    guard bounds.count == 2, let first = UInt64(bounds[0]), let last = UInt64(bounds[1]), first <= last else {
      throw ValidationError("--seeds takes A...B")
    }
    return first...last
  }

  private func shrink(_ first: (seed: UInt64, violation: Violation), _ options: Swarm.Options) throws {
    print("shrinking seed \(first.seed)")
    let shrinker = Swarm.shrink(first.seed, first.violation, options: options)
    let path = self.output ?? "seed-\(first.seed).rtcsim"
    do { try shrinker.scenario.json().write(to: URL(fileURLWithPath: path)) } catch { throw Failure("cannot write \(path)") }
    let scenario = shrinker.scenario
    print(
      "\(shrinker.attempts) runs later \(scenario.hosts.count) hosts, \(scenario.peers.count) peers and \(scenario.steps.count) steps are left, "
        + "in \(path): \(shrinker.violation)")
  }
}

/// Tells how far it is, every few seconds.
private final class Printer: @unchecked Sendable {
  let total: Int?
  var last = Date()

  init(total: Int?) { self.total = total }

  /// Called from one thread at a time.
  func note(_ progress: Swarm.Progress, _ failure: (seed: UInt64, violation: Violation)?) {
    if let failure {
      print("seed \(failure.seed) failed: \(failure.violation)")
    } else if Date().timeIntervalSince(self.last) < 5 {
      return
    }
    self.last = Date()
    if failure == nil { print(self.line(progress)) }
    fflush(nil)
  }

  func line(_ progress: Swarm.Progress) -> String {
    let of = self.total.map { " of \($0)" } ?? ""
    return "\(progress.count)\(of) seeds in \(Int(progress.seconds)) s, \(rounded(progress.rate)) a second; "
      + "\(progress.failures.count) failed; \(progress.datagrams) datagrams, \(progress.messages) messages, \(progress.frames) frames, "
      + "\(Int(progress.virtualSeconds)) s of virtual time"
  }
}
