extension Scenario {
  /// What the peers' owners do and what befalls them.
  mutating func drawTimeline(_ dice: inout Dice) {
    var line = Timeline(scenario: self)
    line.draw(&dice)
    self.steps = line.steps.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
  }
}

/// Draws a time line, with what has to be remembered meanwhile.
private struct Timeline {
  struct Opened {
    var pair: Int
    /// Whoever may use it: both sides, once it is known there.
    var channel: Int
    var at: Int
  }
  struct Added {
    var peer: Int
    var track: Int
    var at: Int
    var plan: TrackPlan
  }

  let scenario: Scenario
  var steps: [Step] = []
  var channels: [Opened] = []
  var tracks: [Added] = []
  var nextNegotiatedID = 1000
  /// Bytes and frames that may still be sent: seeds are to be many rather than long.
  var bytes = 250_000
  var frames = 160

  init(scenario: Scenario) { self.scenario = scenario }

  var end: Int { self.scenario.healsAt }

  mutating func add(_ at: Int, _ action: Action) { self.steps.append(Step(at: min(max(at, 0), self.end), action)) }

  mutating func draw(_ dice: inout Dice) {
    for index in self.scenario.pairs.indices { self.begin(index, &dice) }
    for _ in 0..<dice.magnitude(in: 2...24) { self.call(&dice) }
    guard dice.chance(65) else { return }
    for _ in 0..<dice.magnitude(in: 1...8) { self.fault(&dice) }
  }

  /// The first exchange, and mostly something to exchange it for.
  private mutating func begin(_ index: Int, _ dice: inout Dice) {
    let pair = self.scenario.pairs[index]
    let start = dice.chance(70) ? 0 : dice.magnitude(in: 1...1000)
    if dice.chance(85) {
      for _ in 0..<dice.magnitude(in: 1...4) { self.open(index, at: dice.chance(80) ? start : start + 500, &dice) }
    }
    if dice.chance(35) {
      for _ in 0..<dice.number(in: 1...3) { self.addTrack(dice.pick([pair.offerer, pair.answerer]), at: start, &dice) }
    }
    self.add(start, .negotiate(peer: pair.offerer))
    // Both at once: glare from the beginning.
    if dice.chance(8) { self.add(start + dice.number(in: 0...200), .negotiate(peer: pair.answerer)) }
    for channel in self.channels where channel.pair == index && dice.chance(80) { self.send(on: channel, &dice) }
    for track in self.tracks where dice.chance(80) { self.play(track, &dice) }
  }

  private mutating func open(_ index: Int, at: Int, _ dice: inout Dice) {
    let pair = self.scenario.pairs[index]
    var plan = ChannelPlan()
    plan.labelLength = dice.chance(70) ? dice.number(in: 0...20) : dice.magnitude(in: 1...1200)
    if dice.chance(20) { plan.protocolLength = dice.magnitude(in: 1...300) }
    plan.isOrdered = dice.chance(60)
    if dice.chance(20) { plan.maximumRetransmits = dice.number(in: 0...4) }
    else if dice.chance(15) { plan.maximumLifetime = dice.magnitude(in: 1...2000) }
    if dice.chance(20) { plan.priority = dice.pick([128, 512, 1024]) }
    let peer = dice.pick([pair.offerer, pair.answerer])
    let channel = self.channels.count
    self.channels.append(Opened(pair: index, channel: channel, at: at))
    if dice.chance(15) {
      plan.negotiatedID = self.nextNegotiatedID
      self.nextNegotiatedID = self.nextNegotiatedID == 1000 && dice.chance(10) ? 65_534 : self.nextNegotiatedID + 1
      let other = peer == pair.offerer ? pair.answerer : pair.offerer
      self.add(at + (dice.chance(50) ? 0 : dice.magnitude(in: 1...1000)), .open(peer: other, channel: channel, plan))
    }
    self.add(at, .open(peer: peer, channel: channel, plan))
  }

  private mutating func addTrack(_ peer: Int, at: Int, _ dice: inout Dice) {
    var plan = TrackPlan()
    plan.format = dice.pick(of: TrackPlan.Format.self)
    plan.direction = dice.pick([.sendrecv, .sendrecv, .sendonly, .recvonly])
    let track = self.tracks.count
    self.tracks.append(Added(peer: peer, track: track, at: at, plan: plan))
    self.add(at, .addTrack(peer: peer, track: track, plan))
  }

  private func time(after start: Int, _ dice: inout Dice) -> Int {
    start >= self.end ? self.end : dice.number(in: start...self.end)
  }

  private mutating func send(on channel: Opened, _ dice: inout Dice) {
    let pair = self.scenario.pairs[channel.pair]
    let size = dice.chance(10) ? 0 : dice.chance(80) ? dice.magnitude(in: 1...3000) : dice.magnitude(in: 1000...70_000)
    var count = dice.chance(60) ? dice.number(in: 1...5) : dice.magnitude(in: 1...200)
    count = min(count, self.bytes / (size + 100))
    guard count > 0 else { return }
    self.bytes -= count * (size + 100)
    self.add(
      self.time(after: channel.at, &dice),
      .send(
        peer: dice.pick([pair.offerer, pair.answerer]), channel: channel.channel, count: count, size: size,
        isText: dice.chance(30)))
  }

  private mutating func play(_ track: Added, _ dice: inout Dice) {
    let isVideo = track.plan.format == .vp8 || track.plan.format == .h264
    let size = isVideo ? dice.magnitude(in: 60...12_000) : dice.number(in: 20...400)
    var count = min(dice.magnitude(in: 2...60), self.frames)
    if size > 3000 { count = min(count, 20) }
    guard count > 0 else { return }
    self.frames -= count
    // Either side may send on it.
    let pair = self.scenario.pairs.first { $0.offerer == track.peer || $0.answerer == track.peer }
    let peer = pair.map { dice.chance(75) ? track.peer : $0.offerer == track.peer ? $0.answerer : $0.offerer } ?? track.peer
    self.add(
      self.time(after: track.at, &dice),
      .play(peer: peer, track: track.track, count: count, size: size, interval: dice.number(in: 5...60)))
  }

  private mutating func call(_ dice: inout Dice) {
    let index = dice.number(in: 0...(self.scenario.pairs.count - 1))
    let pair = self.scenario.pairs[index]
    let peer = dice.pick([pair.offerer, pair.answerer])
    let at = dice.number(in: 0...self.end)
    switch dice.number(in: 0...99) {
    case 0..<30:
      guard !self.channels.isEmpty else { return self.open(index, at: at, &dice) }
      self.send(on: dice.pick(self.channels), &dice)
    case 30..<42: self.open(index, at: at, &dice)
    case 42..<50:
      guard let channel = self.channels.isEmpty ? nil : dice.pick(self.channels) else { return }
      let pair = self.scenario.pairs[channel.pair]
      self.add(self.time(after: channel.at, &dice), .closeChannel(peer: dice.pick([pair.offerer, pair.answerer]), channel: channel.channel))
    case 50..<54:
      guard let channel = self.channels.isEmpty ? nil : dice.pick(self.channels) else { return }
      self.add(at, .threshold(peer: peer, channel: channel.channel, bytes: dice.magnitude(in: 1...50_000)))
    case 54..<58: self.add(at, .pull(peer: peer, interval: dice.pick([0, 5, 100, 1000])))
    case 58..<64: self.addTrack(peer, at: at, &dice)
    case 64..<70:
      guard let track = self.tracks.isEmpty ? nil : dice.pick(self.tracks) else { return }
      self.play(track, &dice)
    case 70..<73:
      guard let track = self.tracks.isEmpty ? nil : dice.pick(self.tracks) else { return }
      self.add(self.time(after: track.at, &dice), .setDirection(peer: peer, track: track.track, dice.pick(of: TrackPlan.Direction.self)))
    case 73..<75:
      guard let track = self.tracks.isEmpty ? nil : dice.pick(self.tracks) else { return }
      self.add(self.time(after: track.at, &dice), .stopTrack(peer: peer, track: track.track))
    case 75..<76:
      guard let track = self.tracks.isEmpty ? nil : dice.pick(self.tracks) else { return }
      self.add(self.time(after: track.at, &dice), .requestKeyFrame(peer: peer, track: track.track))
    case 76..<80: self.add(at, .negotiate(peer: peer))
    case 80..<84: self.add(at, .restartICE(peer: peer))
    case 84..<85: self.add(dice.chance(30) ? dice.number(in: 0...1000) : at, .close(peer: peer))
    case 85..<94: self.add(at, .misuse(peer: peer, dice.pick(of: Action.Misuse.self)))
    default: self.add(at, .candidate(peer: peer, dice.pick(of: Action.CandidateKind.self)))
    }
  }

  private mutating func fault(_ dice: inout Dice) {
    let at = dice.chance(30) ? dice.number(in: 0...min(2000, self.end)) : dice.number(in: 0...self.end)
    let host = dice.number(in: 0...(self.scenario.hosts.count - 1))
    let duration = dice.chance(85) ? dice.magnitude(in: 50...8000) : dice.number(in: 10_000...50_000)
    switch dice.number(in: 0...99) {
    case 0..<20: self.add(at, .condition(host: host, dice.fault()))
    case 20..<40: self.add(at, .outage(host: host, way: dice.pick(of: Action.Way.self), duration: duration))
    case 40..<48:
      let other = dice.number(in: 0...(self.scenario.hosts.count - 1))
      self.add(at, .partition(host: host, from: other, duration: duration))
    case 48..<60: self.add(at, .roam(host: host, dice.pick(of: Action.Notice.self)))
    case 60..<70: self.add(at, .suspend(host: host, duration: duration))
    case 70..<78:
      guard !self.scenario.nats.isEmpty else { return }
      self.add(at, .rebootNAT(nat: dice.number(in: 0...(self.scenario.nats.count - 1))))
    default:
      let peer = dice.number(in: 0...(self.scenario.peers.count - 1))
      self.add(at, .inject(peer: peer, dice.pick(of: Action.Injection.self), count: dice.magnitude(in: 1...30)))
    }
  }
}
