import Bytes
import SCTP
import Testing
import Time

@testable import DataChannel

/// Data channels against a peer that speaks SCTP and sends whatever the test wants.
private struct Raw {
  var channels: DataChannels
  var peer: Association
  var now = Instant(nanoseconds: 1_000_000_000)
  var events: [DataChannels.Event] = []
  var peerEvents: [Association.Event] = []
  var peerMessages: [(message: Association.Message, bytes: [UInt8])] = []
  var received: [World.Received] = []
  var pulls = true

  init(_ change: (inout DataChannels.Configuration) -> Void = { _ in }) throws {
    var configuration = DataChannels.Configuration()
    change(&configuration)
    self.channels = try DataChannels(
      configuration: configuration, isDTLSClient: false, random: SeededRandom(seed: .init(1)), now: self.now)
    self.peer = try Association(
      configuration: configuration.association, random: SeededRandom(seed: .init(2)), now: self.now)
    self.peer.connect(now: self.now)
    self.exchange()
    self.events = []
    self.peerEvents = []
  }

  mutating func exchange() {
    var buffer = [UInt8](repeating: 0, count: 2048)
    for _ in 0..<5 {
      self.now = self.now + .milliseconds(60)
      self.channels.advance(to: self.now)
      self.peer.advance(to: self.now)
      var progress = true
      while progress {
        progress = false
        while true {
          var writer = SpanWriter(buffer.mutableSpan)
          guard self.peer.pollTransmit(into: &writer) else { break }
          let bytes = arrayCopy(writer.bytes(in: 0..<writer.count))
          self.channels.receive(bytes.span, now: self.now)
          progress = true
        }
        while self.pulls, let message = pull(&self.channels) { self.received.append(message) }
        while let event = self.channels.pollEvent() { self.events.append(event) }
        while let bytes = poll(&self.channels, &buffer) {
          self.peer.receive(bytes.span, now: self.now)
          progress = true
        }
        while let event = self.peer.pollEvent() { self.peerEvents.append(event) }
        while let message = self.peer.nextMessage {
          var bytes = [UInt8](repeating: 0, count: message.size)
          var writer = SpanWriter(bytes.mutableSpan)
          _ = self.peer.receiveMessage(into: &writer)
          self.peerMessages.append((message, bytes))
        }
      }
    }
  }

  mutating func send(_ bytes: [UInt8], stream: UInt16, ppid: UInt32, ordered: Bool = true) throws {
    try self.peer.send(
      bytes.span, stream: stream, protocolIdentifier: ppid, options: .init(ordered: ordered), now: self.now)
  }
}

private let chat: [UInt8] = [3, 0, 1, 0, 0, 0, 0, 0, 0, 4, 0, 0, 99, 104, 97, 116]

@Test func `an OPEN is answered by an ACK on its stream, reliable and in order`() throws {
  var raw = try Raw()
  var unordered = chat
  unordered[1] = 0x81
  try raw.send(unordered, stream: 0, ppid: 50)
  raw.exchange()
  #expect(raw.events.count == 1)
  let answer = try #require(raw.peerMessages.first)
  #expect(answer.bytes == [2])
  #expect(answer.message.stream == 0 && answer.message.protocolIdentifier == 50 && answer.message.ordered)
}

@Test func `an OPEN cut at any length, or with anything behind it, is refused by a reset and counted`() throws {
  for size in 1..<chat.count {
    var raw = try Raw()
    try raw.send(Array(chat.prefix(size)), stream: 2, ppid: 50)
    raw.exchange()
    #expect(raw.events.isEmpty)
    #expect(raw.channels.counters.malformedControl == 1)
    #expect(raw.peerEvents == [.incomingStreamReset(stream: 2)])
  }
  let others: [[UInt8]] = [chat + [0], [3, 3] + Array(chat.dropFirst(2)), [9] + Array(chat.dropFirst()), [2, 2], [0]]
  for bad in others {
    var raw = try Raw()
    try raw.send(bad, stream: 2, ppid: 50)
    raw.exchange()
    #expect(raw.events.isEmpty)
    #expect(raw.channels.counters.malformedControl == 1)
  }
}

@Test func `names longer than configured are refused, and OPENs too long to be read`() throws {
  var raw = try Raw { $0.maximumNameLength = 3 }
  try raw.send(chat, stream: 0, ppid: 50)
  try raw.send([UInt8](repeating: 3, count: 5000), stream: 2, ppid: 50)
  raw.exchange()
  #expect(raw.events.isEmpty)
  #expect(raw.channels.counters.malformedControl == 2)
  #expect(raw.peerEvents.count == 2)
  #expect(throws: DataChannels.OpenError.nameTooLong) { try raw.channels.open("chat", now: raw.now) }
}

@Test func `a second OPEN on a stream in use changes nothing`() throws {
  var raw = try Raw()
  try raw.send(chat, stream: 0, ppid: 50)
  try raw.send([3, 0x80, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 65], stream: 0, ppid: 50)
  raw.exchange()
  guard case .opened(let channel, true)? = raw.events.first else {
    Issue.record("not opened")
    return
  }
  #expect(raw.events.count == 1)
  #expect(raw.channels.info(of: channel)?.label == [99, 104, 97, 116])
  #expect(raw.channels.counters.refused == 1)
}

@Test func `unknown identifiers and the deprecated parts are dropped and counted, and hold nothing up`() throws {
  var raw = try Raw()
  try raw.send(chat, stream: 0, ppid: 50)
  for ppid in [0, 49, 52, 54, 55, 58, 1_000_000] as [UInt32] { try raw.send([1], stream: 0, ppid: ppid) }
  try raw.send([7], stream: 0, ppid: 53)
  raw.exchange()
  #expect(raw.received.map(\.bytes) == [[7]])
  #expect(raw.channels.counters.unknownProtocol == 7)
}

@Test func `messages for channels that nobody opened are kept within bounds and dropped beyond`() throws {
  var raw = try Raw { $0.maximumEarlyBytes = 1000 }
  for i in 0..<20 { try raw.send([UInt8](repeating: UInt8(i), count: 100), stream: 6, ppid: 53) }
  try raw.send([UInt8](repeating: 1, count: 2000), stream: 6, ppid: 53)
  raw.exchange()
  #expect(raw.received.isEmpty)
  #expect(raw.channels.counters.dropped == 11)
  _ = try raw.channels.open(now: raw.now) { $0.negotiatedID = 6 }
  raw.exchange()
  #expect(raw.received.map { $0.bytes[0] } == Array(0..<10))
  // A reset makes whatever was kept void.
  try raw.send([1], stream: 8, ppid: 53)
  raw.peer.resetStream(8, now: raw.now)
  raw.exchange()
  _ = try raw.channels.open(now: raw.now) { $0.negotiatedID = 8 }
  raw.exchange()
  #expect(raw.received.count == 10)
}

@Test func `a message larger than the peer takes is refused at once`() throws {
  var raw = try Raw { $0.association.remoteMaximumMessageSize = 1000 }
  let channel = try raw.channels.open(now: raw.now)
  raw.exchange()
  #expect(throws: DataChannels.SendError.messageTooLarge) {
    try raw.channels.send([UInt8](repeating: 1, count: 1001), on: channel, now: raw.now)
  }
  try raw.channels.send([UInt8](repeating: 1, count: 1000), on: channel, now: raw.now)
}

@Test func `the peer's reset closes the channel after its last message, and our direction follows`() throws {
  var raw = try Raw()
  raw.pulls = false
  try raw.send(chat, stream: 0, ppid: 50)
  try raw.send([5], stream: 0, ppid: 51)
  raw.exchange()
  guard case .opened(let channel, true)? = raw.events.first else {
    Issue.record("not opened")
    return
  }
  raw.peer.resetStream(0, now: raw.now)
  raw.exchange()
  #expect(raw.events.count == 1)
  raw.pulls = true
  raw.exchange()
  #expect(raw.received == [.init(channel: channel, kind: .string, bytes: [5])])
  #expect(raw.events.last == .closed(channel))
  #expect(raw.peerEvents.contains(.outgoingStreamReset(stream: 0, accepted: true)))
  #expect(raw.peerEvents.contains(.incomingStreamReset(stream: 0)))
}

@Test func `the end of the association closes every channel, and what had arrived can still be pulled`() throws {
  var raw = try Raw()
  raw.pulls = false
  try raw.send(chat, stream: 0, ppid: 50)
  try raw.send([5], stream: 0, ppid: 51)
  raw.exchange()
  raw.peer.abort(now: raw.now)
  raw.exchange()
  #expect(raw.events.last == .ended(.abortedByPeer(cause: 12)))
  let message = pull(&raw.channels)
  #expect(message?.bytes == [5])
}

@Test func `a peer that begins anew closes every channel`() throws {
  var raw = try Raw()
  try raw.send(chat, stream: 0, ppid: 50)
  raw.exchange()
  raw.events = []
  raw.peer = try Association(configuration: .init(), random: SeededRandom(seed: .init(77)), now: raw.now)
  raw.peer.connect(now: raw.now)
  raw.exchange()
  #expect(raw.events.count == 2)
  #expect(raw.events.last == .connected)
  try raw.send(chat, stream: 0, ppid: 50)
  raw.exchange()
  #expect(raw.events.count == 3)
}
