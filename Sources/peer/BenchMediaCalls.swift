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
  /// The share of one core that the driver's thread takes at the full rate, by the cost of a packet at the rate that was reached.
  var load = 0.0
  /// Packets a second and call that came and that went: 50 each, unless the machine is too busy.
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
/// the calling thread.
func measureCalls(peers: Int, seconds: Int, progress: inout Progress) throws -> CallLoad {
  try allowDescriptors(peers + 200)
  var configuration = loopback()
  configuration.sharesSockets = true
  let near = try DriverThread(configuration)
  defer { near.stop() }
  let reflector = Reflector()
  let callers = try Callers(peers)
  let identities = (try makeIdentity(), try makeIdentity())
  var result = CallLoad()
  result.peers = peers
  let setupStart = clinux_cpu_nanoseconds()
  let deadline = callers.now + .seconds(120)
  var connected = 0
  while connected < peers {
    // Handshakes in parallel, but not so many that they time out.
    if callers.count < peers, callers.count - connected < 16 {
      try callers.add(calling: near.driver, reflector, identities)
      if callers.count % 10 == 0 { progress.show("\(callers.count) of \(peers) calls") }
    }
    callers.serveAll()
    connected = min(callers.connectedCount, reflector.connected.load(ordering: .relaxed))
    guard callers.now < deadline else { throw Failure("only \(connected) calls connected in two minutes") }
  }
  result.setup = Double(clinux_cpu_nanoseconds() - setupStart) / Double(peers) / 1e6

  // Streams begin, buffers reach their size.
  callers.talk(for: .seconds(2))
  let start = Sample(near.clock, reflector)
  var end = start
  for second in 1...seconds {
    callers.talk(for: .seconds(1))
    end = Sample(near.clock, reflector)
    let rate = rounded(start.rate(until: end) / Double(peers), 1)
    progress.show("\(peers) calls: \(second) of \(seconds) s, \(rate) packets a second and call each way")
  }
  result.cost = start.cost(until: end)
  result.rate = start.rate(until: end) / Double(peers)
  result.load = result.cost * Double(2 * callRate * peers) / 1e9
  guard result.rate > 1 else { throw Failure("no packets came through") }
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
