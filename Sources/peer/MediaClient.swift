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
    try await session.run(peer, client, signaling, notes)
    files?.finish(client.name)
    files?.wait()
  }
}

/// The course of a session, as its user sees it.
private struct MediaClientSession {
  let options: ClientOptions
  let offer: String
  let isPublishing: Bool
  private var reports: [MediaReport] = []
  private var tallies: [Transceiver: MediaClient.Tally] = [:]
  private var roundTrip: Double?
  private let begun = ContinuousClock.now
  private var connected: ContinuousClock.Instant?
  private var setup = 0.0
  private var progress = Progress()

  init(options: ClientOptions, offer: String, isPublishing: Bool) {
    self.options = options
    self.offer = offer
    self.isPublishing = isPublishing
  }

  private var seconds: Double { self.connected.map { elapsedSeconds(since: $0) } ?? 0 }

  mutating func run(
    _ peer: Peer, _ client: MediaClient, _ signaling: SignalingClient,
    _ notes: (stream: AsyncStream<MediaClient.Note>, continuation: AsyncStream<MediaClient.Note>.Continuation)
  ) async throws {
    let timer = DispatchSource.makeTimerSource()
    timer.setEventHandler { notes.continuation.yield(.tick) }
    timer.schedule(deadline: .now(), repeating: .milliseconds(250))
    timer.resume()
    defer { timer.cancel() }
    let interrupts = Task {
      for await _ in interruptions() { notes.continuation.yield(.ended("interrupted")) }
    }
    defer { interrupts.cancel() }
    var reason = ""
    loop: for await note in notes.stream {
      switch note {
      case .candidate(let line):
        // What the offer has already needs no message of its own.
        if !self.offer.contains(line) { await signaling.trickle(self.fragment(line)) }
      case .gathered:
        if !self.offer.contains("a=end-of-candidates") { await signaling.trickle(self.fragment("end-of-candidates")) }
      case .connected:
        self.connected = .now
        self.setup = elapsedSeconds(since: self.begun) * 1000
      case .ended(let text):
        reason = text
        break loop
      case .tick:
        self.measure(peer, client)
        self.progress.show(self.line)
        if self.connected == nil, elapsedSeconds(since: self.begun) > self.options.timeout {
          reason = "not connected after \(self.options.timeout) s"
          break loop
        }
        if let duration = self.options.duration, self.connected != nil, self.seconds >= duration { break loop }
      }
    }
    self.measure(peer, client)
    self.progress.end()
    peer.close()
    await signaling.end()
    try self.report(reason)
  }

  /// RFC 8840 section 9; the first section stands for all, which share its transport.
  private func fragment(_ line: String) -> String {
    let lines = self.offer.split(whereSeparator: \.isNewline)
    func first(_ prefix: String) -> String { lines.first { $0.hasPrefix(prefix) }.map { $0 + "\r\n" } ?? "" }
    return first("a=ice-ufrag:") + first("a=ice-pwd:") + first("m=") + first("a=mid:") + "a=\(line)\r\n"
  }

  private mutating func measure(_ peer: Peer, _ client: MediaClient) {
    let (reports, tallies) = peer.perform { connection, _ in
      (MediaReport.all(connection.connection, received: client.received.compactMapValues(\.format)), client.received)
    }
    self.tallies = tallies
    // A stream that has said goodbye is known no more, but what it brought is.
    self.reports = reports.map { report in
      guard let known = self.reports.first(where: { $0.mid == report.mid }),
        known.inbound.packetsReceived > report.inbound.packetsReceived
      else { return report }
      var report = report
      report.inbound = known.inbound
      return report
    }
    self.roundTrip = self.reports.compactMap(\.roundTrip).first ?? self.roundTrip
  }

  private func frames(_ report: MediaReport) -> (all: Int, key: Int) {
    if self.isPublishing { return (Int(report.outbound.framesSent), Int(report.outbound.keyFramesSent)) }
    let tally = self.tallies.values.filter { $0.format?.kind == report.kind }
    return (tally.reduce(0) { $0 + $1.frames }, tally.reduce(0) { $0 + $1.keyFrames })
  }

  private var line: String {
    guard self.connected != nil else { return "connecting" }
    let media = self.reports.map { report in
      let bytes = self.isPublishing ? report.outbound.bytesSent : report.inbound.bytesReceived
      let lost = self.isPublishing ? Int64(report.remoteInbound.packetsLost) : report.inbound.packetsLost
      return "\(report.kind.name) \(report.codec?.name ?? "–") \(self.frames(report).all) frames \(byteText(bytes)) \(lost) lost"
    }
    let roundTrip = self.roundTrip.map { ["round trip \(rounded($0 * 1000, 1)) ms"] } ?? []
    return (["\(rounded(self.seconds, 1)) s"] + media + roundTrip).joined(separator: " · ")
  }

  private func report(_ reason: String) throws {
    let flowed = self.reports.contains { self.frames($0).all > 0 }
    if self.options.json {
      var object: [String: Any] = [
        "ok": flowed, "seconds": rounded(self.seconds), "setupMs": rounded(self.setup, 1), "end": reason,
      ]
      for report in self.reports { object[report.kind.name] = self.object(report) }
      if let roundTrip { object["roundTripMs"] = rounded(roundTrip * 1000) }
      try printJSON(object)
    } else {
      var rows = [("connected", "\(rounded(self.setup, 1)) ms after the start"), ("time", "\(rounded(self.seconds, 1)) s")]
      for report in self.reports { rows += report.rows }
      rows.append(("result", flowed ? "ok" : "no media flowed"))
      if !reason.isEmpty { rows.append(("end", reason)) }
      printTable(self.isPublishing ? "published to \(self.options.url)" : "played \(self.options.url)", rows)
    }
    if !flowed { throw ExitCode.failure }
  }

  private func object(_ report: MediaReport) -> [String: Any] {
    let frames = self.frames(report)
    var object: [String: Any] = ["codec": report.codec?.name ?? "", "frames": frames.all]
    if self.isPublishing {
      object["packets"] = report.outbound.packetsSent
      object["bytes"] = report.outbound.bytesSent
      object["lost"] = report.remoteInbound.packetsLost
      object["retransmitted"] = report.outbound.retransmittedPacketsSent
      object["nacks"] = report.outbound.nackCount
      object["keyFrameRequests"] = report.outbound.pliCount + report.outbound.firCount
    } else {
      object["packets"] = report.inbound.packetsReceived
      object["bytes"] = report.inbound.bytesReceived
      object["lost"] = report.inbound.packetsLost
      object["retransmitted"] = report.inbound.retransmittedPacketsReceived
      object["nacks"] = report.inbound.nackCount
      object["keyFrameRequests"] = report.inbound.keyFrameRequests
      object["jitterMs"] = rounded(report.jitter * 1000)
      object["framesDropped"] = report.inbound.framesDropped
    }
    if report.kind == .video { object["keyFrames"] = frames.key }
    return object
  }
}

/// A line on stderr that says how it goes: rewritten on a terminal, every few seconds elsewhere.
struct Progress {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var shownAt: ContinuousClock.Instant?

  mutating func show(_ line: String) {
    if let shownAt, !self.isTerminal, elapsedSeconds(since: shownAt) < 5 { return }
    self.shownAt = .now
    FileHandle.standardError.write(Data((self.isTerminal ? "\r\u{1B}[K\(line)" : "\(line)\n").utf8))
  }

  func end() {
    if self.isTerminal, self.shownAt != nil { FileHandle.standardError.write(Data("\n".utf8)) }
  }
}

func elapsedSeconds(since instant: ContinuousClock.Instant) -> Double {
  let elapsed = instant.duration(to: .now).components
  return Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18
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
