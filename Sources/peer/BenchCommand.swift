import ArgumentParser
import Bytes
import CAllocations
import CLinux
import Cryptography
import DataChannel
import EpollDriver
import Foundation
import SCTP
import STUN
import Simulator
import Time
import WebRTC

struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure both ends together: CPU time a byte, allocations a packet, set-up, memory, idling.",
    subcommands: [BenchMedia.self])

  @Flag(help: "Print one JSON object instead of a table.") var json = false
  @Flag(help: "A tenth of the work: numbers are rougher.") var quick = false

  func run() async throws {
    let scale = self.quick ? 1 : 10
    let sctp = try measureAssociation(bytes: scale * 20_000_000)
    let stack = try measureStack(bytes: scale * 10_000_000)
    let aead = try measureAEAD(bytes: scale * 10_000_000)
    let udp = try await measureUDP(messages: scale * 500)
    let setup = try await measureSetup(pairs: scale * 5)
    let heap = try measureHeap()
    let idle = try measureIdle(rounds: scale * 100_000)
    if self.json {
      try printJSON([
        "sctp": sctp.json, "stack": stack.json, "udp": udp.json, "aead_ns_per_byte": rounded(aead),
        "setup": [
          "cpu_ms_per_pair": rounded(setup.cpu), "cpu_ms_per_pair_with_certificates": rounded(setup.cpuWithCertificates),
          "p50_ms": rounded(setup.p50), "p99_ms": rounded(setup.p99),
        ],
        "heap_bytes_per_peer": heap, "idle_poll_ns": rounded(idle, 1),
      ])
      return
    }
    printTable(
      "both ends together",
      [
        ("SCTP in memory", sctp.text),
        ("whole stack in memory", stack.text),
        ("  of which AEAD, seal and open", "\(rounded(aead)) ns/byte; above it \(rounded(stack.cpuPerByte - aead))"),
        ("UDP over loopback", udp.text),
        ("set-up", "\(rounded(setup.cpu)) ms CPU a pair, \(rounded(setup.cpuWithCertificates)) with certificates"),
        ("set-up, elapsed", "median \(rounded(setup.p50)) ms, 99th percentile \(rounded(setup.p99)) ms"),
        ("heap of a connected peer", "\(heap) bytes"),
        ("idle poll", "\(rounded(idle, 1)) ns"),
      ])
  }
}

struct Transfer {
  var bytes = 0
  var packets = 0
  var cpuNanoseconds: UInt64 = 0
  var elapsedNanoseconds: UInt64 = 0
  var allocations: UInt64 = 0
  var cpuPerByte: Double { Double(self.cpuNanoseconds) / Double(max(self.bytes, 1)) }
  var megabytesPerSecond: Double { Double(self.bytes) * 1e3 / Double(max(self.elapsedNanoseconds, 1)) }
  var allocationsPerPacket: Double { Double(self.allocations) / Double(max(self.packets, 1)) }

  var json: [String: Double] {
    [
      "cpu_ns_per_byte": rounded(self.cpuPerByte), "mb_s": rounded(self.megabytesPerSecond, 1),
      "allocations_per_packet": rounded(self.allocationsPerPacket, 4),
    ]
  }
  var text: String {
    "\(rounded(self.cpuPerByte)) ns/byte CPU, \(rounded(self.megabytesPerSecond, 1)) MB/s, "
      + "\(rounded(self.allocationsPerPacket, 4)) allocations a packet"
  }
}

/// Time, CPU and allocations of a piece of work.
struct Meter {
  private let cpu = clinux_cpu_nanoseconds()
  private let elapsed = clinux_monotonic_nanoseconds()
  private let allocations: UInt64

  init() {
    callocations_count(1)
    self.allocations = callocations_total()
  }

  func stop(_ transfer: inout Transfer) {
    transfer.allocations = callocations_total() - self.allocations
    transfer.cpuNanoseconds = clinux_cpu_nanoseconds() - self.cpu
    transfer.elapsedNanoseconds = clinux_monotonic_nanoseconds() - self.elapsed
    callocations_count(0)
  }
}

// MARK: In memory

/// Bulk data one way between two associations; no DTLS, no sockets.
private func measureAssociation(bytes: Int) throws -> Transfer {
  var now = Instant(nanoseconds: 1_000_000_000)
  var configuration = Association.Configuration()
  configuration.zeroChecksum = false
  var sender = try Association(configuration: configuration, random: SeededRandom(seed: .init(1)), now: now)
  var receiver = try Association(configuration: configuration, random: SeededRandom(seed: .init(2)), now: now)
  sender.connect(now: now)
  receiver.connect(now: now)
  let message = pattern(1, size: 16_384)
  var buffer = [UInt8](repeating: 0, count: 2048)
  var sink = [UInt8](repeating: 0, count: 65_536)
  var transfer = Transfer()

  func turn() {
    while (try? sender.send(message.span, stream: 0, protocolIdentifier: 53, options: .init(), now: now)) != nil {}
    var progress = true
    while progress {
      progress = false
      for fromSender in [true, false] {
        while true {
          var writer = SpanWriter(buffer.mutableSpan)
          let sent = fromSender ? sender.pollTransmit(into: &writer) : receiver.pollTransmit(into: &writer)
          guard sent else { break }
          let count = writer.count
          progress = true
          transfer.packets += 1
          if fromSender {
            receiver.receive(buffer.span.extracting(0..<count), now: now)
          } else {
            sender.receive(buffer.span.extracting(0..<count), now: now)
          }
        }
      }
      while true {
        var writer = SpanWriter(sink.mutableSpan)
        guard let received = receiver.receiveMessage(into: &writer) else { break }
        transfer.bytes += received.size
      }
    }
    while sender.pollEvent() != nil {}
    while receiver.pollEvent() != nil {}
    now = now + .milliseconds(1)
    if let deadline = sender.nextDeadline, deadline <= now { sender.advance(to: now) }
    if let deadline = receiver.nextDeadline, deadline <= now { receiver.advance(to: now) }
  }

  // Windows open and buffers reach their size before anything is counted.
  while transfer.bytes < bytes / 10 { turn() }
  transfer = Transfer()
  let meter = Meter()
  while transfer.bytes < bytes { turn() }
  meter.stop(&transfer)
  return transfer
}

/// Two connected peers on a virtual clock without delay, and the channel that the offerer opened.
private func connectedPair(_ identities: (Identity, Identity), channel: inout Channel) throws -> PeerPair {
  let pair = try PeerPair(seed: 1, identities: identities)
  channel = try pair.offerer.openChannel(ChannelOptions(label: Array("bench".utf8)), now: pair.now)
  try pair.signal()
  let end = pair.now + .seconds(5)
  var isOpen = false
  while !isOpen, pair.now < end, pair.step() {
    while let event = pair.offerer.pollEvent() { if case .channelOpened = event { isOpen = true } }
  }
  guard isOpen else { throw Failure("the peers in memory did not connect") }
  while pair.answerer.pollEvent() != nil {}
  return pair
}

/// Moves datagrams both ways until neither side has any; returns how many.
func exchange(
  _ first: inout PeerConnection, _ second: inout PeerConnection, buffer: inout [UInt8], now: Instant
) -> Int {
  var packets = 0
  while true {
    let moved =
      carry(from: &first, to: &second, buffer: &buffer, now: now)
      + carry(from: &second, to: &first, buffer: &buffer, now: now)
    guard moved > 0 else { return packets }
    packets += moved
  }
}

/// Moves what one peer has to send to the other; returns how many datagrams that were.
private func carry(
  from sender: inout PeerConnection, to receiver: inout PeerConnection, buffer: inout [UInt8], now: Instant
) -> Int {
  var packets = 0
  while true {
    var writer = SpanWriter(buffer.mutableSpan)
    guard let path = sender.pollTransmit(into: &writer) else { return packets }
    let count = writer.count
    var bytes = buffer.mutableSpan
    var datagram = bytes._mutatingExtracting(0..<count)
    receiver.receive(&datagram, from: path.source, to: path.destination, now: now)
    packets += 1
  }
}

private func measureStack(bytes: Int) throws -> Transfer {
  var channel = Channel(index: 0)
  let pair = try connectedPair((try makeIdentity(), try makeIdentity()), channel: &channel)
  var now = pair.now
  let message = pattern(1, size: 16_384)
  var buffer = [UInt8](repeating: 0, count: 1500)
  var sink = [UInt8](repeating: 0, count: 65_536)
  var transfer = Transfer()

  func turn(_ pair: PeerPair) {
    while (try? pair.offerer.send(message.span, kind: .binary, on: channel, now: now)) != nil {}
    transfer.packets += exchange(&pair.offerer, &pair.answerer, buffer: &buffer, now: now)
    while true {
      var writer = SpanWriter(sink.mutableSpan)
      guard let received = pair.answerer.receiveMessage(into: &writer) else { break }
      transfer.bytes += received.size
    }
    transfer.packets += exchange(&pair.offerer, &pair.answerer, buffer: &buffer, now: now)
    while pair.offerer.pollEvent() != nil {}
    while pair.answerer.pollEvent() != nil {}
    now = now + .milliseconds(1)
    if let deadline = pair.offerer.nextDeadline, deadline <= now { pair.offerer.advance(to: now) }
    if let deadline = pair.answerer.nextDeadline, deadline <= now { pair.answerer.advance(to: now) }
  }

  while transfer.bytes < bytes / 10 { turn(pair) }
  transfer = Transfer()
  let meter = Meter()
  while transfer.bytes < bytes { turn(pair) }
  meter.stop(&transfer)
  return transfer
}

/// The bare cipher over the same packet sizes: what no stack can go below.
private func measureAEAD(bytes: Int) throws -> Double {
  let key = [UInt8](repeating: 7, count: 16)
  let nonce = AEAD.Nonce(repeating: 9)
  var aead = try AEAD(.aes128GCM, key: key.span)
  let size = 1180
  var buffer = [UInt8](repeating: 1, count: size + 16)
  let header = [UInt8](repeating: 3, count: 13)
  var transfer = Transfer()
  let meter = Meter()
  while transfer.bytes < bytes {
    var span = buffer.mutableSpan
    aead.seal(&span, in: 0..<size, nonce: nonce, authenticating: header.span)
    guard aead.open(&span, in: 0..<(size + AEAD.tagLength), nonce: nonce, authenticating: header.span) else {
      throw Failure("the cipher does not open what it sealed")
    }
    transfer.bytes += size
  }
  meter.stop(&transfer)
  return transfer.cpuPerByte
}

private func measureHeap() throws -> Int {
  let identities = (try makeIdentity(), try makeIdentity())
  var channel = Channel(index: 0)
  // One pair first, so that what the process sets up once is not counted.
  do { _ = try connectedPair(identities, channel: &channel) }
  callocations_count(1)
  let before = callocations_live_bytes()
  let pair = try connectedPair(identities, channel: &channel)
  let after = callocations_live_bytes()
  callocations_count(0)
  guard pair.offerer.connectionState == .connected else { throw Failure("the peers did not stay connected") }
  return Int(after - before) / 2
}

private func measureIdle(rounds: Int) throws -> Double {
  var channel = Channel(index: 0)
  let pair = try connectedPair((try makeIdentity(), try makeIdentity()), channel: &channel)
  let now = pair.now
  var buffer = [UInt8](repeating: 0, count: 1500)
  _ = exchange(&pair.offerer, &pair.answerer, buffer: &buffer, now: now)
  var deadlines = 0
  var transfer = Transfer()
  var peer = try pair.offerer.fork()
  let meter = Meter()
  for _ in 0..<rounds {
    peer.advance(to: now)
    var writer = SpanWriter(buffer.mutableSpan)
    if peer.pollTransmit(into: &writer) != nil { transfer.packets += 1 }
    if peer.pollEvent() != nil { transfer.packets += 1 }
    if peer.nextDeadline != nil { deadlines += 1 }
  }
  meter.stop(&transfer)
  guard deadlines == rounds else { throw Failure("an idle peer forgot its consent checks") }
  return Double(transfer.cpuNanoseconds) / Double(rounds)
}

// MARK: Over UDP

/// Counts what arrives, and says when it is all there.
private final class Sink: PeerDelegate {
  var bytes = 0
  let target: Int
  let done: () -> Void
  init(target: Int, done: @escaping () -> Void) {
    self.target = target
    self.done = done
  }
  func peer(_ peer: Peer, didReceive event: PeerConnection.Event) {}
  func peer(_ peer: Peer, didReceive message: ReceivedMessage, bytes: Span<UInt8>) {
    self.bytes += message.size
    if self.bytes >= self.target { self.done() }
  }
}

/// Sends as fast as the buffer takes it, once told to.
private final class Source: PeerDelegate {
  let message: [UInt8]
  var remaining: Int
  var channel: Channel?
  let opened: () -> Void
  init(message: [UInt8], count: Int, opened: @escaping () -> Void) {
    self.message = message
    self.remaining = count
    self.opened = opened
  }
  func peer(_ peer: Peer, didReceive event: PeerConnection.Event) {
    switch event {
    case .channelOpened(let channel, _):
      self.channel = channel
      self.opened()
    case .writable: self.fill(peer)
    default: break
    }
  }
  func peer(_ peer: Peer, didReceive message: ReceivedMessage, bytes: Span<UInt8>) {}
  func fill(_ peer: Peer) {
    guard let channel = self.channel else { return }
    let message = self.message
    peer.perform { connection, now in
      while self.remaining > 0, (try? connection.send(message.span, kind: .binary, on: channel, now: now)) != nil {
        self.remaining -= 1
      }
    }
  }
}

/// Connects two peers of a driver; returns when both descriptions are exchanged.
private func connectPair(
  on driver: EpollDriver, _ offering: any PeerDelegate, _ answering: any PeerDelegate, _ identities: (Identity, Identity)
) throws -> (Peer, Peer) {
  let answerer = try driver.makePeer(configuration: .init(), identity: identities.1, delegate: answering)
  let offerer = try driver.makePeer(configuration: .init(), identity: identities.0, delegate: offering)
  _ = try offerer.perform { connection, now in
    try connection.openChannel(ChannelOptions(label: Array("bench".utf8)), now: now)
  }
  let offer = try offerer.perform { connection, now throws(PeerConnection.UsageError) in
    try description { writer throws(PeerConnection.UsageError) in try connection.makeOffer(into: &writer, now: now) }
  }
  let answer = try answerer.perform { connection, now in
    try connection.setRemoteDescription(.offer, Array(offer.utf8).span, now: now)
    return try description { writer throws(PeerConnection.UsageError) in
      try connection.makeAnswer(into: &writer, now: now)
    }
  }
  try offerer.perform { connection, now in
    try connection.setRemoteDescription(.answer, Array(answer.utf8).span, now: now)
  }
  return (offerer, answerer)
}

func loopback() -> EpollDriver.Configuration {
  var configuration = EpollDriver.Configuration()
  configuration.addresses = [IPAddress(127, 0, 0, 1)]
  configuration.sharesSockets = false
  return configuration
}

private func measureUDP(messages: Int) async throws -> Transfer {
  try await withDriver(loopback()) { driver in
    let opened = AsyncStream<Void>.makeStream(), done = AsyncStream<Void>.makeStream()
    let message = pattern(1, size: 16_384)
    let source = Source(message: message, count: messages) { opened.continuation.finish() }
    let sink = Sink(target: messages * message.count) { done.continuation.finish() }
    let (sender, receiver) = try connectPair(on: driver, source, sink, (try makeIdentity(), try makeIdentity()))
    for await _ in opened.stream {}
    var transfer = Transfer()
    let packets = driver.statistics.datagramsSent
    let meter = Meter()
    source.fill(sender)
    for await _ in done.stream {}
    meter.stop(&transfer)
    transfer.bytes = messages * message.count
    transfer.packets = Int(driver.statistics.datagramsSent - packets)
    sender.close()
    receiver.close()
    return transfer
  }
}

private func measureSetup(pairs: Int) async throws -> (cpu: Double, cpuWithCertificates: Double, p50: Double, p99: Double) {
  try await withDriver(loopback()) { driver in
    var identities = (try makeIdentity(), try makeIdentity())
    var elapsed: [Double] = [], cpu: [Double] = []
    for makesCertificates in [false, true] {
      let before = clinux_cpu_nanoseconds()
      for _ in 0..<pairs {
        if makesCertificates { identities = (try makeIdentity(), try makeIdentity()) }
        let opened = AsyncStream<Void>.makeStream()
        let source = Source(message: [], count: 0) { opened.continuation.finish() }
        let sink = Sink(target: .max) {}
        let start = driver.now
        let (offerer, answerer) = try connectPair(on: driver, source, sink, identities)
        for await _ in opened.stream {}
        if !makesCertificates { elapsed.append(Double((driver.now - start).nanoseconds) / 1e6) }
        offerer.close()
        answerer.close()
      }
      cpu.append(Double(clinux_cpu_nanoseconds() - before) / Double(pairs) / 1e6)
    }
    return (cpu[0], cpu[1], percentile(elapsed, 0.5), percentile(elapsed, 0.99))
  }
}
