import Bytes
import Cryptography
import DataChannel
import RTP
import Simulator
import Time
import WebRTC

/// Two recorded peers with data and audio between them, on a path that delays, loses and reorders.
final class LossyCall {
  private struct Flight {
    var arrival: Instant
    var isToAnswerer: Bool
    var bytes: [UInt8]
    var path: Transmit
  }

  private var random = SeededRandom(seed: .init(77))
  private var now = Instant(nanoseconds: 3_000_000_000)
  private var offerer: RecordingPeerConnection
  private var answerer: RecordingPeerConnection
  private var flights: [Flight] = []
  /// In parts per thousand.
  private let loss: UInt32
  private var channel: Channel
  private var audio: Transceiver
  private var tapes: [[UInt8]] = [[], []]

  init(loss: UInt32, label: [UInt8]) throws {
    self.loss = loss
    let identities = (try Identity(random: &self.random), try Identity(random: &self.random))
    var configuration = PeerConnection.Configuration()
    configuration.receivesOfferedMedia = true
    self.offerer = try RecordingPeerConnection(
      configuration: configuration, identity: identities.0, seed: .init(1), isRecording: true, now: self.now)
    self.answerer = try RecordingPeerConnection(
      configuration: configuration, identity: identities.1, seed: .init(2), isRecording: true, now: self.now)
    self.channel = try self.offerer.openChannel(ChannelOptions(label: label), now: self.now)
    self.audio = try self.offerer.addTransceiver(.audio, .init(direction: .sendonly, formats: [.opus]), now: self.now)
    self.offerer.addLocalAddress(PeerPair.offererAddress, preference: 65535, now: self.now)
    self.answerer.addLocalAddress(PeerPair.answererAddress, preference: 65535, now: self.now)
    self.offerer.localAddressesComplete(now: self.now)
    self.answerer.localAddressesComplete(now: self.now)
    try self.signal()
  }

  private func signal() throws {
    var text = [UInt8](repeating: 0, count: 32_768)
    var writer = SpanWriter(text.mutableSpan)
    try self.offerer.makeOffer(into: &writer, now: self.now)
    let offer = writer.count
    try self.answerer.setRemoteDescription(.offer, text.span.extracting(0..<offer), now: self.now)
    writer = SpanWriter(text.mutableSpan)
    try self.answerer.makeAnswer(into: &writer, now: self.now)
    let answer = writer.count
    try self.offerer.setRemoteDescription(.answer, text.span.extracting(0..<answer), now: self.now)
  }

  /// Both recordings of a call of so many milliseconds; it is closed at its end.
  func run(milliseconds: Int) -> (offerer: [UInt8], answerer: [UInt8]) {
    var timestamp: UInt32 = 0
    for tick in 0..<milliseconds {
      self.now = self.now + .milliseconds(1)
      self.deliver()
      advance(&self.offerer, to: self.now)
      advance(&self.answerer, to: self.now)
      if tick % 20 == 0, self.offerer.connection.connectionState == .connected {
        let frame = [UInt8](repeating: 0xFC, count: 60 + Int(self.random.next(below: 60)))
        try? self.offerer.sendFrame(frame.span, FrameTiming(timestamp: timestamp), on: self.audio, now: self.now)
        timestamp &+= 960
      }
      if tick % 4 == 0 {
        let message = [UInt8](repeating: 7, count: 3000)
        try? self.offerer.send(message.span, kind: .binary, on: self.channel, now: self.now)
      }
      self.exchange()
    }
    self.offerer.close(now: self.now)
    self.exchange()
    self.offerer.drainRecording { self.tapes[0] += arrayCopy($0) }
    self.answerer.drainRecording { self.tapes[1] += arrayCopy($0) }
    return (self.tapes[0], self.tapes[1])
  }

  private func deliver() {
    let due = self.flights.filter { $0.arrival <= self.now }.sorted { $0.arrival < $1.arrival }
    self.flights.removeAll { $0.arrival <= self.now }
    for flight in due {
      var bytes = flight.bytes
      var datagram = bytes.mutableSpan
      if flight.isToAnswerer {
        self.answerer.receive(&datagram, from: flight.path.source, to: flight.path.destination, now: self.now)
      } else {
        self.offerer.receive(&datagram, from: flight.path.source, to: flight.path.destination, now: self.now)
      }
    }
  }

  private func exchange() {
    while let (bytes, path) = transmit(&self.offerer) { self.put(bytes, path, isToAnswerer: true) }
    while let (bytes, path) = transmit(&self.answerer) { self.put(bytes, path, isToAnswerer: false) }
    drain(&self.offerer)
    drain(&self.answerer)
  }

  private func put(_ bytes: [UInt8], _ path: Transmit, isToAnswerer: Bool) {
    guard self.random.next(below: 1000) >= self.loss else { return }
    let delay = Interval.milliseconds(20 + self.random.next(below: 8))
    self.flights.append(Flight(arrival: self.now + delay, isToAnswerer: isToAnswerer, bytes: bytes, path: path))
  }
}

private func advance(_ peer: inout RecordingPeerConnection, to now: Instant) {
  if let deadline = peer.connection.nextDeadline, deadline <= now { peer.advance(to: now) }
}

private func transmit(_ peer: inout RecordingPeerConnection) -> ([UInt8], Transmit)? {
  var buffer = [UInt8](repeating: 0, count: 1500)
  var writer = SpanWriter(buffer.mutableSpan)
  guard let path = peer.pollTransmit(into: &writer) else { return nil }
  let count = writer.count
  return (Array(buffer[0..<count]), path)
}

private func drain(_ peer: inout RecordingPeerConnection) {
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while peer.pollEvent() != nil {}
  while true {
    var writer = SpanWriter(buffer.mutableSpan)
    guard peer.receiveMessage(into: &writer) != nil else { break }
  }
  while peer.connection.nextFrameSize != nil {
    var writer = SpanWriter(buffer.mutableSpan)
    guard peer.receiveFrame(into: &writer) != nil else { break }
  }
}
