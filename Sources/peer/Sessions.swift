import Bytes
import Cryptography
import EpollDriver
import Foundation
import Simulator
import Synchronization
import Time
import WebRTC

/// The sessions of a server: bounded in number, and in how long they may take to connect.
final class Sessions: Sendable {
  private struct Session: Sendable {
    var peer: Peer
    var served: ServedSession
  }

  private struct State: Sendable {
    var sessions: [String: Session] = [:]
    /// Places taken by sessions that are about to begin.
    var reserved = 0
  }

  enum StartError: Error {
    case tooMany
    case refused(PeerConnection.DescriptionError)
    case useless(ServedSession.Refusal)
    case failed(String)
  }

  private let driver: EpollDriver
  private let configuration: PeerConnection.Configuration
  private let identity: Identity
  private let maximum: Int
  private let expiry: UInt32
  private let channels: [ChannelOptions]
  private let recording: RecordingOption
  private let resources: MediaResources
  private let state = Mutex(State())
  private let started = Atomic<Int>(0)

  init(
    driver: EpollDriver, configuration: PeerConnection.Configuration, identity: Identity, maximum: Int,
    expiry: UInt32, channels: [ChannelOptions], resources: MediaResources, recording: RecordingOption
  ) {
    self.driver = driver
    self.configuration = configuration
    self.identity = identity
    self.maximum = maximum
    self.expiry = expiry
    self.channels = channels
    self.resources = resources
    self.recording = recording
  }

  /// Takes an offer; gives the session's name and the answer.
  func start(_ role: ServedSession.Role, offer: [UInt8]) throws(StartError) -> (id: String, answer: String) {
    // Before anything else, so that offers at the same time do not all find the last place free.
    let hasPlace = self.state.withLock { state in
      guard state.sessions.count + state.reserved < self.maximum else { return false }
      state.reserved += 1
      return true
    }
    guard hasPlace else { throw .tooMany }
    let id = UUID().uuidString.lowercased()
    let served = ServedSession(id: id, role: role, resources: self.resources) { [weak self] _ in self?.end(id) }
    let peer: Peer
    let answer: String
    do {
      let number = self.started.add(1, ordering: .relaxed).oldValue
      peer = try self.driver.makePeer(
        configuration: self.configuration(for: role), identity: self.identity, delegate: served,
        recordTo: try self.recording.file(number: number))
    } catch {
      self.state.withLock { $0.reserved -= 1 }
      throw .failed("\(error)")
    }
    do {
      answer = try peer.perform { connection, now in
        try self.answer(to: offer, for: served, of: peer, &connection, now)
      }
    } catch {
      peer.close()
      self.state.withLock { $0.reserved -= 1 }
      throw Self.startError(error)
    }
    self.state.withLock { state in
      state.reserved -= 1
      state.sessions[id] = Session(peer: peer, served: served)
    }
    // One that ended before it was entered has not been taken out.
    if peer.perform({ _, _ in served.hasEnded }) { self.end(id) }
    self.expire(id)
    return (id, answer)
  }

  private func configuration(for role: ServedSession.Role) -> PeerConnection.Configuration {
    var configuration = self.configuration
    switch role {
    case .echo:
      // What is talked into should come back soon.
      configuration.rtp.audioReceiver.holdTime = .milliseconds(100)
      configuration.rtp.videoReceiver.holdTime = .milliseconds(150)
    case .publish: break
    case .play: configuration.receivesOfferedMedia = false
    }
    return configuration
  }

  private func answer(
    to offer: [UInt8], for served: ServedSession, of peer: Peer, _ connection: inout RecordingPeerConnection, _ now: Instant
  ) throws -> String {
    try served.prepare(&connection, now)
    let channels = served.role == .echo ? self.channels : []
    return try Self.answer(to: offer, for: served, of: peer, opening: channels, &connection, now)
  }

  private static func answer(
    to offer: [UInt8], for served: ServedSession, of peer: Peer, opening channels: [ChannelOptions],
    _ connection: inout RecordingPeerConnection, _ now: Instant
  ) throws -> String {
    try connection.setRemoteDescription(.offer, offer.span, now: now)
    try served.adjust(&connection, now)
    for channel in channels {
      // One that cannot be opened shows in the client's absence of it; the session is none the worse.
      _ = try? connection.openChannel(channel, now: now)
    }
    let answer = try description { writer throws(PeerConnection.UsageError) in
      try connection.makeAnswer(into: &writer, now: now)
    }
    try served.settle(peer, connection.connection)
    return answer
  }

  private static func startError(_ error: any Error) -> StartError {
    switch error {
    case let error as PeerConnection.DescriptionError: .refused(error)
    case let error as ServedSession.Refusal: .useless(error)
    default: .failed("\(error)")
    }
  }

  /// Takes a further offer in a live session; one that is refused leaves it as it was.
  func renegotiate(_ served: ServedSession, _ peer: Peer, offer: [UInt8]) throws(StartError) -> String {
    do {
      return try peer.perform { connection, now in
        try Self.answer(to: offer, for: served, of: peer, opening: [], &connection, now)
      }
    } catch {
      throw Self.startError(error)
    }
  }

  private func expire(_ id: String) {
    Task {
      try? await Task.sleep(for: .seconds(self.expiry))
      guard let session = self.session(id) else { return }
      let connected = session.peer.perform { _, _ in session.served.hasConnected }
      if !connected { self.end(id) }
    }
  }

  private func session(_ id: String) -> Session? { self.state.withLock { $0.sessions[id] } }

  func peer(_ id: String) -> (peer: Peer, served: ServedSession)? { self.session(id).map { ($0.peer, $0.served) } }

  @discardableResult
  func end(_ id: String) -> Bool {
    guard let session = self.state.withLock({ $0.sessions.removeValue(forKey: id) }) else { return false }
    session.peer.close()
    return true
  }

  /// Ends all of them, and returns when their files are complete.
  func closeAll() {
    for id in self.state.withLock({ Array($0.sessions.keys) }) { self.end(id) }
    self.resources.files?.wait()
  }
}
