import Foundation
import SwarmWorkers
import Testing

@testable import Swarm

@Suite struct ScenarioTests {
  @Test func `a seed draws one scenario, and another seed another`() {
    #expect(Scenario(seed: 5) == Scenario(seed: 5))
    #expect(Scenario(seed: 5) != Scenario(seed: 6))
  }

  @Test func `a file holds all of a scenario`() throws {
    for seed in 0..<200 {
      let scenario = Scenario(seed: UInt64(seed))
      #expect(try Scenario(json: scenario.json()) == scenario)
    }
  }

  @Test func `scenarios keep what they promise`() {
    for seed in 0..<500 {
      let scenario = Scenario(seed: UInt64(seed))
      for pair in scenario.pairs { #expect(scenario.isReachable(pair), "seed \(seed)") }
      #expect(scenario.steps.allSatisfy { (0...scenario.healsAt).contains($0.at) }, "seed \(seed)")
      #expect(zip(scenario.steps, scenario.steps.dropFirst()).allSatisfy { $0.at <= $1.at }, "seed \(seed)")
    }
  }

  /// Every kind of call, fault, misuse and setting is drawn before long.
  @Test func `everything that there is gets drawn`() throws {
    var words = Set<String>()
    for seed in 0..<1500 {
      let text = String(decoding: try Scenario(seed: UInt64(seed)).json(), as: UTF8.self)
      for word in text.split(whereSeparator: { !$0.isLetter }) { words.insert(String(word)) }
    }
    for name in Knob.Name.allCases { #expect(words.contains(name.rawValue.filter(\.isLetter)), "\(name)") }
    for misuse in Action.Misuse.allCases { #expect(words.contains(misuse.rawValue), "\(misuse)") }
    for injection in Action.Injection.allCases { #expect(words.contains(injection.rawValue), "\(injection)") }
    for notice in Action.Notice.allCases { #expect(words.contains(notice.rawValue), "\(notice)") }
    for kind in Action.CandidateKind.allCases { #expect(words.contains(kind.rawValue), "\(kind)") }
    for preset in LinkPlan.Preset.allCases { #expect(words.contains(preset.rawValue), "\(preset)") }
    for trickle in PairPlan.Trickle.allCases { #expect(words.contains(trickle.rawValue), "\(trickle)") }
    for action in [
      "negotiate", "open", "closeChannel", "send", "threshold", "pull", "addTrack", "play", "setDirection", "stopTrack",
      "requestKeyFrame", "restartICE", "close", "misuse", "candidate", "condition", "outage", "partition", "roam", "suspend",
      "rebootNAT", "inject", "negotiatedID", "maximumRetransmits", "maximumLifetime", "forksAt",
    ] {
      #expect(words.contains(action), "\(action)")
    }
  }

  @Test func `whatever is taken out of a scenario, the rest can be run`() {
    for seed in 0..<12 {
      var scenario = Scenario(seed: UInt64(seed))
      scenario.steps.removeAll { $0.at.isMultiple(of: 3) }
      scenario.nats = []
      while scenario.pairs.count > 1 { scenario.remove(pair: 0) }
      #expect(scenario.peers.count == 2 && (1...2).contains(scenario.hosts.count))
      scenario.isRepeated = false
      let violation = scenario.run().violation
      #expect(violation == nil, "seed \(seed)")
    }
  }
}
