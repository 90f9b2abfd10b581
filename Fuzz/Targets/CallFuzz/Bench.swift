import Bytes
import Cryptography
import RTP
import STUN
import Simulator
import Time
import WebRTC

/// Both sides, and what is between them.
struct Bench: ~Copyable {
  struct Flight: Equatable {
    var bytes: [UInt8]
    var path: Transmit
  }

  static let addresses = [PeerPair.offererAddress, PeerPair.answererAddress]

  var first: Side
  var second: Side
  var now = Instant(nanoseconds: 1_000_000)
  /// The last description made, by either, and what has become of it.
  var description: [UInt8] = []
  /// Somebody other than the engine has made a description or a packet: frames need not be what they were.
  var isTampered = false

  init(isTight: Bool) {
    var random = SeededRandom(seed: .init(7))
    guard let a = try? Identity(random: &random), let b = try? Identity(random: &random) else {
      preconditionFailure("no identities")
    }
    self.first = Side(a, seed: 1, at: Self.addresses[0], isTight: isTight, delivery: .frames, now: self.now)
    self.second = Side(
      b, seed: 2, at: Self.addresses[1], isTight: isTight, delivery: isTight ? .packets : .frames, now: self.now)
  }

  private init(forking other: borrowing Bench) {
    self.first = other.first.fork()
    self.second = other.second.fork()
    self.now = other.now
    self.description = other.description
    self.isTampered = other.isTampered
  }

  func fork() -> Bench { Bench(forking: self) }

  /// One call or one stroke of fate: the low bits of `verb` say which, its highest bit on whose side.
  mutating func step(_ verb: UInt8, _ n: UInt8, _ cursor: inout SpanCursor) {
    switch verb & 15 {
    case 0: self.now = self.now + (verb & 0x40 == 0 ? .milliseconds(UInt32(n)) : .seconds(UInt32(n & 63)))
    case 1:
      if let next = self.first.peer.nextDeadline { self.now = max(self.now, next) }
      if let next = self.second.peer.nextDeadline, n & 1 != 0 { self.now = max(self.now, next) }
    case 2: self.pass()
    case 3: self.with(verb) { side, _, now in side.deliver(n, now: now) }
    case 4: self.with(verb) { side, _, _ in side.repeatFlight(n) }
    case 5: self.with(verb) { side, _, _ in side.drop(n) }
    case 6:
      let mask = (try? cursor.read(UInt8.self)) ?? 1
      self.with(verb) { side, _, _ in side.damage(n, by: mask) }
    case 7:
      // A packet that the other side sent, changed under its encryption.
      let changes = Self.take(UInt8(truncatingIfNeeded: verb >> 4 & 7) * 2, &cursor)
      self.isTampered = true
      self.with(verb) { side, _, now in side.receivePlain(n, changes: changes, now: now) }
    case 8, 9:
      // A packet that the other side could have sent.
      let bytes = Self.take(n, &cursor)
      self.isTampered = true
      self.with(verb) { side, _, now in
        if verb & 1 == 0 {
          side.receiveControl(bytes, aim: verb >> 4 & 7, now: now)
        } else {
          side.receiveMedia(bytes, now: now)
        }
      }
    case 10: self.with(verb) { side, _, now in side.sendFrame(verb >> 4 & 7, size: n, now: now) }
    case 11:
      let payload = Self.take(n, &cursor)
      self.isTampered = true
      self.with(verb) { side, _, now in side.sendPacket(verb >> 4 & 7, payload, now: now) }
    case 12:
      if n & 4 == 0 { self.describe(verb, n & 3) } else { self.exchange(offerer: verb) }
    case 13:
      let line = Self.take(verb >> 4 & 7 == 0 ? 40 : 1, &cursor)
      self.isTampered = true
      mutate(&self.description, verb >> 4 & 7, n, with: line)
    case 14: self.with(verb) { side, _, now in side.change(verb >> 4 & 7, n, now: now) }
    default:
      switch n & 15 {
      case 0: self.agreeWithFork()
      case 1: self.with(verb) { side, _, now in try? side.peer.restartICE(now: now) }
      // Rare, for nothing follows it.
      case 15: self.with(verb) { side, _, now in side.peer.close(now: now) }
      default: break
      }
    }
  }

  private static func take(_ count: UInt8, _ cursor: inout SpanCursor) -> [UInt8] {
    guard let raw = try? cursor.readBytes(min(Int(count), cursor.remaining)) else { return [] }
    return arrayCopy(raw)
  }

  private mutating func with(_ verb: UInt8, _ body: (inout Side, Int, Instant) -> Void) {
    if verb & 0x80 == 0 { body(&self.first, 1, self.now) } else { body(&self.second, 0, self.now) }
  }

  /// Makes a description, or hands over the last one made.
  private mutating func describe(_ verb: UInt8, _ kind: UInt8) {
    var description = self.description
    self.with(verb) { side, _, now in side.describe(kind, &description, now: now) }
    self.description = description
  }

  /// An offer and its answer, untouched.
  mutating func exchange(offerer verb: UInt8) {
    for (side, kind) in [(verb, 0), (verb ^ 0x80, 1), (verb ^ 0x80, 2), (verb, 3)] as [(UInt8, UInt8)] {
      self.describe(side, kind)
    }
  }

  /// An undisturbed round: what is under way arrives, then time goes on by 10 ms.
  mutating func pass() {
    self.settle()
    self.first.deliverAll(now: self.now)
    self.second.deliverAll(now: self.now)
    self.settle()
    self.now = self.now + .milliseconds(10)
  }

  mutating func settle() {
    self.first.settle(now: self.now, isTampered: self.isTampered)
    self.second.settle(now: self.now, isTampered: self.isTampered)
    self.second.take(&self.first.outbox)
    self.first.take(&self.second.outbox)
  }

  /// A fork does the same, byte for byte, and leaves its original alone.
  private mutating func agreeWithFork() {
    var copy = self.fork()
    for _ in 0..<3 { copy.pass() }
    for _ in 0..<3 { self.pass() }
    precondition(copy.first.inbox == self.first.inbox && copy.second.inbox == self.second.inbox, "a fork that differs")
    precondition(copy.first.taken == self.first.taken && copy.second.taken == self.second.taken, "a fork that differs")
  }

  /// Whatever happened before: closing both leads to silence.
  mutating func finish() {
    self.first.look()
    self.second.look()
    self.first.peer.close(now: self.now)
    self.second.peer.close(now: self.now)
    self.settle()
    precondition(self.first.peer.nextDeadline == nil && self.second.peer.nextDeadline == nil)
  }
}

/// Changes a line of a description.
private func mutate(_ text: inout [UInt8], _ operation: UInt8, _ n: UInt8, with bytes: [UInt8]) {
  var lines = text.split(separator: 10, omittingEmptySubsequences: false).map { Array($0) }
  guard lines.count > 1 else { return }
  let place = Int(n) % lines.count
  let argument = Int(bytes.first ?? 0)
  switch operation {
  case 0: lines[place] = bytes
  case 1: lines.remove(at: place)
  case 2: if lines.count < 400 { lines.insert(lines[place], at: argument % lines.count) }
  case 3: lines.swapAt(place, argument % lines.count)
  case 4: if !lines[place].isEmpty { lines[place][argument % lines[place].count] ^= UInt8(1 << (n & 7)) }
  case 5: lines[place].removeLast(min(argument, lines[place].count))
  case 6:
    // A section once more.
    guard lines.count < 400 else { return }
    lines.insert(contentsOf: lines[place..<min(place + argument % 32, lines.count)], at: lines.count - 1)
  default:
    // The direction of all sections.
    let names = ["sendrecv", "sendonly", "recvonly", "inactive"].map { Array("a=\($0)\r".utf8) }
    for index in lines.indices where names.contains(lines[index]) && (n >> (index & 7)) & 1 != 0 {
      lines[index] = names[argument & 3]
    }
  }
  text = Array(lines.joined(separator: [10]))
}
