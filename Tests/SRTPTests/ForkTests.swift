import Testing

@testable import SRTP

/// Traffic of two peers: reordered, repeated, lost, forged, over several SSRCs, with both protocols.
struct Traffic {
  var choices: Choices
  var next: [UInt16]
  var highest: [UInt16]
  /// Packets under way in either direction, never forgotten: replays come from here.
  var wire: [(packet: [UInt8], control: Bool)] = []
  let step: Int

  init(seed: UInt64, step: Int) {
    self.choices = Choices(state: seed)
    self.step = step
    self.next = (0..<3).map { UInt16(truncatingIfNeeded: 40_000 + 9_000 * $0) }
    self.highest = self.next
  }

  enum Operation {
    case send([UInt8], Bool)
    case receive([UInt8], Bool)
  }

  /// The next operation of the session under test; `peer` provides what it receives.
  mutating func operation(_ peer: Peer) -> Operation {
    let stream = self.choices.below(3)
    let ssrc = UInt32(100 + stream)
    switch self.choices.below(10) {
    case 0: return .send(rtcp(ssrc: ssrc, fill: UInt8(self.choices.below(256))), true)
    case 1: // an old one again, perhaps too old
      return .send(rtp(self.next[stream] &- UInt16(self.choices.below(200)), ssrc: ssrc), false)
    case 2, 3:
      self.next[stream] &+= UInt16(1 + self.choices.below(3 * self.step))
      return .send(rtp(self.next[stream], ssrc: ssrc), false)
    case 4:
      if let packet = peer.protectedControl(rtcp(ssrc: ssrc, fill: UInt8(self.choices.below(256)))) {
        self.wire.append((packet, true))
      }
    case 5, 6, 7:
      self.highest[stream] &+= UInt16(self.choices.below(self.step))
      let late = self.choices.below(4) == 0 ? UInt16(self.choices.below(150)) : 0
      if let packet = peer.protected(rtp(self.highest[stream] &- late, ssrc: ssrc)) { self.wire.append((packet, false)) }
    default: break
    }
    guard self.wire.count > 0 else { return .send(rtp(self.next[stream], ssrc: ssrc), false) }
    // Mostly something recent, so that much of it is still acceptable.
    let reach = self.choices.below(3) == 0 ? self.wire.count : min(self.wire.count, 4)
    var (packet, control) = self.wire[self.wire.count - 1 - self.choices.below(reach)]
    if self.choices.below(12) == 0 { packet[self.choices.below(packet.count)] ^= 0x40 }
    return .receive(packet, control)
  }
}

func apply(_ operation: Traffic.Operation, _ session: Peer) -> [UInt8]? {
  switch operation {
  case .send(let packet, let control): session.run(control ? .protectControl : .protect, packet).result
  case .receive(let packet, let control): session.run(control ? .unprotectControl : .unprotect, packet).result
  }
}

@Suite struct ForkTests {
  @Test(arguments: profiles, [UInt64(1), 2, 3])
  func `a fork gives the same bytes and the same verdicts for ever after`(profile: ProtectionProfile, seed: UInt64) throws {
    var configuration = Configuration()
    configuration.replayWindow = 128
    configuration.repeatWindow = 128
    let original = try session(profile, client: true, configuration)
    let peer = try session(profile, client: false, configuration)
    var traffic = Traffic(seed: seed, step: 1200)
    for _ in 0..<2000 { _ = apply(traffic.operation(peer), original) }
    #expect(original.sending.streams.allSatisfy { $0.highest >> 16 >= 2 })
    #expect(original.receiving.streams.allSatisfy { $0.highest >> 16 >= 2 })

    let copy = try original.fork()
    #expect(copy.statistics == original.statistics)
    var different = 0
    var accepted = 0
    // Everything that ever was on the wire once more, then new traffic.
    for (packet, control) in traffic.wire {
      let operation = Traffic.Operation.receive(packet, control)
      let (a, b) = (apply(operation, original), apply(operation, copy))
      if a != b { different += 1 }
    }
    for _ in 0..<2000 {
      let operation = traffic.operation(peer)
      let (a, b) = (apply(operation, original), apply(operation, copy))
      if a != b { different += 1 }
      if a != nil { accepted += 1 }
    }
    #expect(different == 0)
    #expect(accepted > 1000)
    #expect(copy.statistics == original.statistics)
    #expect(original.statistics.replays > 100 && original.statistics.authenticationFailures > 20)
  }

  @Test(arguments: profiles)
  func `a fork of a fork at every step agrees`(profile: ProtectionProfile) throws {
    var configuration = Configuration()
    configuration.replayWindow = 192
    let original = try session(profile, client: false, configuration)
    var copy = try original.fork()
    let peer = try session(profile, client: true, configuration)
    var traffic = Traffic(seed: 9, step: 9000)
    var different = 0
    for _ in 0..<150 {
      let operation = traffic.operation(peer)
      let (a, b) = (apply(operation, original), apply(operation, copy))
      if a != b { different += 1 }
      copy = try copy.fork()
    }
    #expect(different == 0)
    #expect(copy.statistics == original.statistics)
  }

  /// Not through libsrtp2's window, which a fork does not fill: our own alone must agree with it.
  @Test(arguments: profiles)
  func `our replay windows say what libsrtp2 says`(profile: ProtectionProfile) throws {
    var configuration = Configuration()
    configuration.replayWindow = 128
    configuration.repeatWindow = 4096
    let original = try session(profile, client: true, configuration)
    let peer = try session(profile, client: false, configuration)
    var traffic = Traffic(seed: 77, step: 300)
    for _ in 0..<3000 { _ = apply(traffic.operation(peer), original) }
    // libsrtp2 never refused what ours let pass: its refusals of replays would count as malformed.
    #expect(original.statistics.malformed < 100)
    let forged = original.statistics.malformed
    // And ours refuses nothing that libsrtp2 would take: what is new and within the window passes.
    let base = UInt16(truncatingIfNeeded: original.receiving.streams[0].highest) &+ 500
    let ssrc = original.receiving.streams[0].ssrc
    let packets = (UInt16(0)..<128).map { peer.protected(rtp(base &+ $0, ssrc: ssrc))! }
    for packet in packets.reversed() { #expect(original.unprotected(packet) != nil) }
    for packet in packets { #expect(original.unprotected(packet) == nil) }
    #expect(original.statistics.malformed == forged)
  }

  @Test(arguments: profiles)
  func `a fork of a stream that has just begun follows libsrtp2's first guesses`(profile: ProtectionProfile) throws {
    for start in [UInt16(0), 1, 0x2000, 0x7FFF, 0x8000, 0x8001, 0xFFFF] {
      for second in [UInt16(0), 1, 5, 0x7FFF, 0x8000, 0x8001, 0xFFF0, 0xFFFF] {
        let original = try session(profile, client: true)
        let peer = try session(profile, client: false)
        let first = try #require(peer.protected(rtp(start)))
        _ = original.unprotected(first)
        _ = original.protected(rtp(start))
        let copy = try original.fork()
        let next = peer.protected(rtp(second))
        for packet in [first, next ?? first, first] {
          let (a, b) = (original.unprotected(packet), copy.unprotected(packet))
          #expect(a == b, "\(start) then \(second)")
        }
        let (a, b) = (original.protected(rtp(second)), copy.protected(rtp(second)))
        #expect(a == b, "\(start) then \(second)")
        // What the second packet did to the index has to be known as well.
        let third = try original.fork()
        for sequence in [second &+ 1, start &+ 1, second &+ 0x6000] {
          let packet = peer.protected(rtp(sequence)) ?? []
          let results = (original.unprotected(packet), copy.unprotected(packet), third.unprotected(packet))
          #expect(results.0 == results.1 && results.0 == results.2, "\(start), \(second), \(sequence)")
          let sent = (original.protected(rtp(sequence)), copy.protected(rtp(sequence)), third.protected(rtp(sequence)))
          #expect(sent.0 == sent.1 && sent.0 == sent.2, "\(start), \(second), \(sequence)")
        }
        #expect(original.statistics == copy.statistics && original.statistics == third.statistics)
      }
    }
  }

  @Test(arguments: profiles)
  func `a fork after many RTCP packets continues their index`(profile: ProtectionProfile) throws {
    let original = try session(profile, client: true)
    for _ in 0..<5000 { _ = original.protectedControl(rtcp()) }
    let copy = try original.fork()
    let (a, b) = (try #require(original.protectedControl(rtcp())), try #require(copy.protectedControl(rtcp())))
    #expect(a == b)
    let tag = profile == .aes128CMHMACSHA1_80 ? profile.tagLength : 0
    #expect(Array(a[(a.count - tag - 4)..<(a.count - tag)]) == [0x80, 0, 0x13, 0x89])
  }
}
