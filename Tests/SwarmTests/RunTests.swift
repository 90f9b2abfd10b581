import Simulator
import Testing
import Time

@testable import Swarm

@Suite struct RunTests {
  @Test func `seeds pass`() {
    var (messages, frames) = (0, 0)
    for seed in 1...60 {
      let outcome = Scenario(seed: UInt64(seed)).run()
      #expect(outcome.violation == nil, "seed \(seed)")
      messages += outcome.messages
      frames += outcome.frames
    }
    #expect(messages > 500 && frames > 100)
  }

  @Test func `a run is the same each time, recorded or not`() throws {
    let scenario = Scenario(seed: 7)
    let first = scenario.run()
    let run = Run(scenario, isRecording: true)
    run.run()
    #expect(run.outcome.outputHash == first.outputHash && run.outcome.steps == first.steps)
    let recordings = run.recordings()
    #expect(recordings.count == scenario.peers.count)
    for recording in recordings {
      var replayer = try Replayer(recording)
      while try replayer.step() != nil {}
      #expect(replayer.datagramsCompared > 0)
    }
  }

  /// The smallest world: two hosts, a perfect path.
  static func plain(healsAt: Int = 2000) -> Scenario {
    Scenario(
      seed: 1, hosts: [HostPlan(), HostPlan()], peers: [PeerPlan(host: 0), PeerPlan(host: 1)],
      pairs: [PairPlan(offerer: 0, answerer: 1)], healsAt: healsAt)
  }

  @Test func `a fork goes on as the run that it was taken from, at any time`() {
    var scenario = Self.plain()
    scenario.hosts[0].link.loss = 50_000
    scenario.hosts[0].link.delay = 20
    scenario.steps = [
      Step(at: 0, .open(peer: 0, channel: 0, ChannelPlan())), Step(at: 0, .addTrack(peer: 1, track: 0, TrackPlan())),
      Step(at: 0, .negotiate(peer: 0)), Step(at: 0, .send(peer: 0, channel: 0, count: 50, size: 2000, isText: false)),
      Step(at: 400, .play(peer: 1, track: 0, count: 30, size: 100, interval: 20)),
    ]
    for at in [0, 50, 150, 400, 900, 2000] {
      scenario.forksAt = at
      let outcome = scenario.run()
      #expect(outcome.violation == nil, "at \(at)")
      #expect(outcome.messages >= 50 && outcome.frames > 10)
    }
  }

  @Test func `what cannot be done is a violation, with its time and peer`() throws {
    var scenario = Self.plain()
    scenario.steps = [Step(at: 0, .negotiate(peer: 0))]
    // A peer that gives up before the handshake can be over: nobody but the scenario is at fault.
    scenario.hosts[0].link.delay = 400
    let knob = Knob(.sctpWindow, 1)
    scenario.peers[1].knobs = [knob]
    let violation = try #require(scenario.run().violation)
    #expect(violation.kind == .stateImpossible)
    scenario.peers[1].knobs = []
    #expect(scenario.run().violation == nil)
  }

  @Test func `an unreachable pair is not expected to connect`() {
    var scenario = Self.plain()
    scenario.nats = [NATPlan(), NATPlan()]
    scenario.hosts[0].nat = 0
    scenario.hosts[1].nat = 1
    scenario.steps = [Step(at: 0, .negotiate(peer: 0))]
    #expect(!scenario.isReachable(scenario.pairs[0]))
    #expect(scenario.run().violation == nil)
    scenario.peers[0].usesSTUN = true
    scenario.peers[1].usesSTUN = true
    #expect(scenario.isReachable(scenario.pairs[0]))
    #expect(scenario.run().violation == nil)
  }
}
