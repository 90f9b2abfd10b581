import Bytes
import Cryptography
import DataChannel
import STUN
import Simulator
import Time
import WebRTC

/// A peer, what is under way to it, and what it has told.
struct Side: ~Copyable {
  var peer: PeerConnection
  let address: TransportAddress
  /// Datagrams on their way to this side, and those that it has just sent.
  var inbox: [Bench.Flight] = []
  var outbox: [Bench.Flight] = []
  var channels: [Channel] = []
  /// Messages carry a number that is never used twice.
  var sent: UInt32 = 0
  var arrived: [Bool] = []
  var isDrained = false

  init(_ identity: Identity, seed: UInt64, at address: TransportAddress, now: Instant) {
    var configuration = PeerConnection.Configuration()
    configuration.channels.association.sendBufferLimit = 1 << 16
    guard
      var peer = try? PeerConnection(configuration: configuration, identity: identity, seed: .init(seed), now: now)
    else { preconditionFailure("no peer") }
    peer.addLocalAddress(address, preference: 65535, now: now)
    peer.localAddressesComplete(now: now)
    self.peer = peer
    self.address = address
  }

  private init(forking other: borrowing Side) {
    guard let peer = try? other.peer.fork() else { preconditionFailure("no fork") }
    self.peer = peer
    self.address = other.address
    self.inbox = other.inbox
    self.outbox = other.outbox
    self.channels = other.channels
    self.sent = other.sent
    self.arrived = other.arrived
    self.isDrained = other.isDrained
  }

  func fork() -> Side { Side(forking: self) }

  // MARK: The network

  mutating func take(_ flights: inout [Bench.Flight]) {
    for flight in flights where self.inbox.count < 200 { self.inbox.append(flight) }
    flights.removeAll()
  }

  mutating func deliver(_ n: UInt8, now: Instant) {
    guard !self.inbox.isEmpty else { return }
    let flight = self.inbox.remove(at: Int(n) % self.inbox.count)
    self.receive(flight.bytes, from: flight.path.source, now: now)
  }

  mutating func deliverAll(now: Instant) {
    let flights = self.inbox
    self.inbox = []
    for flight in flights { self.receive(flight.bytes, from: flight.path.source, now: now) }
  }

  mutating func receive(_ bytes: [UInt8], from source: TransportAddress, now: Instant) {
    var bytes = bytes
    var span = bytes.mutableSpan
    self.peer.receive(&span, from: source, to: self.address, now: now)
  }

  mutating func damage(_ n: UInt8, by mask: UInt8) {
    guard !self.inbox.isEmpty else { return }
    let last = self.inbox.count - 1
    if mask == 0 {
      self.inbox[last].bytes.removeLast(min(Int(n), self.inbox[last].bytes.count))
    } else if !self.inbox[last].bytes.isEmpty {
      let place = Int(n) % self.inbox[last].bytes.count
      self.inbox[last].bytes[place] ^= mask
    }
  }

  mutating func repeatFlight(_ n: UInt8) {
    guard !self.inbox.isEmpty, self.inbox.count < 200 else { return }
    self.inbox.append(self.inbox[Int(n) % self.inbox.count])
  }

  mutating func drop(_ n: UInt8) {
    guard !self.inbox.isEmpty else { return }
    self.inbox.remove(at: Int(n) % self.inbox.count)
  }

  // MARK: Calls

  mutating func openChannel(_ n: UInt8, now: Instant) {
    var options = ChannelOptions(label: [n])
    options.ordered = n & 1 == 0
    if n & 2 != 0 { options.reliability = .maxRetransmits(UInt16(n >> 4)) }
    if n & 4 != 0 { options.reliability = .maxLifetime(.milliseconds(UInt32(n))) }
    if n & 8 != 0 { options.negotiatedID = UInt16(n) << 2 }
    guard self.channels.count < 64, let channel = try? self.peer.openChannel(options, now: now) else { return }
    self.channels.append(channel)
  }

  mutating func closeChannel(_ n: UInt8, now: Instant) {
    guard !self.channels.isEmpty else { return }
    self.peer.closeChannel(self.channels[Int(n) % self.channels.count], now: now)
  }

  /// A message that begins with its number.
  mutating func send(_ n: UInt8, now: Instant) {
    guard !self.channels.isEmpty else { return }
    let channel = self.channels[Int(n) % self.channels.count]
    var bytes = [UInt8](repeating: n, count: 4 + Int(n) * 20)
    for i in 0..<4 { bytes[i] = UInt8(truncatingIfNeeded: self.sent >> UInt32(8 * i)) }
    guard (try? self.peer.send(bytes.span, kind: .binary, on: channel, now: now)) != nil else { return }
    self.sent += 1
  }

  mutating func describe(_ kind: UInt8, _ description: inout [UInt8], now: Instant) {
    switch kind {
    case 0, 2:
      var text = [UInt8](repeating: 0, count: 4096)
      var writer = SpanWriter(text.mutableSpan)
      do {
        if kind == 0 {
          try self.peer.makeOffer(into: &writer, now: now)
        } else {
          try self.peer.makeAnswer(into: &writer, now: now)
        }
      } catch {
        precondition(writer.count == 0, "a description was refused and written")
        return
      }
      let count = writer.count
      description = Array(text[..<count])
    default:
      let (ufrag, state) = (self.peer.localUfrag, self.peer.signalingState)
      if (try? self.peer.setRemoteDescription(kind == 1 ? .offer : .answer, description.span, now: now)) == nil {
        precondition(self.peer.localUfrag == ufrag && self.peer.signalingState == state, "a refusal changed something")
      }
    }
  }

  // MARK: What must hold

  mutating func settle(now: Instant) {
    self.peer.advance(to: now)
    if let next = self.peer.nextDeadline { precondition(next > now, "a deadline that is not in the future") }
    self.drain()
    var buffer = [UInt8](repeating: 0, count: 1500)
    var polls = 0
    while true {
      var writer = SpanWriter(buffer.mutableSpan)
      guard let path = self.peer.pollTransmit(into: &writer) else { break }
      let count = writer.count
      precondition(count > 0 && path.source == self.address)
      precondition(!self.isDrained, "something was sent after the end")
      self.outbox.append(Bench.Flight(bytes: Array(buffer[..<count]), path: path))
      polls += 1
      precondition(polls < 1000, "an end of sending that does not come")
    }
    self.drain()
    if self.peer.connectionState == .closed {
      self.isDrained = true
      precondition(self.peer.nextDeadline == nil, "a closed peer that waits for time")
    }
  }

  mutating func drain() {
    var polls = 0
    while let event = self.peer.pollEvent() {
      if case .channelOpened(let channel, let remote) = event, remote { self.channels.append(channel) }
      if case .channelClosed(let channel) = event { self.channels.removeAll { $0 == channel } }
      polls += 1
      precondition(polls < 5000, "an end of events that does not come")
    }
    while let size = self.peer.nextMessageSize {
      var buffer = [UInt8](repeating: 0, count: max(size, 1))
      var writer = SpanWriter(buffer.mutableSpan)
      guard let message = self.peer.receiveMessage(into: &writer) else { break }
      precondition(message.size == size && size >= 4)
      var number = 0
      for i in 0..<4 { number |= Int(buffer[i]) << (8 * i) }
      while self.arrived.count <= number { self.arrived.append(false) }
      precondition(!self.arrived[number], "a message came twice")
      precondition(size == 4 + Int(buffer[size - 1]) * 20 || size == 4, "a message came changed")
      self.arrived[number] = true
      while self.peer.pollEvent() != nil {}
    }
  }
}
