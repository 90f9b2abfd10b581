import ArgumentParser
import EpollDriver
import Foundation
import STUN
import Time
import WebRTC

struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Connect two peers of this process over real UDP sockets and exchange messages both ways.")

  @Option(help: "Messages on each of the two channels.") var messages = 1000
  @Option(help: "Bytes of each message.") var size = 16_384
  @Option(help: "Seconds after which it has failed.") var timeout = 30.0
  @Flag(help: "Print one JSON object instead of a table.") var json = false
  @OptionGroup var recording: RecordingOption

  func run() async throws {
    guard (0...1_000_000).contains(self.messages), (0...262_144).contains(self.size) else {
      throw ValidationError("--messages takes 0 to 1000000, --size 0 to 262144")
    }
    var configuration = EpollDriver.Configuration()
    configuration.addresses = [IPAddress(127, 0, 0, 1)]
    configuration.sharesSockets = false
    let result = try await withDriver(configuration) { driver in try await self.connect(on: driver) }
    try report(result, title: "two peers over UDP on 127.0.0.1", json: self.json)
  }

  private func connect(on driver: EpollDriver) async throws -> ProbeSession.Result {
    let echo = EchoSession { _ in }
    return try await probe(
      on: driver, plan: .init(messages: self.messages, size: self.size), timeout: self.timeout,
      recording: self.recording
    ) { offer in
      let answerer = try driver.makePeer(
        configuration: .init(), identity: try makeIdentity(), delegate: echo, recordTo: try self.recording.file(number: 1))
      return try answerer.perform { connection, now in
        try connection.setRemoteDescription(.offer, Array(offer.utf8).span, now: now)
        return try description { writer throws(PeerConnection.UsageError) in
          try connection.makeAnswer(into: &writer, now: now)
        }
      }
    }
  }
}

/// Makes a peer that offers, gives the offer to `exchange` for an answer, and runs the probe to its end.
func probe(
  on driver: EpollDriver, plan: ProbeSession.Plan, timeout: Double, recording: RecordingOption,
  configuration: PeerConnection.Configuration = .init(), exchange: (String) async throws -> String
) async throws -> ProbeSession.Result {
  let ended = AsyncStream<ProbeSession.Result>.makeStream()
  let identity = try makeIdentity()
  let session = ProbeSession(plan: plan, startedAt: driver.now) { ended.continuation.yield($0) }
  let peer = try driver.makePeer(
    configuration: configuration, identity: identity, delegate: session, recordTo: try recording.file())
  try session.open(on: peer)
  let offer = try peer.perform { connection, now throws(PeerConnection.UsageError) in
    try description { writer throws(PeerConnection.UsageError) in try connection.makeOffer(into: &writer, now: now) }
  }
  let answer = try await exchange(offer)
  do throws(PeerConnection.DescriptionError) {
    try peer.perform { connection, now throws(PeerConnection.DescriptionError) in
      try connection.setRemoteDescription(.answer, Array(answer.utf8).span, now: now)
    }
  } catch {
    throw Failure("the answer is no good: \(error.text)")
  }
  let watchdog = DispatchSource.makeTimerSource()
  watchdog.setEventHandler { peer.perform { _, _ in session.finish(failure: "no result after \(timeout) s") } }
  watchdog.schedule(deadline: .now() + timeout)
  watchdog.resume()
  defer { watchdog.cancel() }
  for await result in ended.stream {
    peer.close()
    return result
  }
  throw Failure("interrupted")
}

/// Prints what a probe found; throws where it failed.
func report(_ result: ProbeSession.Result, title: String, json: Bool) throws {
  let (p50, p99) = (percentile(result.roundTripsMicroseconds, 0.5), percentile(result.roundTripsMicroseconds, 0.99))
  if json {
    try printJSON([
      "ok": result.failure == nil, "setup_ms": rounded(result.setupMilliseconds), "messages": result.messages,
      "bytes": result.bytes, "throughput_mb_s": rounded(result.throughput), "rtt_us_p50": rounded(p50, 1),
      "rtt_us_p99": rounded(p99, 1),
    ])
  } else {
    printTable(
      title,
      [
        ("set-up, to both channels open", "\(rounded(result.setupMilliseconds)) ms"),
        ("messages echoed unharmed", "\(result.messages)"),
        ("payload, both directions", "\(result.bytes) bytes"),
        ("throughput", "\(rounded(result.throughput)) MB/s"),
        ("round trip, median", "\(rounded(p50, 1)) µs"),
        ("round trip, 99th percentile", "\(rounded(p99, 1)) µs"),
        ("result", result.failure ?? "ok"),
      ])
  }
  if result.failure != nil { throw ExitCode.failure }
}
