import Bytes
import ICE
import STUN
import Time

/// Drives an agent from one of several starting states through a string of calls and packets. Packets are raw, or
/// properly signed so that the input reaches beyond authentication. After every step the deadline must lie in the
/// future, polls must end, and a copy must say the same as the original.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  var cursor = SpanCursor(input.span)
  guard let start = try? cursor.read(UInt8.self), var bench = Bench(start: start) else { return 0 }
  while let verb = try? cursor.read(UInt8.self) {
    guard bench.step(verb, &cursor) else { break }
    bench.settle()
  }
  return 0
}

struct Bench {
  var agent: Agent
  var now = Instant(nanoseconds: 1)
  let peer = Credentials(ufrag: Array("peer".utf8), password: Array("peerpeerpeerpeerpeerpeer".utf8))
  var lastRequest: (id: TransactionID, source: TransportAddress, destination: TransportAddress)?

  static func at(_ n: UInt8) -> TransportAddress {
    n & 8 == 0
      ? TransportAddress(ip: IPAddress(192, 0, 2, n & 3), port: 1000 + UInt16(n))
      : TransportAddress(ip: IPAddress(high: 0x2001_0db8 << 32, low: UInt64(n & 3)), port: 1000 + UInt16(n))
  }

  init?(start: UInt8) {
    var configuration = Agent.Configuration(role: start & 1 == 0 ? .controlling : .controlled)
    configuration.maximumCandidates = 6
    configuration.maximumPairs = 10
    if start & 2 != 0 { configuration.stunServers = [Self.at(3)] }
    guard
      let agent = try? Agent(configuration: configuration, random: SeededRandom(seed: .init(1)), now: self.now)
    else { return nil }
    self.agent = agent
    if start & 4 != 0 { try? self.agent.addLocalAddress(Self.at(0), localPreference: 9, now: self.now) }
    if start & 8 != 0, let peer = self.peer { try? self.agent.setRemoteCredentials(peer, now: self.now) }
    if start & 16 != 0 { self.addRemote(17) }
    self.settle()
  }

  mutating func addRemote(_ n: UInt8) {
    let at = Self.at(n)
    let candidate = Candidate(
      kind: Candidate.Kind(rawValue: n & 3) ?? .host, foundation: Foundation(UInt32(n >> 4)),
      priority: UInt32(n) << 16 | 1, address: at, base: at)
    try? self.agent.addRemoteCandidate(candidate, now: self.now)
  }

  mutating func step(_ verb: UInt8, _ cursor: inout SpanCursor) -> Bool {
    guard let n = try? cursor.read(UInt8.self) else { return false }
    switch verb & 15 {
    case 0: try? self.agent.addLocalAddress(Self.at(n), localPreference: UInt16(n) << 8, now: self.now)
    case 1: self.agent.removeLocalAddress(Self.at(n), now: self.now)
    case 2: self.addRemote(n)
    case 3: if let peer = self.peer { try? self.agent.setRemoteCredentials(peer, now: self.now) }
    case 4: self.receive(self.signedRequest(n, verb), from: Self.at(n), to: Self.at(verb >> 4))
    case 5, 6, 7: self.respond(verb, n)
    case 8: self.now = self.now + .milliseconds(UInt32(n))
    case 9: self.now = self.now + .seconds(UInt32(n & 31))
    case 10: if let next = self.agent.nextDeadline { self.now = max(self.now, next) }
    case 11:
      guard let bytes = try? cursor.readBytes(min(Int(n), cursor.remaining)) else { return false }
      let copy = arrayCopy(bytes)
      self.receive(copy, from: Self.at(verb >> 4), to: Self.at(0))
    case 12: self.agent.didReceiveData(from: Self.at(n), to: Self.at(verb >> 4), now: self.now)
    case 13:
      switch n & 7 {
      case 0: self.agent.restart(now: self.now)
      case 1: self.agent.localAddressesComplete(now: self.now)
      case 2: self.agent.remoteCandidatesComplete(now: self.now)
      case 3: self.agent.setRole(n & 8 == 0 ? .controlling : .controlled)
      case 4 where n == 0xfc: self.agent.close()
      default: break
      }
    case 14: self.receive(self.signedRequest(n, verb | 0x80), from: Self.at(n), to: Self.at(0))
    default: _ = self.agent.accepts(from: Self.at(n), to: Self.at(verb >> 4))
    }
    return true
  }

  mutating func receive(_ bytes: [UInt8], from: TransportAddress, to: TransportAddress) {
    self.agent.receive(bytes.span, from: from, to: to, now: self.now)
  }

  func signedRequest(_ n: UInt8, _ verb: UInt8) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 300)
    var writer = SpanWriter(buffer.mutableSpan)
    let start = writer.beginMessage(.bindingRequest, TransactionID(high: 1, low: UInt64(n)))
    let credentials = self.agent.localCredentials
    writer.writeUsername(credentials.ufrag.span, Array("peer".utf8).span)
    if verb & 0x40 == 0 { writer.writeAttribute(.priority, UInt32(n) << 20) }
    if verb & 0x80 != 0 { writer.writeAttribute(.useCandidate) }
    writer.writeAttribute(n & 0x20 == 0 ? .iceControlling : .iceControlled, UInt64(n & 0x40) << 57)
    writer.finishMessage(at: start, key: credentials.password.span)
    let count = writer.count
    return Array(buffer[0..<count])
  }

  /// Answers the agent's last request: well, with an error, or from elsewhere.
  mutating func respond(_ verb: UInt8, _ n: UInt8) {
    guard let request = self.lastRequest, let peer = self.peer else { return }
    var buffer = [UInt8](repeating: 0, count: 300)
    var writer = SpanWriter(buffer.mutableSpan)
    let isError = verb & 15 == 7
    let start = writer.beginMessage(isError ? .bindingError : .bindingSuccess, request.id)
    if isError {
      let codes: [UInt16] = [400, 401, 403, 487, 500, 487, 420, 600]
      writer.writeErrorCode(codes[Int(n & 7)])
    } else {
      writer.writeXorMappedAddress(n & 0x10 == 0 ? request.source : Self.at(n), request.id)
    }
    writer.finishMessage(at: start, key: peer.password.span)
    let count = writer.count
    let from = n & 0x60 == 0x60 ? Self.at(n) : request.destination
    self.receive(Array(buffer[0..<count]), from: from, to: request.source)
  }

  mutating func settle() {
    self.agent.advance(to: self.now)
    if let next = self.agent.nextDeadline { precondition(next > self.now, "a deadline that is not in the future") }
    var copy = self.agent
    var polls = 0
    while let (transmit, bytes) = Self.poll(&self.agent) {
      guard let (other, otherBytes) = Self.poll(&copy) else { preconditionFailure("a copy fell silent") }
      precondition(transmit == other && bytes == otherBytes)
      guard let message = try? Message(parsing: bytes.span) else { preconditionFailure("sent what is no message") }
      if message.type == .bindingRequest {
        self.lastRequest = (message.transactionID, transmit.source, transmit.destination)
      }
      polls += 1
      precondition(polls < 300)
    }
    while let event = self.agent.pollEvent() {
      precondition(event == copy.pollEvent())
      polls += 1
      precondition(polls < 600)
    }
    if self.agent.state == .closed || self.agent.state == .failed {
      precondition(self.agent.selectedPair == nil && self.agent.nextDeadline == nil && polls < 600)
    }
    if self.agent.state == .connected || self.agent.state == .completed { precondition(self.agent.mayConsentSend) }
  }

  static func poll(_ agent: inout Agent) -> (Agent.Transmit, [UInt8])? {
    var buffer = [UInt8](repeating: 0, count: 1200)
    var writer = SpanWriter(buffer.mutableSpan)
    guard let transmit = agent.pollTransmit(into: &writer) else { return nil }
    let count = writer.count
    return (transmit, Array(buffer[0..<count]))
  }
}
