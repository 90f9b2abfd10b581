import Bytes
import CDevice
import DataChannel
#if Audio
import RTP
#endif
import STUN
import Time
import WebRTC

/// Two peers in one program, on a clock of its own: all that a device's application does with them.
struct Pair {
  let first: Endpoint
  let second: Endpoint
  var now: Instant
  var scratch: [UInt8]

  init?(seed: UInt8) {
    self.now = Instant.zero + .seconds(1)
    self.scratch = [UInt8](repeating: 0, count: 4096)
    device_enter(0)
    let first = Endpoint(seed, TransportAddress(ip: IPAddress(10, 0, 0, 1), port: 5000), now: self.now)
    device_enter(1)
    let second = Endpoint(seed &+ 2, TransportAddress(ip: IPAddress(10, 0, 0, 2), port: 5000), now: self.now)
    device_enter(-1)
    guard let first, let second else { return nil }
    self.first = first
    self.second = second
  }

  /// The offer and the answer.
  mutating func negotiate() -> Bool {
    do throws(DataChannels.OpenError) {
      device_enter(0)
      defer { device_enter(-1) }
      _ = try self.first.peer.openChannel(ChannelOptions(label: [0x74]), now: self.now)
    } catch { return false }
    #if Audio
      do throws(PeerConnection.UsageError) {
        device_enter(0)
        defer { device_enter(-1) }
        try self.first.peer.addTransceiver(.audio, now: self.now)
      } catch { return false }
    #endif
    return self.describe(.offer, from: self.first, 0, to: self.second, 1)
      && self.describe(.answer, from: self.second, 1, to: self.first, 0)
  }

  private mutating func describe(
    _ kind: DescriptionKind, from sender: Endpoint, _ senderNumber: Int32, to receiver: Endpoint, _ receiverNumber: Int32
  ) -> Bool {
    defer { device_enter(-1) }
    let now = self.now
    var writer = SpanWriter(self.scratch.mutableSpan)
    device_enter(senderNumber)
    do throws(PeerConnection.UsageError) {
      if kind == .offer {
        try sender.peer.makeOffer(into: &writer, now: now)
      } else {
        try sender.peer.makeAnswer(into: &writer, now: now)
      }
    } catch { return false }
    let count = writer.count
    device_enter(receiverNumber)
    do throws(PeerConnection.DescriptionError) {
      try receiver.peer.setRemoteDescription(kind, self.scratch.span.extracting(0..<count), now: now)
    } catch { return false }
    return true
  }

  /// Carries every datagram across, then lets time pass to the next deadline.
  mutating func step() {
    var moved = true
    while moved {
      let there = self.carry(from: self.first, 0, to: self.second, 1)
      let back = self.carry(from: self.second, 1, to: self.first, 0)
      moved = there || back
    }
    var next = self.now + .milliseconds(20)
    if let deadline = self.first.peer.nextDeadline, deadline < next { next = deadline }
    if let deadline = self.second.peer.nextDeadline, deadline < next { next = deadline }
    self.now = max(next, self.now)
    device_enter(0)
    self.first.peer.advance(to: self.now)
    self.first.drain(into: &self.scratch)
    device_enter(1)
    self.second.peer.advance(to: self.now)
    self.second.drain(into: &self.scratch)
    device_enter(-1)
  }

  private mutating func carry(
    from sender: Endpoint, _ senderNumber: Int32, to receiver: Endpoint, _ receiverNumber: Int32
  ) -> Bool {
    defer { device_enter(-1) }
    let now = self.now
    var any = false
    while true {
      var writer = SpanWriter(self.scratch.mutableSpan)
      device_enter(senderNumber)
      guard let transmit = sender.peer.pollTransmit(into: &writer) else { return any }
      let count = writer.count
      any = true
      guard transmit.destination == receiver.address else { continue }
      var bytes = self.scratch.mutableSpan
      var datagram = bytes._mutatingExtracting(0..<count)
      device_enter(receiverNumber)
      receiver.peer.receive(&datagram, from: transmit.source, to: transmit.destination, now: now)
    }
  }

  /// Both are connected, and the channel is open at both ends.
  var isConnected: Bool {
    self.first.peer.connectionState == .connected && self.second.peer.connectionState == .connected && self.first.isOpen
      && self.second.isOpen
  }

  mutating func connect() -> Bool {
    for _ in 0..<2000 {
      self.step()
      if self.isConnected { return true }
    }
    return false
  }

  /// A second of messages and audio, both ways.
  mutating func talk() -> Bool {
    let payload = [UInt8](repeating: 0x55, count: 160)
    for i in 0..<50 {
      device_enter(0)
      let sent = self.send(payload.span, from: self.first, at: i)
      device_enter(1)
      let replied = self.send(payload.span, from: self.second, at: i)
      device_enter(-1)
      guard sent, replied else { return false }
      let end = self.now + .milliseconds(20)
      while self.now < end { self.step() }
    }
    var isComplete = self.first.messages == 50 && self.second.messages == 50
    #if Audio
      isComplete = isComplete && self.first.frames > 40 && self.second.frames > 40
    #endif
    return isComplete
  }

  private func send(_ payload: Span<UInt8>, from sender: Endpoint, at index: Int) -> Bool {
    guard let channel = sender.channel else { return false }
    do throws(DataChannels.SendError) {
      try sender.peer.send(payload, kind: .binary, on: channel, now: self.now)
    } catch { return false }
    #if Audio
      do throws(FrameSendError) {
        let timing = FrameTiming(timestamp: UInt32(truncatingIfNeeded: index) &* 160)
        try sender.peer.sendFrame(payload, timing, on: Transceiver(index: 0), now: self.now)
      } catch { return false }
    #endif
    return true
  }

  mutating func close() -> Bool {
    device_enter(0)
    self.first.peer.close(now: self.now)
    device_enter(-1)
    for _ in 0..<100 { self.step() }
    return self.second.peer.connectionState == .closed
  }
}

@c(device_pair)
public func runPair(_ seed: UInt8) -> Int32 {
  guard var pair = Pair(seed: seed) else { return 1 }
  device_moment(0)
  guard pair.negotiate() else { return 2 }
  device_moment(1)
  guard pair.connect() else { return 3 }
  device_moment(2)
  guard pair.talk() else { return 4 }
  device_moment(3)
  guard pair.close() else { return 5 }
  device_moment(4)
  return 0
}
