import Time

extension Scenario {
  /// The scenario of a seed.
  public init(seed: UInt64) {
    var dice = Dice(seed: seed)
    self.init(seed: seed, hosts: [], peers: [], pairs: [], healsAt: dice.magnitude(in: 1500...12_000))
    // One seed in twelve waits out consent and more.
    if dice.chance(8) { self.healsAt += dice.number(in: 20_000...60_000) }
    self.drawWorld(&dice)
    self.drawPeers(&dice)
    self.drawTimeline(&dice)
    if dice.chance(10) { self.isRepeated = true }
    if dice.chance(10) { self.forksAt = dice.number(in: 0...self.healsAt) }
  }

  // MARK: The world

  private mutating func drawWorld(_ dice: inout Dice) {
    // Mostly one pair, sometimes two, sometimes a server with several clients.
    let shape = dice.number(in: 0...9)
    let count = shape < 7 ? 2 : shape < 9 ? 4 : 3
    let isFaulty = dice.chance(70)
    for _ in 0..<count {
      var host = HostPlan()
      switch dice.number(in: 0...9) {
      case 0...5: break
      case 6...7: host.hasV6 = true
      default:
        host.hasV4 = false
        host.hasV6 = true
      }
      host.link = dice.link(isFaulty: isFaulty)
      self.hosts.append(host)
    }
    // A family in common within each pair.
    for index in self.hosts.indices where !self.hosts[index].hasV4 {
      let others = self.hosts.indices.filter { $0 != index }
      if others.contains(where: { !self.hosts[$0].hasV6 }) { self.hosts[index].hasV4 = true }
    }
    guard dice.chance(35) else { return }
    for index in self.hosts.indices where self.hosts[index].hasV4 && dice.chance(60) {
      if self.nats.isEmpty || dice.chance(80) { self.nats.append(dice.nat()) }
      self.hosts[index].nat = self.nats.count - 1
    }
  }

  private mutating func drawPeers(_ dice: inout Dice) {
    let isServer = self.hosts.count == 3
    let pairCount = isServer ? 2 : self.hosts.count / 2
    let anySTUN = !self.nats.isEmpty || dice.chance(15)
    for index in 0..<pairCount {
      let hosts = isServer ? [index + 1, 0] : [2 * index, 2 * index + 1]
      for host in hosts {
        var peer = PeerPlan(host: host)
        peer.identity = dice.number(in: 0...3)
        peer.usesSTUN = anySTUN
        peer.knobs = dice.knobs()
        self.peers.append(peer)
      }
      var pair = PairPlan(offerer: 2 * index, answerer: 2 * index + 1)
      if dice.chance(30) { swap(&pair.offerer, &pair.answerer) }
      pair.trickle = dice.pick([.full, .full, .half, .none])
      pair.signalingDelay = dice.pick([0, 0, 1, 20, 150, 700])
      pair.repeatsCandidates = dice.chance(10)
      pair.addsBogusCandidates = dice.chance(10)
      pair.candidateDelay = dice.chance(15) ? dice.magnitude(in: 1...3000) : 0
      pair.isOffererPolite = dice.chance(50)
      self.pairs.append(pair)
      self.mendKnobs(of: pair)
    }
    for index in self.nats.indices { self.makeReachable(index) }
  }

  /// What both sides have to have in common.
  private mutating func mendKnobs(of pair: PairPlan) {
    // Without a section for data at first, and none for media yet, there is nothing to offer.
    self.peers[pair.offerer].knobs.removeAll { $0.name == .offersNoData }
  }

  /// Two NATs that no punching gets through would make every run of their pair end the same way.
  private mutating func makeReachable(_ index: Int) {
    for pair in self.pairs where !self.isReachable(pair) {
      let (a, b) = (self.peers[pair.offerer].host, self.peers[pair.answerer].host)
      guard self.hosts[a].nat == index || self.hosts[b].nat == index else { continue }
      self.nats[index].mapping = 0
    }
  }
}

extension Dice {
  mutating func link(isFaulty: Bool) -> LinkPlan {
    var link = LinkPlan()
    guard isFaulty else {
      link.delay = self.pick([0, 1, 5, 20, 50])
      return link
    }
    if self.chance(30) {
      link.preset = self.pick(of: LinkPlan.Preset.self)
      return link
    }
    link.delay = self.magnitude(in: 1...200)
    if self.chance(40) { link.jitter = self.magnitude(in: 1...60) }
    if self.chance(50) { link.loss = self.magnitude(in: 500...150_000) }
    if self.chance(20) { link.burst = self.number(in: 2...8) }
    if self.chance(20) { link.duplication = self.magnitude(in: 1000...200_000) }
    if self.chance(20) { link.reordering = self.magnitude(in: 1000...200_000) }
    if self.chance(15) {
      link.rate = self.magnitude(in: 200_000...10_000_000)
      link.queue = self.magnitude(in: 8_000...128_000)
    }
    return link
  }

  /// What may come over a link for a while.
  mutating func fault() -> LinkPlan {
    var link = self.link(isFaulty: true)
    link.preset = nil
    if self.chance(30) { link.loss = self.magnitude(in: 10_000...600_000) }
    if self.chance(15) { link.corruption = self.magnitude(in: 1000...100_000) }
    if self.chance(10) { link.mtu = self.pick([400, 600, 1000, 1280]) }
    return link
  }

  mutating func nat() -> NATPlan {
    var nat = NATPlan()
    nat.mapping = self.pick([0, 0, 1, 2])
    nat.filtering = self.number(in: 0...2)
    nat.hairpins = self.chance(30)
    nat.bindingTimeout = self.pick([30, 60, 120])
    return nat
  }

  mutating func knobs() -> [Knob] {
    guard self.chance(60) else { return [] }
    var names: Set<String> = []
    var result: [Knob] = []
    for _ in 0..<self.number(in: 1...6) {
      let knob = self.knob()
      if names.insert(knob.name.rawValue).inserted { result.append(knob) }
    }
    // Values that go with each other.
    if let message = result.first(where: { $0.name == .sctpMessage })?.value,
      let window = result.firstIndex(where: { $0.name == .sctpWindow })
    {
      result[window].value = max(result[window].value, message)
    } else if let window = result.first(where: { $0.name == .sctpWindow })?.value, window < 262_144 {
      result.append(Knob(.sctpMessage, window))
    }
    if let initial = result.first(where: { $0.name == .iceRTO })?.value, initial > 3200 { result.removeAll { $0.name == .iceRTO } }
    return result
  }

  private mutating func knob() -> Knob {
    let name = self.pick(of: Knob.Name.self)
    let value: Int
    switch name {
    case .icePacing: value = self.magnitude(in: 5...200)
    case .iceRTO: value = self.magnitude(in: 50...3000)
    case .iceAttempts: value = self.number(in: 3...20)
    case .icePairs: value = self.number(in: 8...60)
    case .iceCandidates: value = self.number(in: 8...40)
    case .consentInterval: value = self.number(in: 5000...10_000)
    case .consentTimeout: value = self.number(in: 20_000...30_000)
    case .disconnectedTimeout: value = self.number(in: 5000...20_000)
    case .nominationDelay: value = self.number(in: 0...1500)
    case .keepaliveInterval: value = self.number(in: 1000...20_000)
    case .dtlsMTU: value = self.magnitude(in: 128...1200)
    case .dtlsCookie, .dtlsExtendedMasterSecret: value = 1
    case .dtlsTimeout: value = self.magnitude(in: 50...4000)
    case .dtlsSuite: value = self.number(in: 0...2)
    case .dtlsGroup: value = 0
    case .dtlsEarlyBytes: value = self.magnitude(in: 1...8192)
    case .srtpProfile: value = 1
    case .srtpReplayWindow: value = self.magnitude(in: 128...2048)
    case .sctpPacket: value = self.number(in: 256...1180)
    case .sctpWindow: value = self.magnitude(in: 3000...1_000_000)
    case .sctpSendBuffer: value = self.magnitude(in: 2048...500_000)
    case .sctpMessage: value = self.magnitude(in: 2000...262_144)
    case .sctpStreams: value = self.pick([8, 100, 1024, 2048, 65_535])
    case .sctpRTOMin: value = self.magnitude(in: 100...1000)
    case .sctpRTOInitial: value = self.magnitude(in: 200...3000)
    case .sctpDelayedAck: value = self.magnitude(in: 1...200)
    case .sctpHeartbeat: value = self.pick([0, 1000, 5000])
    case .sctpBurst: value = self.number(in: 1...20)
    case .sctpInitialWindow: value = self.number(in: 1...32)
    case .sctpStrict, .sctpZeroChecksum: value = 1
    case .sctpBackoff: value = self.magnitude(in: 500...10_000)
    case .channelCount: value = self.number(in: 1...20)
    case .channelName: value = self.magnitude(in: 10...1024)
    case .answersPassive, .offersNoData, .receivesNoMedia: value = 1
    case .earlyDatagrams: value = self.number(in: 0...20)
    case .rtpPacket: value = self.magnitude(in: 400...1200)
    case .rtpReport: value = self.magnitude(in: 100...3000)
    case .rtpFeedback: value = self.magnitude(in: 20...500)
    case .rtpStore: value = self.magnitude(in: 20_000...500_000)
    case .rtpHold: value = self.magnitude(in: 20...1000)
    case .rtpPacketsKept: value = self.magnitude(in: 16...1024)
    }
    return Knob(name, value)
  }
}
