import DTLS
import WebRTC

/// Why a peer could not be forked: the provider of cryptography has no memory.
public typealias PeerForkError = DTLS.UsageError

extension World {
  /// A second world that goes on byte for byte as this one would, under the same calls. Hooks are not taken along.
  public func fork() throws(PeerForkError) -> World {
    let fork = World(seed: 0)
    fork.now = self.now
    fork.statistics = self.statistics
    fork.active = self.active
    fork.isActiveOver = self.isActiveOver
    fork.random = self.random
    fork.hosts = self.hosts
    fork.interfaces = self.interfaces
    fork.nats = self.nats
    fork.routes = self.routes
    fork.partitions = self.partitions
    fork.lastPartition = self.lastPartition
    fork.endpoints = self.endpoints
    fork.deadlines = self.deadlines
    fork.flights = self.flights
    fork.dirty = self.dirty
    fork.sockets = self.sockets
    fork.stunServers = self.stunServers
    fork.turnServers = self.turnServers
    fork.sessions = self.sessions
    fork.heldSignals = self.heldSignals
    fork.hash = self.hash
    for box in self.peers { fork.peers.append(try PeerBox(forking: box)) }
    return fork
  }
}

extension RecordingPeerConnection {
  /// A second one that goes on, and records, as this one would: see `PeerConnection.fork`.
  public func fork() throws(PeerForkError) -> RecordingPeerConnection {
    RecordingPeerConnection(connection: try self.connection.fork(), recorder: self.recorder)
  }
}
