import ArgumentParser
import Bytes
@preconcurrency import Dispatch
import EpollDriver
import Foundation
import ICE
import MediaFiles
import RTP
import STUN
import Time
import WebRTC

/// What `publish` and `play` have in common.
struct ClientOptions: ParsableArguments {
  @Argument(help: "The endpoint that takes the offer.") var url: String
  @Option(help: "Seconds to go on, from when the connection is up; without it, until interrupted.") var duration: Double?
  @Option(help: "Token to bear in the Authorization header.") var token: String?
  @Option(help: "STUN server as ADDRESS:PORT, for reflexive candidates.") var stun: [String] = []
  @Option(help: "Seconds after which connecting has failed.") var timeout = 30.0
  @Flag(help: "Print one JSON object instead of a table.") var json = false
  @OptionGroup var recording: RecordingOption

  func endpoint() throws -> URL {
    guard let url = URL(string: self.url), url.scheme == "http" || url.scheme == "https", url.host != nil else {
      throw ValidationError("'\(self.url)' is not an http URL")
    }
    return url
  }
}

/// The client's half of a session with a WHIP or WHEP endpoint. Its state is guarded by the driver's lock.
final class MediaClient: PeerDelegate, @unchecked Sendable {
  enum Note: Sendable {
    case candidate(String)
    case gathered
    case connected
    /// The session is over, as the peer wishes, by failure, or because we were told to end.
    case ended(String)
    case tick
  }

  struct Tally {
    var format: CodecFormat?
    var frames = 0
    var keyFrames = 0
  }

  private let source: ClipSource?
  private let files: StreamFiles?
  private let notes: AsyncStream<Note>.Continuation
  /// What is sent, by transceiver.
  var clips: [(transceiver: Transceiver, clip: MediaClip)] = []
  private(set) var received: [Transceiver: Tally] = [:]
  /// Under which what comes is stored.
  var name = "session"
  private var hasConnected = false

  init(source: ClipSource?, files: StreamFiles?, notes: AsyncStream<Note>.Continuation) {
    self.source = source
    self.files = files
    self.notes = notes
  }

  func peer(_ peer: Peer, didReceive event: PeerConnection.Event) {
    switch event {
    case .localCandidate(let candidate): self.notes.yield(.candidate(candidate.line))
    case .gatheringComplete: self.notes.yield(.gathered)
    case .connectionStateChanged(.connected):
      guard !self.hasConnected else { return }
      self.hasConnected = true
      self.source?.play(self.clips, to: peer)
      self.notes.yield(.connected)
    case .connectionStateChanged(.closed): self.notes.yield(.ended("the peer ended the session"))
    case .failed(let reason): self.notes.yield(.ended(reason.text))
    case .keyFrameRequested(let transceiver): self.source?.jumpToKeyFrame(transceiver, of: peer)
    default: break
    }
  }

  func peer(_ peer: Peer, didReceive message: ReceivedMessage, bytes: Span<UInt8>) {}

  func peer(_ peer: Peer, didReceive frame: ReceivedFrame, on transceiver: Transceiver, bytes: Span<UInt8>) {
    self.received[transceiver, default: Tally()].format = frame.format
    self.received[transceiver, default: Tally()].frames += 1
    if frame.isKeyFrame { self.received[transceiver, default: Tally()].keyFrames += 1 }
    self.files?.append(bytes, frame, on: transceiver, of: self.name)
  }
}

/// Runs a session from its offer to its end, and prints what it measured. Throws where no media flowed.
func runMediaClient(_ options: ClientOptions, clips: [MediaClip], save: String?) async throws {
  let url = try options.endpoint()
  let stunServers = try options.stun.map { try parseServer($0) }
  let files = try save.map { try StreamFiles(directory: $0) }
  let identity = try makeIdentity()
  var driver = EpollDriver.Configuration()
  driver.includesLoopback = url.host == "localhost" || IPAddress(url.host ?? "")?.isLoopback == true
  try await withDriver(driver) { driver in
    let notes = AsyncStream<MediaClient.Note>.makeStream()
    let client = MediaClient(
      source: clips.isEmpty ? nil : ClipSource(driver: driver), files: files, notes: notes.continuation)
    var configuration = PeerConnection.Configuration.media(on: driver)
    configuration.ice.stunServers = stunServers
    configuration.offersDataChannels = false
    let peer = try driver.makePeer(
      configuration: configuration, identity: identity, delegate: client, recordTo: try options.recording.file())
    let offer = try peer.perform { connection, now throws(PeerConnection.UsageError) in
      for clip in clips {
        let media = TransceiverOptions(direction: .sendonly, formats: [clip.format])
        client.clips.append((try connection.addTransceiver(clip.format.kind, media, now: now), clip))
      }
      if clips.isEmpty {
        try connection.addTransceiver(.audio, TransceiverOptions(direction: .recvonly), now: now)
        try connection.addTransceiver(.video, TransceiverOptions(direction: .recvonly), now: now)
      }
      return try description { writer throws(PeerConnection.UsageError) in try connection.makeOffer(into: &writer, now: now) }
    }
    let signaling = SignalingClient(token: options.token)
    let answer = try await signaling.exchange(offer, at: url)
    do throws(PeerConnection.DescriptionError) {
      try peer.perform { connection, now throws(PeerConnection.DescriptionError) in
        client.name = signaling.name
        try connection.setRemoteDescription(.answer, Array(answer.utf8).span, now: now)
      }
    } catch {
      await signaling.end()
      throw Failure("the answer is no good: \(error.text)")
    }
    var session = MediaClientSession(options: options, offer: offer, isPublishing: !clips.isEmpty)
    await session.run(peer, client, signaling, notes)
    files?.finish(client.name)
    try session.report(files?.wait().sorted() ?? [])
  }
}

extension Candidate {
  /// `candidate:…`
  var line: String {
    var buffer = [UInt8](repeating: 0, count: 256)
    var writer = SpanWriter(buffer.mutableSpan)
    self.write(into: &writer)
    let count = writer.count
    return String(decoding: buffer[..<count], as: UTF8.self)
  }
}
