import Bytes
import Cryptography
import ICE
import STUN
import Testing
import Time
import WebRTC

@testable import Simulator

/// Keys are slow to make, and which one it is does not matter here.
let worldIdentities: (Identity, Identity) = {
  var random = SeededRandom(seed: .init(0x1d))
  // A failure here fails every test that follows.
  return (try! Identity(random: &random), try! Identity(random: &random))
}()

/// A world of two hosts with a peer each.
struct Couple {
  let world: World
  let hosts: (HostID, HostID)
  let peers: (PeerID, PeerID)

  static let addresses = (IPAddress(198, 51, 100, 1), IPAddress(198, 51, 100, 2))

  init(
    seed: UInt64 = 1, condition: Link.Condition = .init(), configuration: PeerConnection.Configuration = .init(),
    isRecording: Bool = false
  ) throws {
    self.world = World(seed: seed)
    self.hosts = (
      try self.world.addHost(Self.addresses.0, up: condition, down: condition),
      try self.world.addHost(Self.addresses.1, up: condition, down: condition)
    )
    self.peers = (
      try self.world.addPeer(
        on: self.hosts.0, configuration: configuration, identity: worldIdentities.0, isRecording: isRecording),
      try self.world.addPeer(
        on: self.hosts.1, configuration: configuration, identity: worldIdentities.1, isRecording: isRecording)
    )
  }

  /// Two that have a channel open.
  static func connected(
    seed: UInt64 = 1, condition: Link.Condition = .init(), configuration: PeerConnection.Configuration = .init(),
    isRecording: Bool = false
  ) throws -> (Couple, Channel) {
    let couple = try Couple(seed: seed, condition: condition, configuration: configuration, isRecording: isRecording)
    let channel = try couple.world.openChannel(of: couple.peers.0)
    try couple.world.signal(couple.peers.0, couple.peers.1)
    let isOpen = couple.world.run(for: .seconds(30)) {
      $0.isOpen(channel, of: couple.peers.0) && $0.isOpen(channel, of: couple.peers.1)
    }
    try #require(isOpen)
    return (couple, channel)
  }
}

extension World {
  func openChannel(of peer: PeerID) throws -> Channel {
    try self[peer].openChannel(ChannelOptions(label: Array("world".utf8)), now: self.now)
  }

  func state(of peer: PeerID) -> ConnectionState { self[peer].connection.connectionState }
  func isConnected(_ peers: (PeerID, PeerID)) -> Bool {
    self.state(of: peers.0) == .connected && self.state(of: peers.1) == .connected
  }
  func isOpen(_ channel: Channel, of peer: PeerID) -> Bool {
    self[peer].connection.channelInfo(channel)?.state == .open
  }

  func send(_ text: String, from peer: PeerID, on channel: Channel) throws {
    let bytes = Array(text.utf8)
    try self[peer].send(bytes.span, kind: .string, on: channel, now: self.now)
  }

  func message(of peer: PeerID) -> String? {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var writer = SpanWriter(buffer.mutableSpan)
    guard let message = self[peer].receiveMessage(into: &writer) else { return nil }
    return String(decoding: buffer.prefix(message.size), as: UTF8.self)
  }

  /// Whether a message comes from the one to the other within ten seconds.
  func carries(_ text: String, from sender: PeerID, to receiver: PeerID, on channel: Channel) throws -> Bool {
    try self.send(text, from: sender, on: channel)
    var received: String?
    return self.run(for: .seconds(10)) {
      received = $0.message(of: receiver) ?? received
      return received == text
    }
  }
}
