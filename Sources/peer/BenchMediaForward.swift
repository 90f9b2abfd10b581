import Bytes
import CAllocations
import CLinux
import CSRTP
import RTP
import SRTP
import Time

/// What the engine takes for a packet, and what libsrtp2 alone takes for the same packet: nanoseconds of CPU time in the best of
/// several rounds, in which the two take turns.
struct MediaCost {
  var ours = Double.infinity
  var bare = Double.infinity
  /// A packet, libsrtp2's included.
  var allocations = 0.0

  var ratio: Double { self.ours / self.bare }
}

/// One round's sums.
private struct Round {
  var packets = 0
  var ours: UInt64 = 0
  var bare: UInt64 = 0
  var allocations: UInt64 = 0
}

/// The best times of `rounds`, and the allocations of one more: counting them costs time.
private func measure(rounds: Int, _ round: () throws -> Round) throws -> MediaCost {
  var cost = MediaCost()
  for _ in 0..<rounds {
    let result = try round()
    cost.ours = min(cost.ours, Double(result.ours) / Double(result.packets))
    cost.bare = min(cost.bare, Double(result.bare) / Double(result.packets))
  }
  callocations_count(1)
  let counted = try round()
  callocations_count(0)
  cost.allocations = Double(counted.allocations) / Double(counted.packets)
  return cost
}

let mediaPacketSize = 1200

/// libsrtp2 as it is installed, with its own ciphers.
struct BareSRTP: ~Copyable {
  private let pair: OpaquePointer

  init(_ keys: [UInt8], isClient: Bool) throws {
    let profile = ProtectionProfile.aeadAES128GCM
    let (key, salt) = (profile.keyLength, profile.saltLength)
    let (local, remote) = isClient ? (0, 1) : (1, 0)
    let pair = keys.withUnsafeBufferPointer { bytes -> OpaquePointer? in
      guard let base = bytes.baseAddress else { return nil }
      let salts = base + 2 * key
      return csrtp_create_bare(
        CInt(profile.rawValue), base + local * key, salts + local * salt, base + remote * key, salts + remote * salt, key,
        salt, 1024, 1024)
    }
    guard let pair else { throw Failure("libsrtp2 does not start") }
    self.pair = pair
  }

  deinit { csrtp_free(self.pair) }

  func protect(_ packet: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int { Int(csrtp_protect(self.pair, packet, CInt(count))) }
  func unprotect(_ packet: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int {
    Int(csrtp_unprotect(self.pair, packet, CInt(count)))
  }
}

/// Keys of one association, the same for both of its ends.
func mediaKeys(_ number: UInt8) -> [UInt8] {
  (0..<ProtectionProfile.aeadAES128GCM.keyingMaterialLength).map { UInt8(truncatingIfNeeded: $0 * 7) ^ number }
}

func srtpSession(_ keys: [UInt8], isClient: Bool) throws -> SRTP.Session {
  do throws(SRTPError) {
    return try SRTP.Session(profile: .aeadAES128GCM, keyingMaterial: keys.span, isDTLSClient: isClient)
  } catch {
    throw Failure("no SRTP session: \(error)")
  }
}

/// A video line as browsers negotiate it: H264 with RTX, feedback and the usual header extensions.
func videoParameters(sends: Bool) -> LineParameters {
  var mapping = PayloadMapping(payloadType: 96, codec: Codec(.h264))
  mapping.rtxPayloadType = 97
  mapping.nack = true
  mapping.pli = true
  mapping.transportCC = true
  var parameters = LineParameters(kind: .video)
  parameters.mid = Array("1".utf8)
  parameters.sends = sends
  parameters.receives = !sends
  parameters.sendCodecs = sends ? [mapping] : []
  parameters.receiveCodecs = sends ? [] : [mapping]
  parameters.extensions.mid = 4
  parameters.extensions.absoluteSendTime = 2
  parameters.extensions.transportSequence = 3
  return parameters
}

func rtpSession(_ configuration: RTP.Session.Configuration, sends: Bool, now: Instant) throws -> RTP.Session {
  var session = try RTP.Session(configuration: configuration, random: SeededRandom(seed: .init(1)), now: now)
  session.configure(try session.addLine(kind: .video), videoParameters(sends: sends), now: now)
  return session
}

/// One way through a forwarding server: what comes from one peer leaves for another under its keys.
///
/// Packets come in bursts, as a frame's do, and a driver reads them in batches: all of one are taken in before the first leaves.
private struct Forwarder: ~Copyable {
  static let burst = 10

  var ingress: SRTP.Session
  var egress: SRTP.Session
  var receiving: RTP.Session
  var sending: RTP.Session
  var packets = 0

  mutating func receive(_ packet: inout MutableSpan<UInt8>, now: Instant) {
    guard let count = self.ingress.unprotect(&packet) else { return }
    let plain = packet.span.extracting(0..<count)
    guard let received = self.receiving.receive(plain, now: now) else { return }
    do throws(RTP.SendError) {
      try self.sending.sendPacket(
        received.header.payload(of: plain), marker: received.header.marker,
        FrameTiming(timestamp: received.header.timestamp), on: 0, now: now)
    } catch {
      // What finds no room is lost, and told by the count of packets.
    }
  }

  /// Timers, then what is to leave.
  mutating func serve(by buffer: inout [UInt8], now: Instant) {
    if let deadline = self.receiving.nextDeadline, deadline <= now { self.receiving.advance(to: now) }
    if let deadline = self.sending.nextDeadline, deadline <= now { self.sending.advance(to: now) }
    while self.receiving.pollEvent() != nil {}
    while self.sending.pollEvent() != nil {}
    while true {
      var writer = SpanWriter(buffer.mutableSpan)
      guard let kind = self.sending.pollTransmit(into: &writer, now: now) else { break }
      let size = writer.count
      var bytes = buffer.mutableSpan
      switch kind {
      case .rtp: if self.egress.protect(&bytes, count: size) != nil { self.packets += 1 }
      case .rtcp: _ = self.egress.protectControl(&bytes, count: size)
      }
    }
    // The sender gets its reports.
    while true {
      var writer = SpanWriter(buffer.mutableSpan)
      guard self.receiving.pollTransmit(into: &writer, now: now) != nil else { break }
      let size = writer.count
      var bytes = buffer.mutableSpan
      _ = self.ingress.protectControl(&bytes, count: size)
    }
  }
}

/// Protected packets, each in a place of its own; both contenders change their copies in place.
private struct PacketSet {
  /// Few enough to stay in the second-level cache.
  static let count = 60
  static let stride = 1280
  var bytes = [UInt8](repeating: 0, count: Self.count * Self.stride)
  var sizes = [Int](repeating: 0, count: Self.count)

  mutating func copy(_ other: PacketSet) {
    self.bytes.withUnsafeMutableBufferPointer { target in
      other.bytes.withUnsafeBufferPointer { target.baseAddress!.update(from: $0.baseAddress!, count: $0.count) }
    }
  }
}

private func makeForwarder(_ ingress: [UInt8], _ egress: [UInt8], now: Instant) throws -> Forwarder {
  var configuration = RTP.Session.Configuration()
  configuration.videoReceiver.delivery = .inPlace
  // Two bytes of each packet are left for RTX.
  configuration.maximumPacketSize = mediaPacketSize + 2
  // What comes was paced by its sender.
  configuration.pacingInterval = .zero
  let receiving = try rtpSession(configuration, sends: false, now: now)
  let sending = try rtpSession(configuration, sends: true, now: now)
  return Forwarder(
    ingress: try srtpSession(ingress, isClient: false), egress: try srtpSession(egress, isClient: true),
    receiving: receiving, sending: sending)
}

/// Packets of an H264 stream, protected by their sender: ten fragments a frame, every hundredth frame a key frame.
private struct PacketSource: ~Copyable {
  private let bare: BareSRTP
  private var sequenceNumber: UInt16 = 1000
  private var packet = 0
  private let parameters = videoParameters(sends: true)
  private let media = pattern(3, size: mediaPacketSize)

  init(_ keys: [UInt8]) throws { self.bare = try BareSRTP(keys, isClient: true) }

  mutating func fill(_ packets: inout PacketSet) {
    for index in 0..<PacketSet.count {
      var bytes = packets.bytes.mutableSpan
      var slot = bytes._mutatingExtracting((index * PacketSet.stride)..<((index + 1) * PacketSet.stride))
      packets.sizes[index] = self.write(&slot)
    }
  }

  /// Writes one packet and returns its size; `bytes` has room for it.
  private mutating func write(_ bytes: inout MutableSpan<UInt8>) -> Int {
    let place = self.packet % Forwarder.burst
    let frame = self.packet / Forwarder.burst
    self.packet += 1
    var header = PacketHeader(
      payloadType: 96, marker: place == Forwarder.burst - 1, sequenceNumber: self.sequenceNumber,
      timestamp: UInt32(truncatingIfNeeded: frame) &* 900, ssrc: 0x1234_5678)
    header.extensions.absoluteSendTime = 77
    header.extensions.transportSequence = self.sequenceNumber
    self.sequenceNumber &+= 1
    var writer = SpanWriter(bytes._mutatingExtracting(0..<mediaPacketSize))
    header.write(into: &writer, extensions: self.parameters.extensions, mid: self.parameters.mid.span, rid: Span())
    // FU-A (RFC 6184 section 5.8).
    writer.write(0x7C as UInt8)
    writer.write((frame % 100 == 0 ? 5 : 1) | (place == 0 ? 0x80 : 0) | (place == Forwarder.burst - 1 ? 0x40 : 0) as UInt8)
    writer.write(self.media.span.extracting(0..<writer.remaining))
    return bytes.withUnsafeMutableBufferPointer { self.bare.protect($0.baseAddress!, mediaPacketSize) }
  }
}

/// Our turn: a burst every 10 ms.
private func forward(
  _ packets: inout PacketSet, through forwarder: inout Forwarder, by buffer: inout [UInt8], now: inout Instant
) {
  var index = 0
  while index < PacketSet.count {
    now = now + .milliseconds(10)
    for _ in 0..<Forwarder.burst {
      let start = index * PacketSet.stride
      let end = start + packets.sizes[index]
      var bytes = packets.bytes.mutableSpan
      var packet = bytes._mutatingExtracting(start..<end)
      forwarder.receive(&packet, now: now)
      index += 1
    }
    forwarder.serve(by: &buffer, now: now)
  }
}

/// Unprotect, our RTP on both sides, and protect, against libsrtp2's unprotect and protect of the same packets.
func measureForwarding(rounds: Int, packetsPerRound: Int) throws -> MediaCost {
  let (ingress, egress) = (mediaKeys(1), mediaKeys(2))
  var now = Instant(nanoseconds: 1_000_000_000)
  var source = try PacketSource(ingress)
  let bareIngress = try BareSRTP(ingress, isClient: false)
  let bareEgress = try BareSRTP(egress, isClient: true)
  var forwarder = try makeForwarder(ingress, egress, now: now)
  var buffer = [UInt8](repeating: 0, count: 1500)
  let clock = clinux_thread_clock()
  var mine = PacketSet()
  var theirs = PacketSet()
  var sent = 0

  func turn(_ round: inout Round) throws {
    source.fill(&mine)
    theirs.copy(mine)
    let sizes = mine.sizes
    let allocations = callocations_total()
    let start = clinux_clock_nanoseconds(clock)
    forward(&mine, through: &forwarder, by: &buffer, now: &now)
    let between = clinux_clock_nanoseconds(clock)
    round.allocations += callocations_total() - allocations
    var isFine = true
    theirs.bytes.withUnsafeMutableBufferPointer { bytes in
      for index in sizes.indices {
        let packet = bytes.baseAddress! + index * PacketSet.stride
        let size = bareIngress.unprotect(packet, sizes[index])
        isFine = isFine && size == mediaPacketSize && bareEgress.protect(packet, size) > size
      }
    }
    round.bare += clinux_clock_nanoseconds(clock) - between
    round.ours += between - start
    round.packets += PacketSet.count
    sent += PacketSet.count
    guard isFine, forwarder.packets == sent else { throw Failure("packets were lost on their way through memory") }
  }

  // Buffers reach their size before anything is counted.
  var ignored = Round()
  for _ in 0..<50 { try turn(&ignored) }
  return try measure(rounds: rounds) {
    var round = Round()
    while round.packets < packetsPerRound { try turn(&round) }
    return round
  }
}

/// H264 frames into protected packets, against libsrtp2's protection of packets of the same sizes.
func measurePacketizing(rounds: Int, framesPerRound: Int) throws -> MediaCost {
  let keys = mediaKeys(3)
  var now = Instant(nanoseconds: 1_000_000_000)
  var configuration = RTP.Session.Configuration()
  configuration.maximumPacketSize = mediaPacketSize + 2
  var session = try rtpSession(configuration, sends: true, now: now)
  var srtp = try srtpSession(keys, isClient: true)
  let bare = try BareSRTP(keys, isClient: true)
  let clock = clinux_thread_clock()
  var frame = pattern(5, size: 30_000)
  for index in frame.indices { frame[index] |= 1 }
  frame.replaceSubrange(0..<5, with: [0, 0, 0, 1, 0x41])
  var output = [UInt8](repeating: 0, count: 1500)
  var theirs = [UInt8](repeating: 0, count: 1500)
  theirs.replaceSubrange(0..<12, with: [0x80, 96, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])
  var sequenceNumber: UInt16 = 0
  var timestamp: UInt32 = 0
  var sizes: [Int] = []
  sizes.reserveCapacity(1000)

  func turn(_ round: inout Round) throws {
    sizes.removeAll(keepingCapacity: true)
    var isFine = true
    let allocations = callocations_total()
    let start = clinux_clock_nanoseconds(clock)
    let end = now + .milliseconds(33)
    timestamp &+= 2970
    do throws(RTP.SendError) {
      try session.send(frame.span, FrameTiming(timestamp: timestamp), on: 0, now: now)
    } catch {
      isFine = false
    }
    while true {
      while true {
        var writer = SpanWriter(output.mutableSpan)
        guard let kind = session.pollTransmit(into: &writer, now: now) else { break }
        let size = writer.count
        var bytes = output.mutableSpan
        switch kind {
        case .rtp:
          sizes.append(size)
          isFine = srtp.protect(&bytes, count: size) != nil && isFine
        case .rtcp:
          isFine = srtp.protectControl(&bytes, count: size) != nil && isFine
        }
      }
      guard let deadline = session.nextDeadline, deadline < end else { break }
      now = deadline
      session.advance(to: now)
    }
    now = end
    let between = clinux_clock_nanoseconds(clock)
    round.allocations += callocations_total() - allocations
    theirs.withUnsafeMutableBufferPointer { bytes in
      let packet = bytes.baseAddress!
      for size in sizes {
        packet[2] = UInt8(sequenceNumber >> 8)
        packet[3] = UInt8(truncatingIfNeeded: sequenceNumber)
        sequenceNumber &+= 1
        isFine = bare.protect(packet, size) > size && isFine
      }
    }
    round.bare += clinux_clock_nanoseconds(clock) - between
    round.ours += between - start
    round.packets += sizes.count
    guard isFine, sizes.count >= frame.count / mediaPacketSize else { throw Failure("a frame did not become packets") }
  }

  var ignored = Round()
  for _ in 0..<200 { try turn(&ignored) }
  return try measure(rounds: rounds) {
    var round = Round()
    for _ in 0..<framesPerRound { try turn(&round) }
    return round
  }
}
