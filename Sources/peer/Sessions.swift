import Bytes
import Cryptography
import EpollDriver
import Foundation
import Synchronization
import WebRTC

/// The sessions of a server: bounded in number, and in how long they may take to connect.
final class Sessions: Sendable {
  private struct Session: Sendable {
    var peer: Peer
    var echo: EchoSession
  }

  enum StartError: Error {
    case tooMany
    case refused(PeerConnection.DescriptionError)
    case failed(String)
  }

  private let driver: EpollDriver
  private let configuration: PeerConnection.Configuration
  private let identity: Identity
  private let maximum: Int
  private let expiry: UInt32
  private let channels: [ChannelOptions]
  private let recording: RecordingOption
  private let sessions = Mutex<[String: Session]>([:])
  private let started = Atomic<Int>(0)

  init(
    driver: EpollDriver, configuration: PeerConnection.Configuration, identity: Identity, maximum: Int,
    expiry: UInt32, channels: [ChannelOptions], recording: RecordingOption
  ) {
    self.driver = driver
    self.configuration = configuration
    self.identity = identity
    self.maximum = maximum
    self.expiry = expiry
    self.channels = channels
    self.recording = recording
  }

  /// Takes an offer; gives the session's name and the answer.
  func start(offer: [UInt8]) throws(StartError) -> (id: String, answer: String) {
    guard self.sessions.withLock({ $0.count }) < self.maximum else { throw .tooMany }
    let id = UUID().uuidString.lowercased()
    let echo = EchoSession { [weak self] _ in self?.end(id) }
    let peer: Peer
    do {
      let number = self.started.add(1, ordering: .relaxed).oldValue
      peer = try self.driver.makePeer(
        configuration: self.configuration, identity: self.identity, delegate: echo,
        recordTo: try self.recording.file(number: number))
    } catch {
      throw .failed("\(error)")
    }
    do throws(PeerConnection.DescriptionError) {
      let answer = try peer.perform { connection, now throws(PeerConnection.DescriptionError) in
        try connection.setRemoteDescription(.offer, offer.span, now: now)
        for channel in self.channels {
          // One that cannot be opened shows in the client's absence of it; the session is none the worse.
          _ = try? connection.openChannel(channel, now: now)
        }
        do throws(PeerConnection.UsageError) {
          return try description { writer throws(PeerConnection.UsageError) in
            try connection.makeAnswer(into: &writer, now: now)
          }
        } catch {
          throw .usage(error)
        }
      }
      self.sessions.withLock { $0[id] = Session(peer: peer, echo: echo) }
      // One that ended before it was entered has not been taken out.
      if peer.perform({ _, _ in echo.hasEnded }) { self.end(id) }
      self.expire(id)
      return (id, answer)
    } catch {
      peer.close()
      throw .refused(error)
    }
  }

  private func expire(_ id: String) {
    Task {
      try? await Task.sleep(for: .seconds(self.expiry))
      guard let session = self.sessions.withLock({ $0[id] }) else { return }
      let connected = session.peer.perform { _, _ in session.echo.hasConnected }
      if !connected { self.end(id) }
    }
  }

  func peer(_ id: String) -> Peer? { self.sessions.withLock { $0[id]?.peer } }

  @discardableResult
  func end(_ id: String) -> Bool {
    guard let session = self.forget(id) else { return false }
    session.peer.close()
    return true
  }

  @discardableResult
  private func forget(_ id: String) -> Session? { self.sessions.withLock { $0.removeValue(forKey: id) } }

  func closeAll() {
    for id in self.sessions.withLock({ Array($0.keys) }) { self.end(id) }
  }
}
