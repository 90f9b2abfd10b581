import Bytes
import DataChannel
import EpollDriver
import Time
import WebRTC

/// The server's half of a session: every message goes back on the channel that it came on. While the send buffer is full
/// nothing more is read, so that a page which sends faster than it reads slows itself down, not us.
/// Its state is guarded by the driver's lock.
final class EchoSession: PeerDelegate, @unchecked Sendable {
  private struct Unsent {
    var bytes: [UInt8]
    var kind: MessageKind
    var channel: Channel
  }

  private var unsent: Unsent?
  private let onEnd: (FailureReason?) -> Void
  private(set) var hasConnected = false
  private(set) var hasEnded = false

  /// `onEnd` is called once, on the driver's thread.
  init(onEnd: @escaping (FailureReason?) -> Void) { self.onEnd = onEnd }

  func peer(_ peer: Peer, didReceive event: PeerConnection.Event) {
    switch event {
    case .writable:
      guard let unsent = self.unsent else { return }
      self.unsent = nil
      peer.isReading = true
      self.send(unsent.bytes.span, unsent.kind, unsent.channel, peer)
    case .connectionStateChanged(.connected):
      self.hasConnected = true
    case .connectionStateChanged(.failed), .connectionStateChanged(.closed):
      guard !self.hasEnded else { return }
      self.hasEnded = true
      self.onEnd(peer.perform { connection, _ in connection.connection.failureReason })
    default:
      break
    }
  }

  func peer(_ peer: Peer, didReceive message: ReceivedMessage, bytes: Span<UInt8>) {
    if message.kind == .string, isCloseRequest(bytes) {
      peer.perform { connection, now in connection.closeChannel(message.channel, now: now) }
    } else {
      self.send(bytes, message.kind, message.channel, peer)
    }
  }

  private func send(_ bytes: Span<UInt8>, _ kind: MessageKind, _ channel: Channel, _ peer: Peer) {
    do throws(DataChannels.SendError) {
      try peer.perform { connection, now throws(DataChannels.SendError) in
        try connection.send(bytes, kind: kind, on: channel, now: now)
      }
    } catch {
      guard error == .wouldBlock else { return }
      self.unsent = Unsent(bytes: arrayCopy(bytes), kind: kind, channel: channel)
      peer.isReading = false
    }
  }

  /// A page that wants to see the server close a channel says so on it.
  private func isCloseRequest(_ bytes: Span<UInt8>) -> Bool {
    let request = Array("close-me".utf8)
    return bytesEqual(bytes, request.span)
  }
}
