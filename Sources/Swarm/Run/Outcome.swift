import Time

/// How a run ended.
public struct Outcome: Sendable {
  public var violation: Violation?
  public var outputHash: UInt64 = 0
  public var steps = 0
  public var datagrams = 0
  public var messages = 0
  public var frames = 0
  public var virtualSeconds = 0.0
  /// Pairs that were connected at the end, and those that had ended by then.
  public var pairsConnected = 0
  public var pairsEnded = 0

  public init() {}
}

extension Scenario {
  /// Runs it, a second time too where it says so.
  public func run() -> Outcome {
    let run = Run(self)
    run.run()
    var outcome = run.outcome
    guard outcome.violation == nil, self.isRepeated else { return outcome }
    let second = Run(self)
    second.run()
    if second.outcome.outputHash != outcome.outputHash || second.violation != nil {
      outcome.violation = Violation(.outputDiffers, "a second run of the same scenario differs from the first")
    }
    return outcome
  }
}

extension Run {
  /// What each peer recorded, for `Replayer` and the views of sessions; nothing unless the run was told to record.
  public func recordings() -> [[UInt8]] {
    self.state.peers.map { peer in
      var bytes: [UInt8] = []
      self.world[peer.id].drainRecording { span in
        for index in 0..<span.count { bytes.append(span[index]) }
      }
      return bytes
    }
  }

  public var outcome: Outcome {
    var outcome = Outcome()
    outcome.violation = self.violation
    outcome.outputHash = self.world.outputHash
    outcome.steps = self.state.steps
    outcome.datagrams = self.state.peers.reduce(0) { $0 + $1.watch.datagrams }
    outcome.messages = self.state.messagesDelivered
    outcome.frames = self.state.framesDelivered
    outcome.virtualSeconds = self.elapsed / 1000
    for pair in self.state.pairs {
      let isOver = self.state.peers[pair.plan.offerer].isOver || self.state.peers[pair.plan.answerer].isOver
      if isOver { outcome.pairsEnded += 1 } else if pair.isProbed { outcome.pairsConnected += 1 }
    }
    return outcome
  }
}
