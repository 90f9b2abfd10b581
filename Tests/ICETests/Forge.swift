import Bytes
import ICE
import STUN
import Time

func fieldsOf(_ bytes: [UInt8]) throws(WireError) -> MessageFields {
  let message = try Message(parsing: bytes.span)
  return try message.fields()
}

/// A hand-made peer: writes whatever Binding message a test wants, and reads what the agent sends.
struct Forge {
  let credentials = Credentials(ufrag: Array("peer".utf8), password: Array("peerpeerpeerpeerpeerpeer".utf8))!
  var nextID: UInt64 = 100

  struct Options {
    var username: [UInt8]?
    var password: [UInt8]?
    var priority: UInt32? = 0x6e00_ffff
    var useCandidate = false
    var controlling: UInt64? = 7
    var controlled: UInt64?
    var hasUsername = true
    var hasIntegrity = true
    var unknown: UInt16?
  }

  mutating func request(to agent: Agent, _ change: (inout Options) -> Void = { _ in }) -> [UInt8] {
    var options = Options()
    change(&options)
    self.nextID += 1
    let id = TransactionID(high: 0xaaaa, low: self.nextID)
    var buffer = [UInt8](repeating: 0, count: 1024)
    var writer = SpanWriter(buffer.mutableSpan)
    let start = writer.beginMessage(.bindingRequest, id)
    if options.hasUsername {
      let name = options.username ?? agent.localCredentials.ufrag + Array(":".utf8) + self.credentials.ufrag
      writer.writeAttribute(.username, name.span)
    }
    if let priority = options.priority { writer.writeAttribute(.priority, priority) }
    if options.useCandidate { writer.writeAttribute(.useCandidate) }
    if let tieBreaker = options.controlled {
      writer.writeAttribute(.iceControlled, tieBreaker)
    } else if let tieBreaker = options.controlling {
      writer.writeAttribute(.iceControlling, tieBreaker)
    }
    if let unknown = options.unknown { writer.writeAttribute(AttributeType(rawValue: unknown)) }
    if options.hasIntegrity {
      let password = options.password ?? agent.localCredentials.password
      writer.finishMessage(at: start, key: password.span)
    } else {
      writer.finishMessage(at: start)
    }
    let count = writer.count
    return Array(buffer[0..<count])
  }

  /// An answer to a request of the agent. `code` 0 is success; a nil password leaves the integrity out.
  func response(
    to request: [UInt8], mapped: TransportAddress, code: UInt16 = 0, password: [UInt8]?, id: TransactionID? = nil
  ) -> [UInt8] {
    let message = try! Message(parsing: request.span)
    let id = id ?? message.transactionID
    var buffer = [UInt8](repeating: 0, count: 256)
    var writer = SpanWriter(buffer.mutableSpan)
    let start = writer.beginMessage(code == 0 ? .bindingSuccess : .bindingError, id)
    if code == 0 { writer.writeXorMappedAddress(mapped, id) } else { writer.writeErrorCode(code) }
    if let password { writer.finishMessage(at: start, key: password.span) } else { writer.finishMessage(at: start) }
    let count = writer.count
    return Array(buffer[0..<count])
  }
}

/// One agent under test, its packets and events.
struct Bench {
  var agent: Agent
  var forge = Forge()
  var now = milliseconds(0)
  var sent: [(transmit: Agent.Transmit, bytes: [UInt8])] = []
  var events: [Agent.Event] = []

  init(role: Role = .controlled, knowsPeer: Bool = true, configure: (inout Agent.Configuration) -> Void = { _ in }) {
    var configuration = Agent.Configuration(role: role)
    configure(&configuration)
    self.agent = try! Agent(configuration: configuration, random: SeededRandom(seed: .init(5)), now: self.now)
    try! self.agent.addLocalAddress(hostA, localPreference: 100, now: self.now)
    if knowsPeer { try! self.agent.setRemoteCredentials(self.forge.credentials, now: self.now) }
    self.poll()
  }

  mutating func poll() {
    while let event = self.agent.pollEvent() { self.events.append(event) }
    while true {
      var buffer = [UInt8](repeating: 0, count: 1200)
      var writer = SpanWriter(buffer.mutableSpan)
      guard let transmit = self.agent.pollTransmit(into: &writer) else { return }
      let count = writer.count
      self.sent.append((transmit, Array(buffer[0..<count])))
    }
  }

  mutating func receive(_ bytes: [UInt8], from remote: TransportAddress = hostB, to local: TransportAddress = hostA) {
    self.agent.receive(bytes.span, from: remote, to: local, now: self.now)
    self.poll()
  }

  mutating func request(from remote: TransportAddress = hostB, _ change: (inout Forge.Options) -> Void = { _ in }) {
    let bytes = self.forge.request(to: self.agent, change)
    self.receive(bytes, from: remote)
  }

  /// Steps through every deadline up to `end`, answering checks to `answering` addresses a millisecond later.
  mutating func run(to end: Instant, answering: [TransportAddress] = []) {
    while true {
      let pending = self.takeRequests().filter { answering.contains($0.transmit.destination) }
      if !pending.isEmpty {
        self.now = self.now + .milliseconds(1)
        self.agent.advance(to: self.now)
        for item in pending {
          let bytes = self.forge.response(
            to: item.bytes, mapped: item.transmit.source, password: self.forge.credentials.password)
          self.receive(bytes, from: item.transmit.destination, to: item.transmit.source)
        }
        continue
      }
      guard let next = self.agent.nextDeadline, next <= end else { break }
      precondition(next > self.now)
      self.now = next
      self.agent.advance(to: next)
      self.poll()
    }
    self.now = max(self.now, end)
    self.agent.advance(to: self.now)
    self.poll()
  }

  mutating func takeRequests() -> [(transmit: Agent.Transmit, bytes: [UInt8])] {
    let requests = self.sent.filter { $0.bytes[0] == 0 && $0.bytes[1] == 1 }
    self.sent.removeAll()
    return requests
  }

  /// The last packet as a response: its class, error code and mapped address.
  func lastResponse() -> (type: MessageType, fields: MessageFields, isSigned: Bool)? {
    guard let bytes = self.sent.last?.bytes, let message = try? Message(parsing: bytes.span),
      let fields = try? message.fields()
    else { return nil }
    var isSigned = false
    let password = self.agent.localCredentials.password
    if let integrity = fields.integrity { isSigned = message.isIntegrityValid(at: integrity, key: password.span) }
    return (message.type, fields, isSigned)
  }
}
