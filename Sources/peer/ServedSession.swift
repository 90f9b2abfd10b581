import Bytes
import EpollDriver
import MediaFiles
import RTP
import Simulator
import Time
import WebRTC

/// What sessions of one server share.
struct MediaResources: Sendable {
  var clips: [MediaClip] = []
  var source: ClipSource
  var stage = Stage()
  var files: StreamFiles?
}

/// The server's half of a session. Its state is guarded by the driver's lock.
final class ServedSession: PeerDelegate, @unchecked Sendable {
  enum Role: Sendable {
    /// Messages and media go back to where they came from.
    case echo
    /// Media are taken.
    case publish
    /// Media are played out.
    case play
  }

  enum Refusal: Error {
    /// There is nothing to be played.
    case nothingToPlay
    /// No codec in common with what is to be played.
    case noCodec
    /// The offer neither sends nor receives what the session is for.
    case noUse
  }

  let id: String
  let role: Role
  private let resources: MediaResources
  private let channels: EchoSession
  /// What goes back by each transceiver.
  private var echoes: [Transceiver: (format: CodecFormat, relay: Relay)] = [:]
  private var publisher: Stage.Publisher?
  private var player: Stage.Player?
  private var clips: [(transceiver: Transceiver, clip: MediaClip)] = []
  private var isFinished = false
  /// What has come on each transceiver.
  private(set) var received: [Transceiver: CodecFormat] = [:]
  var hasConnected: Bool { self.channels.hasConnected }
  var hasEnded: Bool { self.channels.hasEnded }

  /// `onEnd` is called once, on the driver's thread.
  init(id: String, role: Role, resources: MediaResources, onEnd: @escaping (FailureReason?) -> Void) {
    self.id = id
    self.role = role
    self.resources = resources
    self.channels = EchoSession(onEnd: onEnd)
  }

  // MARK: Negotiation

  /// Before the offer is set.
  func prepare(_ connection: inout RecordingPeerConnection, _ now: Instant) throws {
    guard self.role == .play else { return }
    guard self.resources.clips.isEmpty else {
      self.clips = try self.resources.clips.map { clip in
        let options = TransceiverOptions(direction: .sendonly, formats: [clip.format])
        return (try connection.addTransceiver(clip.format.kind, options, now: now), clip)
      }
      return
    }
    let formats = self.resources.stage.formats
    guard !formats.isEmpty else { throw Refusal.nothingToPlay }
    for kind in [MediaKind.audio, .video] {
      guard let format = formats[kind] else { continue }
      try connection.addTransceiver(kind, TransceiverOptions(direction: .sendonly, formats: [format]), now: now)
    }
  }

  /// Between an offer and its answer.
  func adjust(_ connection: inout RecordingPeerConnection, _ now: Instant) throws {
    for transceiver in (0..<connection.connection.transceiverCount).map(Transceiver.init) {
      guard let info = connection.connection.transceiverInfo(transceiver), !info.isStopped else { continue }
      if self.role == .echo { try connection.setDirection(.sendrecv, of: transceiver) }
      // The offer has no section for it.
      if self.role == .play, info.mid.isEmpty { try connection.stopTransceiver(transceiver, now: now) }
    }
  }

  /// When an answer is made; throws where the session is of no use.
  func settle(_ peer: Peer, _ connection: borrowing PeerConnection) throws(Refusal) {
    let transceivers = (0..<connection.transceiverCount).map(Transceiver.init)
    var outputs: [MediaKind: Stage.Player.Output] = [:]
    var directions: [MediaDirection] = []
    for transceiver in transceivers {
      guard let info = connection.transceiverInfo(transceiver), !info.isStopped, let direction = info.currentDirection
      else { continue }
      directions.append(direction)
      guard let format = info.sendCodec?.format else { continue }
      outputs[info.kind] = .init(transceiver: transceiver, format: format)
      if self.role == .echo { self.echoes[transceiver] = (format, self.echoes[transceiver]?.relay ?? Relay()) }
    }
    switch self.role {
    case .echo: break
    case .publish: guard directions.contains(where: \.receives) else { throw directions.isEmpty ? .noCodec : .noUse }
    case .play:
      guard directions.contains(where: \.sends) else { throw directions.isEmpty ? .noCodec : .noUse }
      if self.clips.isEmpty { self.player = .init(peer: peer, outputs: outputs) }
      self.clips.removeAll { clip in !outputs.values.contains { $0.transceiver == clip.transceiver } }
    }
  }

  // MARK: What happens

  func peer(_ peer: Peer, didReceive event: PeerConnection.Event) {
    switch event {
    case .connectionStateChanged(.connected): self.begin(peer)
    case .connectionStateChanged(.failed), .connectionStateChanged(.closed): self.finish(peer)
    case .keyFrameRequested(let transceiver): self.requestKeyFrame(transceiver, peer)
    default: break
    }
    self.channels.peer(peer, didReceive: event)
  }

  func peer(_ peer: Peer, didReceive message: ReceivedMessage, bytes: Span<UInt8>) {
    if self.role == .echo { self.channels.peer(peer, didReceive: message, bytes: bytes) }
  }

  func peer(_ peer: Peer, didReceive frame: ReceivedFrame, on transceiver: Transceiver, bytes: Span<UInt8>) {
    self.received[transceiver] = frame.format
    self.resources.files?.append(bytes, frame, on: transceiver, of: self.id)
    if self.role == .echo { self.echo(bytes, frame, on: transceiver, peer) }
    if let publisher { self.resources.stage.forward(bytes, frame, on: transceiver, from: publisher) }
  }

  private func begin(_ peer: Peer) {
    // A connection may lose its path and find it again.
    guard !self.hasConnected, !self.isFinished else { return }
    if !self.clips.isEmpty { self.resources.source.play(self.clips, to: peer) }
    if let player { self.resources.stage.enter(player) }
    if self.role == .publish {
      let publisher = Stage.Publisher(peer: peer)
      self.publisher = publisher
      self.resources.stage.enter(publisher)
    }
  }

  private func finish(_ peer: Peer) {
    guard !self.isFinished else { return }
    self.isFinished = true
    self.resources.source.stop(peer)
    if let player { self.resources.stage.leave(player) }
    if let publisher { self.resources.stage.leave(publisher) }
    self.resources.files?.finish(self.id)
  }

  private func echo(_ bytes: Span<UInt8>, _ frame: ReceivedFrame, on transceiver: Transceiver, _ peer: Peer) {
    // The peer may send one codec and ask for another.
    guard self.echoes[transceiver]?.format == frame.format else { return }
    if let timing = self.echoes[transceiver]?.relay.timing(of: frame, from: peer) {
      do throws(FrameSendError) {
        try peer.sendFrame(bytes, timing, on: transceiver)
      } catch {
        self.echoes[transceiver]?.relay.noteLoss()
      }
    }
    guard frame.format.kind == .video, self.echoes[transceiver]?.relay.needsKeyFrame ?? false else { return }
    peer.perform { connection, now in connection.requestKeyFrame(of: transceiver, now: now) }
  }

  private func requestKeyFrame(_ transceiver: Transceiver, _ peer: Peer) {
    switch self.role {
    case .echo: peer.perform { connection, now in connection.requestKeyFrame(of: transceiver, now: now) }
    case .publish: break
    case .play:
      if self.player == nil {
        self.resources.source.jumpToKeyFrame(transceiver, of: peer)
      } else {
        self.resources.stage.requestKeyFrame(.video)
      }
    }
  }
}
