import ArgumentParser
@preconcurrency import Dispatch
import EpollDriver
import Foundation
import RTP
import WebRTC

/// The course of a session, as its user sees it.
struct MediaClientSession {
  let options: ClientOptions
  let offer: String
  let isPublishing: Bool
  private var reports: [MediaReport] = []
  private var tallies: [Transceiver: MediaClient.Tally] = [:]
  private var roundTrip: Double?
  private let begun = ContinuousClock.now
  private var connected: ContinuousClock.Instant?
  private var setup = 0.0
  private var length = 0.0
  /// Why it ended, unless its time was over.
  private var end = ""
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
  ) async {
    let timer = DispatchSource.makeTimerSource()
    timer.setEventHandler { notes.continuation.yield(.tick) }
    timer.schedule(deadline: .now(), repeating: .milliseconds(250))
    timer.resume()
    defer { timer.cancel() }
    let interrupts = Task {
      for await _ in interruptions() { notes.continuation.yield(.ended("interrupted")) }
    }
    defer { interrupts.cancel() }
    var timeIsOver: Task<Void, any Error>?
    defer { timeIsOver?.cancel() }
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
        guard let duration = self.options.duration else { break }
        timeIsOver = Task {
          try await Task.sleep(for: .seconds(duration))
          notes.continuation.yield(.ended(""))
        }
      case .ended(let text):
        self.end = text
        break loop
      case .tick:
        self.measure(peer, client)
        self.progress.show(self.line)
        if self.connected == nil, elapsedSeconds(since: self.begun) > self.options.timeout {
          self.end = "not connected after \(self.options.timeout) s"
          break loop
        }
      }
    }
    self.measure(peer, client)
    self.length = self.seconds
    self.progress.end()
    peer.close()
    await signaling.end()
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
    // What has ended is known no more, but what it brought is.
    self.reports = reports.map { report in
      guard let known = self.reports.first(where: { $0.mid == report.mid }) else { return report }
      var report = report
      if known.inbound.packetsReceived > report.inbound.packetsReceived { report.inbound = known.inbound }
      if known.outbound.packetsSent > report.outbound.packetsSent {
        report.outbound = known.outbound
        report.remoteInbound = known.remoteInbound
      }
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

  func report(_ files: [String]) throws {
    let flowed = self.reports.contains { self.frames($0).all > 0 }
    if self.options.json {
      var object: [String: Any] = [
        "ok": flowed, "seconds": rounded(self.length), "setupMs": rounded(self.setup, 1), "end": self.end,
        "files": files,
      ]
      for report in self.reports { object[report.kind.name] = self.object(report) }
      if let roundTrip { object["roundTripMs"] = rounded(roundTrip * 1000) }
      try printJSON(object)
    } else {
      var rows = [
        ("connected", "\(rounded(self.setup, 1)) ms after the start"), ("time", "\(rounded(self.length, 1)) s"),
      ]
      for report in self.reports { rows += report.rows }
      rows.append(("result", flowed ? "ok" : "no media flowed"))
      if !self.end.isEmpty { rows.append(("end", self.end)) }
      rows += files.map { ("stored", $0) }
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
