import Bytes
import Cryptography
import DataChannel
import STUN
import Simulator
import Time
import WebRTC

/// Two peers whose input is a string of calls, time steps, and what happens to the datagrams between them, from one of a
/// few places in a session's life. Signalling and keys are made once; every run plays on a fork.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  var cursor = SpanCursor(input.span)
  guard let start = try? cursor.read(UInt8.self) else { return 0 }
  var bench = Start.shared.bench(start)
  bench.settle()
  while let verb = try? cursor.read(UInt8.self), let n = try? cursor.read(UInt8.self) {
    bench.step(verb, n, &cursor)
    bench.settle()
  }
  bench.finish()
  return 0
}

/// The places from which runs begin.
final class Start {
  nonisolated(unsafe) static let shared = Start()
  let new: Bench
  let offered: Bench
  let handshaking: Bench
  let connected: Bench

  init() {
    var bench = Bench()
    self.new = bench.fork()
    bench.first.openChannel(0, now: bench.now)
    bench.describe(0, 0)
    self.offered = bench.fork()
    bench.describe(0x80, 1)
    bench.describe(0x80, 2)
    bench.describe(0, 3)
    var rounds = 0
    while bench.first.peer.phase != .connecting, rounds < 400 {
      bench.pass()
      rounds += 1
    }
    self.handshaking = bench.fork()
    while bench.second.channels.isEmpty, rounds < 800 {
      bench.pass()
      rounds += 1
    }
    precondition(!bench.second.channels.isEmpty, "runs could not begin connected")
    self.connected = bench.fork()
  }

  func bench(_ start: UInt8) -> Bench {
    switch start & 3 {
    case 0: self.new.fork()
    case 1: self.offered.fork()
    case 2: self.handshaking.fork()
    default: self.connected.fork()
    }
  }
}

struct Bench: ~Copyable {
  struct Flight {
    var bytes: [UInt8]
    var path: Transmit
  }

  static let addresses = [PeerPair.offererAddress, PeerPair.answererAddress]

  var first: Side
  var second: Side
  var now = Instant(nanoseconds: 1_000_000)
  /// The last description made, by either.
  var description: [UInt8] = []

  init() {
    var random = SeededRandom(seed: .init(7))
    guard let a = try? Identity(random: &random), let b = try? Identity(random: &random) else {
      preconditionFailure("no identities")
    }
    self.first = Side(a, seed: 1, at: Self.addresses[0], now: self.now)
    self.second = Side(b, seed: 2, at: Self.addresses[1], now: self.now)
  }

  private init(first: consuming Side, second: consuming Side, now: Instant, description: [UInt8]) {
    self.first = first
    self.second = second
    self.now = now
    self.description = description
  }

  func fork() -> Bench {
    Bench(first: self.first.fork(), second: self.second.fork(), now: self.now, description: self.description)
  }

  /// One call or one stroke of fate: the low bits of `verb` say which, its highest bit on whose side.
  mutating func step(_ verb: UInt8, _ n: UInt8, _ cursor: inout SpanCursor) {
    switch verb & 15 {
    case 0: self.now = self.now + .milliseconds(UInt32(n))
    case 1: self.now = self.now + .seconds(UInt32(n & 63))
    case 2:
      if let next = self.first.peer.nextDeadline { self.now = max(self.now, next) }
      if let next = self.second.peer.nextDeadline, n & 1 != 0 { self.now = max(self.now, next) }
    case 3, 4: self.pass()
    case 5: self.with(verb) { side, _, now in side.deliver(n, now: now) }
    case 6:
      let mask = (try? cursor.read(UInt8.self)) ?? 1
      self.with(verb) { side, _, now in side.damage(n, by: mask) }
    case 7: self.with(verb) { side, _, _ in side.repeatFlight(n) }
    case 8: self.with(verb) { side, _, _ in side.drop(n) }
    case 9: self.with(verb) { side, _, now in side.openChannel(n, now: now) }
    case 10: self.with(verb) { side, _, now in side.send(n, now: now) }
    case 11: self.with(verb) { side, _, now in side.closeChannel(n, now: now) }
    case 12: self.describe(verb, n & 3)
    case 13:
      let size = min(Int(n), cursor.remaining)
      guard let raw = try? cursor.readBytes(size) else { return }
      let bytes = arrayCopy(raw)
      self.with(verb) { side, other, now in side.receive(bytes, from: Self.addresses[other], now: now) }
    case 14:
      self.with(verb) { side, _, now in
        switch n & 3 {
        case 0: try? side.peer.restartICE(now: now)
        case 1: side.peer.removeLocalAddress(side.address, now: now)
        case 2: side.peer.addLocalAddress(side.address, preference: UInt16(n) << 8, now: now)
        default: try? side.peer.remoteCandidatesComplete(now: now)
        }
      }
    // Rare, for nothing follows it.
    default: if n & 15 == 15 { self.with(verb) { side, _, now in side.peer.close(now: now) } }
    }
  }

  private mutating func with(_ verb: UInt8, _ body: (inout Side, Int, Instant) -> Void) {
    if verb & 0x80 == 0 { body(&self.first, 1, self.now) } else { body(&self.second, 0, self.now) }
  }

  /// Makes a description, or hands over the last one made.
  mutating func describe(_ verb: UInt8, _ kind: UInt8) {
    var description = self.description
    self.with(verb) { side, _, now in side.describe(kind, &description, now: now) }
    self.description = description
  }

  /// An undisturbed round: what is under way arrives, then time goes on to the next deadline within 10 ms.
  mutating func pass() {
    self.settle()
    self.first.deliverAll(now: self.now)
    self.second.deliverAll(now: self.now)
    self.settle()
    self.now = self.now + .milliseconds(10)
  }

  mutating func settle() {
    self.first.settle(now: self.now)
    self.second.settle(now: self.now)
    self.second.take(&self.first.outbox)
    self.first.take(&self.second.outbox)
  }

  /// Whatever happened before: closing both leads to silence.
  mutating func finish() {
    self.first.peer.close(now: self.now)
    self.second.peer.close(now: self.now)
    self.settle()
    precondition(self.first.peer.nextDeadline == nil && self.second.peer.nextDeadline == nil)
  }
}
