import Bytes
import DataChannel
import EpollDriver
import Foundation
import Time
import WebRTC

/// The client's half of a session against an echo: opens channels, sends messages of every kind, checks that each comes
/// back unharmed, and measures. Steps: greetings, one round trip at a time, then as much as goes.
final class ProbeSession: PeerDelegate {
  struct Plan {
    var messages = 1000
    var size = 16_384
    var roundTrips = 100
  }

  struct Result: Sendable {
    var setupMilliseconds = 0.0
    var messages = 0
    var bytes = 0
    var transferSeconds = 0.0
    var roundTripsMicroseconds: [Double] = []
    var failure: String?
    /// 10^6 bytes of payload a second, both directions.
    var throughput: Double { self.transferSeconds > 0 ? Double(self.bytes) / self.transferSeconds / 1e6 : 0 }
  }

  private enum Step { case connecting, greetings, roundTrips, transfer, finished }

  private struct Lane {
    var channel: Channel
    var isOrdered: Bool
    var isOpen = false
    var nextToSend = 0
    var received = 0
    var greetingsReceived = 0
    /// Messages seen, for the channel that keeps no order.
    var seen: [Bool] = []
  }

  static let greetings: [(kind: MessageKind, bytes: [UInt8])] = [
    (.string, Array("grüß dich, 世界 👋".utf8)), (.string, []), (.binary, []), (.binary, [0, 1, 2, 255]),
  ]

  private let plan: Plan
  private let startedAt: Instant
  private let onEnd: (Result) -> Void
  private var lanes: [Lane] = []
  private var step = Step.connecting
  private var result = Result()
  private var stepStartedAt = Instant.zero
  private var remainingRoundTrips: Int

  /// `onEnd` is called once, on the driver's thread.
  init(plan: Plan, startedAt: Instant, onEnd: @escaping (Result) -> Void) {
    self.plan = plan
    self.startedAt = startedAt
    self.remainingRoundTrips = plan.roundTrips
    self.onEnd = onEnd
  }

  /// Opens the channels; to be called before the offer is made.
  func open(on peer: Peer) throws(DataChannels.OpenError) {
    var unordered = ChannelOptions(label: Array("unordered".utf8))
    unordered.ordered = false
    let channels = try peer.perform { connection, now throws(DataChannels.OpenError) in
      (
        try connection.openChannel(ChannelOptions(label: Array("reliable".utf8)), now: now),
        try connection.openChannel(unordered, now: now)
      )
    }
    self.lanes = [Lane(channel: channels.0, isOrdered: true), Lane(channel: channels.1, isOrdered: false)]
  }

  func peer(_ peer: Peer, didReceive event: PeerConnection.Event) {
    switch event {
    case .channelOpened(let channel, remote: false):
      guard let lane = self.lanes.firstIndex(where: { $0.channel == channel }) else { return }
      self.lanes[lane].isOpen = true
      if self.lanes.allSatisfy(\.isOpen) { self.greet(peer) }
    case .writable:
      if self.step == .transfer { self.fill(peer) }
    case .failed(let reason):
      self.finish(failure: reason.text)
    case .connectionStateChanged(.closed):
      self.finish(failure: "the peer closed the connection")
    case .channelClosed:
      self.finish(failure: "the peer closed a channel")
    default:
      break
    }
  }

  func peer(_ peer: Peer, didReceive message: ReceivedMessage, bytes: Span<UInt8>) {
    guard let lane = self.lanes.firstIndex(where: { $0.channel == message.channel }) else { return }
    switch self.step {
    case .greetings: self.receiveGreeting(lane, message.kind, bytes, peer)
    case .roundTrips: self.receiveRoundTrip(bytes, peer)
    case .transfer: self.receiveTransfer(lane, bytes, peer)
    case .connecting, .finished: break
    }
  }

  // MARK: Steps

  private func greet(_ peer: Peer) {
    let now = peer.now
    self.result.setupMilliseconds = Double((now - self.startedAt).nanoseconds) / 1e6
    self.step = .greetings
    for lane in self.lanes {
      for greeting in Self.greetings { self.send(greeting.bytes, greeting.kind, lane.channel, peer) }
    }
  }

  private func receiveGreeting(_ lane: Int, _ kind: MessageKind, _ bytes: Span<UInt8>, _ peer: Peer) {
    let known = Self.greetings.contains { $0.kind == kind && bytesEqual($0.bytes.span, bytes) }
    guard known else { return self.finish(failure: "a greeting came back changed") }
    self.lanes[lane].greetingsReceived += 1
    self.result.messages += 1
    guard self.lanes.allSatisfy({ $0.greetingsReceived == Self.greetings.count }) else { return }
    self.step = .roundTrips
    self.nextRoundTrip(peer)
  }

  private func nextRoundTrip(_ peer: Peer) {
    guard self.remainingRoundTrips > 0 else { return self.transfer(peer) }
    self.remainingRoundTrips -= 1
    self.stepStartedAt = peer.now
    self.send(pattern(self.remainingRoundTrips, size: 64), .binary, self.lanes[0].channel, peer)
  }

  private func receiveRoundTrip(_ bytes: Span<UInt8>, _ peer: Peer) {
    guard bytesEqual(bytes, pattern(self.remainingRoundTrips, size: 64).span) else {
      return self.finish(failure: "a round trip came back changed")
    }
    self.result.roundTripsMicroseconds.append(Double((peer.now - self.stepStartedAt).nanoseconds) / 1e3)
    self.result.messages += 1
    self.nextRoundTrip(peer)
  }

  private func transfer(_ peer: Peer) {
    self.step = .transfer
    self.stepStartedAt = peer.now
    for index in self.lanes.indices { self.lanes[index].seen = Array(repeating: false, count: self.plan.messages) }
    self.fill(peer)
    self.finishIfComplete(peer)
  }

  /// Sends until the buffer is full, the channels taking turns.
  private func fill(_ peer: Peer) {
    while let lane = self.lanes.indices.min(by: { self.lanes[$0].nextToSend < self.lanes[$1].nextToSend }),
      self.lanes[lane].nextToSend < self.plan.messages
    {
      let message = pattern(self.lanes[lane].nextToSend, size: self.plan.size)
      guard self.send(message, .binary, self.lanes[lane].channel, peer) else { return }
      self.lanes[lane].nextToSend += 1
    }
  }

  private func receiveTransfer(_ lane: Int, _ bytes: Span<UInt8>, _ peer: Peer) {
    // Messages too short for a number are all alike: they are counted.
    let index = self.plan.size < 4 ? self.lanes[lane].received : patternIndex(bytes) ?? self.plan.messages
    guard index < self.plan.messages, !self.lanes[lane].seen[index],
      !self.lanes[lane].isOrdered || index == self.lanes[lane].received,
      bytesEqual(bytes, pattern(index, size: self.plan.size).span)
    else { return self.finish(failure: "a message came back changed, twice or out of order") }
    self.lanes[lane].seen[index] = true
    self.lanes[lane].received += 1
    self.result.messages += 1
    self.result.bytes += 2 * bytes.count
    self.finishIfComplete(peer)
  }

  private func finishIfComplete(_ peer: Peer) {
    guard self.lanes.allSatisfy({ $0.received == self.plan.messages }) else { return }
    self.result.transferSeconds = Double((peer.now - self.stepStartedAt).nanoseconds) / 1e9
    self.finish(failure: nil)
  }

  @discardableResult
  private func send(_ bytes: [UInt8], _ kind: MessageKind, _ channel: Channel, _ peer: Peer) -> Bool {
    do throws(DataChannels.SendError) {
      try peer.perform { connection, now throws(DataChannels.SendError) in
        try connection.send(bytes.span, kind: kind, on: channel, now: now)
      }
      return true
    } catch {
      if error != .wouldBlock { self.finish(failure: "a message of \(bytes.count) bytes was refused: \(error)") }
      return false
    }
  }

  func finish(failure: String?) {
    guard self.step != .finished else { return }
    self.step = .finished
    self.result.failure = failure
    self.onEnd(self.result)
  }
}

/// A message whose every byte depends on its number: 4 bytes of number, then a pattern. Shorter ones are all alike.
func pattern(_ index: Int, size: Int) -> [UInt8] {
  guard size >= 4 else { return [UInt8](repeating: 0x5a, count: size) }
  return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
    for i in 0..<4 { buffer[i] = UInt8(truncatingIfNeeded: index >> (24 - 8 * i)) }
    var value = UInt8(truncatingIfNeeded: index &* 31)
    for i in 4..<size {
      value = value &+ 7
      buffer[i] = value
    }
    count = size
  }
}

func patternIndex(_ bytes: Span<UInt8>) -> Int? {
  guard bytes.count >= 4 else { return nil }
  return Int(bytes[0]) << 24 | Int(bytes[1]) << 16 | Int(bytes[2]) << 8 | Int(bytes[3])
}
