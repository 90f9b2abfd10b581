import Bytes
import CLinux
import Cryptography
import EpollDriver
import Foundation
import RTP
import STUN
import Synchronization
import Time
import WebRTC

/// What many calls at once cost one driver.
struct CallLoad {
  var peers = 0
  /// The share of one core that the driver's thread took, at the full rate.
  var load = 0.0
  /// Packets a second and call that came and that went: 50 each where nothing was late.
  var rate = 0.0
  /// Nanoseconds for each packet, in or out.
  var cost = 0.0
  /// Milliseconds of CPU time for each call, both ends.
  var setup = 0.0
}

private let callRate = 50

/// Sends every frame back on the transceiver on which it came.
private final class Reflector: PeerDelegate, Sendable {
  let connected = Atomic<Int>(0)
  let received = Atomic<Int>(0)
  let sent = Atomic<Int>(0)

  func peer(_ peer: Peer, didReceive event: PeerConnection.Event) {
    if case .connectionStateChanged(.connected) = event { self.connected.wrappingAdd(1, ordering: .relaxed) }
  }
  func peer(_ peer: Peer, didReceive message: ReceivedMessage, bytes: Span<UInt8>) {}
  func peer(_ peer: Peer, didReceive frame: ReceivedFrame, on transceiver: Transceiver, bytes: Span<UInt8>) {
    self.received.wrappingAdd(1, ordering: .relaxed)
    do throws(FrameSendError) {
      try peer.sendFrame(bytes, FrameTiming(timestamp: frame.timestamp), on: transceiver)
      self.sent.wrappingAdd(1, ordering: .relaxed)
    } catch {}
  }
}

/// The far end of the calls: counts what comes back.
private final class Listener: PeerDelegate, Sendable {
  let connected = Atomic<Int>(0)
  let received = Atomic<Int>(0)

  func peer(_ peer: Peer, didReceive event: PeerConnection.Event) {
    if case .connectionStateChanged(.connected) = event { self.connected.wrappingAdd(1, ordering: .relaxed) }
  }
  func peer(_ peer: Peer, didReceive message: ReceivedMessage, bytes: Span<UInt8>) {}
  func peer(_ peer: Peer, didReceive frame: ReceivedFrame, on transceiver: Transceiver, bytes: Span<UInt8>) {
    self.received.wrappingAdd(1, ordering: .relaxed)
  }
}

/// A driver on a thread of its own, and that thread's clock.
private final class DriverThread: @unchecked Sendable {
  let driver: EpollDriver
  private(set) var clock: CInt = 0
  private let started = DispatchSemaphore(value: 0)
  private let ended = DispatchSemaphore(value: 0)

  init(_ configuration: EpollDriver.Configuration) throws {
    do { self.driver = try EpollDriver(configuration: configuration) } catch {
      throw Failure("cannot open a UDP socket: \(explain(error))")
    }
    Thread {
      self.clock = clinux_thread_clock()
      self.started.signal()
      self.driver.run()
      self.ended.signal()
    }.start()
    self.started.wait()
  }

  func stop() {
    self.driver.stop()
    self.ended.wait()
  }
}

/// So many audio calls with one driver, which answers each packet with one: the CPU time of its thread counts. The far ends live on
/// other threads, with a socket each.
func measureCalls(peers: Int, seconds: Int, progress: inout Progress) throws -> CallLoad {
  try allowDescriptors(peers + 200)
  var configuration = loopback()
  configuration.sharesSockets = true
  let near = try DriverThread(configuration)
  defer { near.stop() }
  configuration = loopback()
  configuration.socketBufferSize = 64 << 10
  // A driver looks its sockets up one by one.
  let farDrivers = try (0..<max(peers / 100, 1)).map { _ in try DriverThread(configuration) }
  defer { for driver in farDrivers { driver.stop() } }

  let reflector = Reflector()
  let listener = Listener()
  let identities = (try makeIdentity(), try makeIdentity())
  var result = CallLoad()
  result.peers = peers
  var callers: [Peer] = []
  let setupStart = clinux_cpu_nanoseconds()
  while callers.count < peers {
    callers.append(
      try call(
        from: farDrivers[callers.count % farDrivers.count].driver, to: near.driver, listener, reflector, identities))
    // Handshakes in parallel, but not so many that they time out.
    var patience = 0
    while callers.count - min(reflector.connected.load(ordering: .relaxed), listener.connected.load(ordering: .relaxed)) >= 16 {
      Thread.sleep(forTimeInterval: 0.002)
      patience += 1
      guard patience < 10_000 else { throw Failure("calls did not connect") }
    }
    progress.show("\(callers.count) of \(peers) calls")
  }
  var patience = 0
  while min(reflector.connected.load(ordering: .relaxed), listener.connected.load(ordering: .relaxed)) < peers {
    Thread.sleep(forTimeInterval: 0.01)
    patience += 1
    guard patience < 2000 else { throw Failure("calls did not connect") }
  }
  result.setup = Double(clinux_cpu_nanoseconds() - setupStart) / Double(peers) / 1e6

  let talkers = Talkers(callers)
  talkers.start()
  defer { talkers.stop() }
  // Streams begin, buffers reach their size.
  progress.show("\(peers) calls begin")
  Thread.sleep(forTimeInterval: 2)
  let start = Sample(near.clock, reflector)
  var end = start
  for second in 1...seconds {
    Thread.sleep(forTimeInterval: 1)
    end = Sample(near.clock, reflector)
    let rate = rounded(start.rate(until: end) / Double(peers), 1)
    progress.show("\(peers) calls: \(second) of \(seconds) s, \(rate) packets a second and call each way")
  }
  result.cost = start.cost(until: end)
  result.rate = start.rate(until: end) / Double(peers)
  result.load = result.cost * Double(2 * callRate * peers) / 1e9
  guard result.rate > 0.5 * Double(callRate) else {
    throw Failure("only \(rounded(result.rate)) packets a second and call came through: the machine is too busy")
  }
  return result
}

private struct Sample {
  let cpu: UInt64
  let time = clinux_monotonic_nanoseconds()
  let received: Int
  let sent: Int

  init(_ clock: CInt, _ reflector: borrowing Reflector) {
    self.cpu = clinux_clock_nanoseconds(clock)
    self.received = reflector.received.load(ordering: .relaxed)
    self.sent = reflector.sent.load(ordering: .relaxed)
  }

  private func packets(until end: Sample) -> Double {
    Double(max(end.received - self.received + end.sent - self.sent, 1))
  }
  /// Packets a second each way.
  func rate(until end: Sample) -> Double { self.packets(until: end) / Double(end.time - self.time) * 1e9 / 2 }
  /// Nanoseconds a packet.
  func cost(until end: Sample) -> Double { Double(end.cpu - self.cpu) / self.packets(until: end) }
}

/// Speaks on all calls: a packet each 20 ms, the calls spread evenly over that time.
private final class Talkers: Sendable {
  private let callers: [Peer]
  private let isStopping = Atomic<Bool>(false)
  private let ended = DispatchSemaphore(value: 0)

  init(_ callers: [Peer]) { self.callers = callers }

  func start() {
    Thread {
      self.talk()
      self.ended.signal()
    }.start()
  }

  func stop() {
    self.isStopping.store(true, ordering: .relaxed)
    self.ended.wait()
  }

  private func talk() {
    var packet = pattern(7, size: 160)
    // Opus: one frame of 20 ms (RFC 6716 section 3.1).
    packet[0] = 0x78
    var due = clinux_monotonic_nanoseconds()
    var turn = 0
    while !self.isStopping.load(ordering: .relaxed) {
      // Twenty groups, one a millisecond.
      let timestamp = UInt32(truncatingIfNeeded: turn / 20 * 960)
      for index in stride(from: turn % 20, to: self.callers.count, by: 20) {
        let size = 80 + (turn &* 37 &+ index &* 11) % 81
        do throws(FrameSendError) {
          try self.callers[index].sendFrame(
            packet.span.extracting(0..<size), FrameTiming(timestamp: timestamp), on: Transceiver(index: 0))
        } catch {}
      }
      turn += 1
      due += 1_000_000
      let now = clinux_monotonic_nanoseconds()
      if due > now {
        Thread.sleep(forTimeInterval: Double(due - now) / 1e9)
      } else if now - due > 20_000_000 {
        // What this machine is too busy to send in time it does not send in a burst.
        due = now
      }
    }
  }
}

/// One call: both descriptions exchanged.
private func call(
  from far: EpollDriver, to near: EpollDriver, _ listener: Listener, _ reflector: Reflector,
  _ identities: (Identity, Identity)
) throws -> Peer {
  var configuration = PeerConnection.Configuration()
  configuration.offersDataChannels = false
  let answerer = try near.makePeer(configuration: configuration, identity: identities.1, delegate: reflector)
  let offerer = try far.makePeer(configuration: configuration, identity: identities.0, delegate: listener)
  let offer = try offerer.perform { connection, now in
    try connection.addTransceiver(.audio, .init(formats: [.opus]), now: now)
    return try description { writer throws(PeerConnection.UsageError) in try connection.makeOffer(into: &writer, now: now) }
  }
  let answer = try answerer.perform { connection, now in
    try connection.addTransceiver(.audio, .init(formats: [.opus]), now: now)
    try connection.setRemoteDescription(.offer, Array(offer.utf8).span, now: now)
    return try description { writer throws(PeerConnection.UsageError) in
      try connection.makeAnswer(into: &writer, now: now)
    }
  }
  try offerer.perform { connection, now in
    try connection.setRemoteDescription(.answer, Array(answer.utf8).span, now: now)
  }
  return offerer
}

private func allowDescriptors(_ count: Int) throws {
  var limit = rlimit()
  let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  guard getrlimit(resource, &limit) == 0 else { return }
  guard limit.rlim_cur < UInt(count) else { return }
  limit.rlim_cur = min(limit.rlim_max, UInt(count))
  guard setrlimit(resource, &limit) == 0, limit.rlim_cur >= UInt(count) else {
    throw Failure("\(count) open files are needed, \(limit.rlim_max) allowed")
  }
}
