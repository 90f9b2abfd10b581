import Bytes
import Cryptography
import RTP
import SDP
import STUN
import Time
@testable import WebRTC

/// A peer, what is under way to it, and what it has told.
struct Side: ~Copyable {
  var peer: PeerConnection
  let address: TransportAddress
  /// Datagrams on their way to this side, and those that it has just sent.
  var inbox: [Bench.Flight] = []
  var outbox: [Bench.Flight] = []
  /// Frames carry a number that is never used twice.
  var sent: UInt32 = 0
  /// Frames and packets that have come out, and the number of the last of each stream.
  var taken = 0
  var last: [(ssrc: UInt32, number: UInt32)] = []
  var isDrained = false

  init(
    _ identity: Identity, seed: UInt64, at address: TransportAddress, isTight: Bool, delivery: Receiver.Delivery,
    now: Instant
  ) {
    var configuration = PeerConnection.Configuration()
    configuration.rtp.videoReceiver.delivery = delivery
    if isTight {
      configuration.rtp.maximumLines = 4
      configuration.rtp.maximumStreams = 5
      configuration.rtp.maximumStreamsPerLine = 3
      configuration.rtp.videoStore = .init(bytes: 12_000, packets: 16, age: .milliseconds(500))
      configuration.rtp.videoReceiver.maximumBytes = 12_000
      configuration.rtp.videoReceiver.maximumPackets = 32
      configuration.rtp.videoReceiver.waitsForKeyFrame = false
      configuration.rtp.audioReceiver.maximumBytes = 4000
      configuration.rtp.audioReceiver.maximumPackets = 16
      configuration.srtp.maximumStreams = 6
    }
    guard
      var peer = try? PeerConnection(configuration: configuration, identity: identity, seed: .init(seed), now: now)
    else { preconditionFailure("no peer") }
    peer.addLocalAddress(address, preference: 65535, now: now)
    peer.localAddressesComplete(now: now)
    let formats: [CodecFormat] = isTight ? [.pcmu, .h264] : [.opus, .vp8]
    for format in formats {
      guard (try? peer.addTransceiver(format.kind, .init(formats: [format]), now: now)) != nil else {
        preconditionFailure("no transceiver")
      }
    }
    self.peer = peer
    self.address = address
  }

  private init(forking other: borrowing Side) {
    guard let peer = try? other.peer.fork() else { preconditionFailure("no fork") }
    self.peer = peer
    self.address = other.address
    self.inbox = other.inbox
    self.outbox = other.outbox
    self.sent = other.sent
    self.taken = other.taken
    self.last = other.last
    self.isDrained = other.isDrained
  }

  func fork() -> Side { Side(forking: self) }

  var isConnected: Bool { self.peer.connectionState == .connected }

  // MARK: Calls

  private func transceiver(_ n: UInt8) -> Transceiver { Transceiver(index: Int(n) % (self.peer.transceiverCount + 1)) }

  mutating func sendFrame(_ n: UInt8, size: UInt8, now: Instant) {
    let transceiver = self.transceiver(n)
    guard let codec = self.peer.transceiverInfo(transceiver)?.sendCodec else { return }
    let frame = makeFrame(self.sent, codec.format, size: size)
    var timing = FrameTiming(timestamp: self.sent &* codec.clockRate / 50)
    timing.audioLevel = size
    guard (try? self.peer.sendFrame(frame.span, timing, on: transceiver, now: now)) != nil else { return }
    self.sent += 1
  }

  mutating func sendPacket(_ n: UInt8, _ payload: [UInt8], now: Instant) {
    let timing = FrameTiming(timestamp: self.sent &* 960)
    try? self.peer.sendPacket(
      payload.span, marker: payload.count & 1 == 0, timing, on: self.transceiver(n), now: now)
    self.sent += 1
  }

  mutating func change(_ operation: UInt8, _ n: UInt8, now: Instant) {
    let directions: [MediaDirection] = [.sendrecv, .sendonly, .recvonly, .inactive]
    let direction = directions[Int(n >> 6)]
    switch operation {
    case 0, 1:
      let formats = n & 1 == 0 ? [] : [CodecFormat.allCases[Int(n >> 1) % CodecFormat.allCases.count]]
      _ = try? self.peer.addTransceiver(
        n & 8 == 0 ? .audio : .video, .init(direction: direction, formats: formats), now: now)
    case 2, 3, 4: try? self.peer.setDirection(direction, of: self.transceiver(n & 63))
    case 5: try? self.peer.stopTransceiver(self.transceiver(n), now: now)
    case 6: self.peer.requestKeyFrame(of: self.transceiver(n), now: now)
    default: _ = try? self.peer.openChannel(ChannelOptions(label: [n]), now: now)
    }
  }

  mutating func describe(_ kind: UInt8, _ description: inout [UInt8], now: Instant) {
    switch kind {
    case 0, 2:
      var text = [UInt8](repeating: 0, count: 32_768)
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
      let transceivers = self.transceivers
      if (try? self.peer.setRemoteDescription(kind == 1 ? .offer : .answer, description.span, now: now)) == nil {
        precondition(
          self.peer.localUfrag == ufrag && self.peer.signalingState == state && self.transceivers == transceivers,
          "a refusal changed something")
      }
    }
  }

  private var transceivers: [TransceiverInfo?] {
    (0..<self.peer.transceiverCount).map { self.peer.transceiverInfo(Transceiver(index: $0)) }
  }

  // MARK: What must hold

  mutating func settle(now: Instant, isTampered: Bool) {
    self.peer.advance(to: now)
    if let next = self.peer.nextDeadline { precondition(next > now, "a deadline that is not in the future") }
    self.drain(isTampered: isTampered)
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
      precondition(polls < 3000, "an end of sending that does not come")
    }
    if let next = self.peer.nextDeadline { precondition(next > now, "sending made a deadline that is over") }
    self.drain(isTampered: isTampered)
    if self.peer.connectionState == .closed {
      self.isDrained = true
      precondition(self.peer.nextDeadline == nil, "a closed peer that waits for time")
    }
  }

  private mutating func drain(isTampered: Bool) {
    var polls = 0
    while let event = self.peer.pollEvent() {
      switch event {
      case .streamAdded(let transceiver, let ssrc, _), .streamRemoved(let transceiver, let ssrc):
        precondition(transceiver.index < self.peer.transceiverCount)
        self.last.removeAll { $0.ssrc == ssrc }
      case .trackAdded(let transceiver), .trackRemoved(let transceiver), .keyFrameRequested(let transceiver):
        precondition(transceiver.index < self.peer.transceiverCount)
      default: break
      }
      polls += 1
      precondition(polls < 5000, "an end of events that does not come")
    }
    while let size = self.peer.nextFrameSize {
      // Room for any: what is ready may turn out to be no frame, and then the next of another stream comes.
      var buffer = [UInt8](repeating: 0, count: 16_384)
      precondition(size <= buffer.count)
      var writer = SpanWriter(buffer.mutableSpan)
      guard let (transceiver, frame) = self.peer.receiveFrame(into: &writer) else {
        precondition(self.peer.nextFrameSize == nil, "a frame that cannot be taken")
        break
      }
      precondition(writer.count == frame.size && transceiver.index < self.peer.transceiverCount)
      self.taken += 1
      if !isTampered { self.check(frame, buffer) }
    }
    var buffer = [UInt8](repeating: 0, count: 1500)
    while true {
      var writer = SpanWriter(buffer.mutableSpan)
      guard let (transceiver, packet) = self.peer.receivePacket(into: &writer) else { break }
      precondition(writer.count == packet.header.payloadCount && transceiver.index < self.peer.transceiverCount)
      self.taken += 1
    }
  }

  /// Frames come as they were sent, each once, in the order of their stream.
  private mutating func check(_ frame: ReceivedFrame, _ bytes: [UInt8]) {
    guard let number = frameNumber(bytes.prefix(frame.size), frame.format) else { return }
    if let place = self.last.firstIndex(where: { $0.ssrc == frame.ssrc }) {
      precondition(number > self.last[place].number, "a frame out of order")
      self.last[place].number = number
    } else {
      self.last.append((frame.ssrc, number))
    }
  }

  /// All that can be asked for.
  func look() {
    let statistics = self.peer.statistics
    precondition(statistics.counters.sealFailures == 0 || statistics.srtp != nil)
    for index in 0...self.peer.transceiverCount {
      let transceiver = Transceiver(index: index)
      let streams = self.peer.receivedStreams(of: transceiver)
      precondition(streams.count <= self.peer.configuration.rtp.maximumStreamsPerLine)
      let hasStatistics = self.peer.mediaStatistics(of: transceiver) != nil
      let isStopped = self.peer.transceiverInfo(transceiver)?.isStopped
      // One that ended keeps its numbers until another takes its line.
      precondition(hasStatistics ? isStopped != nil : isStopped ?? true)
    }
    _ = (self.peer.mediaTransportStatistics, self.peer.mediaRoundTripTime)
  }
}
