import Bytes
import EpollDriver
import RTP
import Synchronization
import Time
import WebRTC

/// Where the streams of publishers go to those who play them. On the air is whoever published last.
///
/// Publishers and players are guarded by the driver's lock, as their sessions are; the lists by a lock of their own, under
/// which nobody else is called.
final class Stage: Sendable {
  final class Publisher: @unchecked Sendable {
    let peer: Peer
    /// What comes, by what has come.
    fileprivate(set) var streams: [MediaKind: (transceiver: Transceiver, format: CodecFormat)] = [:]
    init(peer: Peer) { self.peer = peer }
  }

  final class Player: @unchecked Sendable {
    struct Output {
      var transceiver: Transceiver
      var format: CodecFormat
      var relay = Relay()
    }
    let peer: Peer
    fileprivate var outputs: [MediaKind: Output]

    init(peer: Peer, outputs: [MediaKind: Output]) {
      self.peer = peer
      self.outputs = outputs
    }
  }

  private struct Lists: Sendable {
    var publishers: [Publisher] = []
    var players: [Player] = []
    /// What the one on the air sends.
    var formats: [MediaKind: CodecFormat] = [:]
  }
  private let lists = Mutex(Lists())

  /// What there is to be played now.
  var formats: [MediaKind: CodecFormat] { self.lists.withLock { $0.formats } }

  func enter(_ publisher: Publisher) {
    self.lists.withLock {
      $0.publishers.append(publisher)
      $0.formats = [:]
    }
  }

  func leave(_ publisher: Publisher) {
    self.lists.withLock { lists in
      lists.publishers.removeAll { $0 === publisher }
      lists.formats = lists.publishers.last?.streams.mapValues(\.format) ?? [:]
    }
  }

  func enter(_ player: Player) {
    self.lists.withLock { $0.players.append(player) }
    // So that it does not have to wait for the next one.
    for kind in player.outputs.keys { self.requestKeyFrame(kind) }
  }

  func leave(_ player: Player) {
    self.lists.withLock { $0.players.removeAll { $0 === player } }
  }

  /// Passes a key frame request on to whoever is on the air.
  func requestKeyFrame(_ kind: MediaKind) {
    guard kind == .video, let publisher = self.lists.withLock({ $0.publishers.last }),
      let stream = publisher.streams[kind]
    else { return }
    publisher.peer.perform { connection, now in connection.requestKeyFrame(of: stream.transceiver, now: now) }
  }

  func forward(_ bytes: Span<UInt8>, _ frame: ReceivedFrame, on transceiver: Transceiver, from publisher: Publisher) {
    let kind = frame.format.kind
    // A publisher's first section of each kind is the one that is played.
    if let known = publisher.streams[kind], known.transceiver != transceiver { return }
    let isNew = publisher.streams[kind]?.format != frame.format
    if isNew { publisher.streams[kind] = (transceiver, frame.format) }
    let players: [Player] = self.lists.withLock { lists in
      guard lists.publishers.last === publisher else { return [] }
      if isNew || lists.formats[kind] == nil { lists.formats[kind] = frame.format }
      return lists.players
    }
    var isKeyFrameMissing = false
    for player in players {
      guard let output = player.outputs[kind], output.format == frame.format else { continue }
      guard let timing = player.outputs[kind]?.relay.timing(of: frame, from: publisher.peer) else {
        // Whoever came into the picture in its middle sees nothing of it yet, and so asks for nothing.
        if player.outputs[kind]?.relay.needsKeyFrame ?? false { isKeyFrameMissing = true }
        continue
      }
      do throws(FrameSendError) {
        try player.peer.sendFrame(bytes, timing, on: output.transceiver)
      } catch {
        player.outputs[kind]?.relay.noteLoss()
        isKeyFrameMissing = true
      }
    }
    if isKeyFrameMissing { self.requestKeyFrame(kind) }
  }
}
