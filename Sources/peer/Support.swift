import ArgumentParser
import Bytes
import Cryptography
import DataChannel
import EpollDriver
import Foundation
import STUN
import Synchronization
import Time
import WebRTC

/// An error that is told in one line.
struct Failure: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// What every command that runs a peer may be told.
struct RecordingOption: ParsableArguments {
  @Option(name: .customLong("record"), help: "Record the session to FILE, keys included; only you may read it.")
  var path: String?

  /// A file for the `number`th peer of a run: the first has the name as given, later ones a number before its ending.
  func file(number: Int = 0) throws -> RecordingFile? {
    guard let path = self.path else { return nil }
    let url = URL(fileURLWithPath: path)
    let numbered =
      number == 0
      ? path
      : url.deletingPathExtension().path + "-\(number)" + (url.pathExtension.isEmpty ? "" : "." + url.pathExtension)
    do { return try RecordingFile(path: numbered) } catch { throw Failure("cannot write \(numbered): \(explain(error))") }
  }
}

func explain(_ error: EpollDriver.OpenError) -> String {
  switch error {
  case .system(let code): String(cString: strerror(code))
  case .noAddress: "no network address to listen on"
  }
}

/// Runs a driver on a thread of its own until `body` is over.
func withDriver<Result>(
  _ configuration: EpollDriver.Configuration, _ body: (EpollDriver) async throws -> Result
) async throws -> Result {
  let driver: EpollDriver
  do { driver = try EpollDriver(configuration: configuration) } catch {
    throw Failure("cannot open a UDP socket: \(explain(error))")
  }
  let ended = AsyncStream<Void>.makeStream()
  let thread = Thread {
    driver.run()
    ended.continuation.finish()
  }
  thread.start()
  let result: Swift.Result<Result, any Error>
  do { result = .success(try await body(driver)) } catch { result = .failure(error) }
  driver.stop()
  for await _ in ended.stream {}
  return try result.get()
}

func makeIdentity() throws -> Identity {
  var random = SeededRandom(seed: Entropy.seed())
  return try Identity(random: &random)
}

extension IPAddress {
  init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard let address = try? IPAddress(text: bytes.span) else { return nil }
    self = address
  }
}

extension TransportAddress {
  var text: String {
    var buffer = [UInt8](repeating: 0, count: 64)
    var writer = SpanWriter(buffer.mutableSpan)
    self.ip.write(into: &writer)
    let count = writer.count
    let ip = String(decoding: buffer[..<count], as: UTF8.self)
    return self.ip.isV4 ? "\(ip):\(self.port)" : "[\(ip)]:\(self.port)"
  }
}

extension PeerConnection.DescriptionError {
  var text: String {
    switch self {
    case .usage: "the description does not fit the state of the session"
    case .incompatible: "the description changes what cannot change in a live session"
    case .malformed(let error):
      (error.line > 0 ? "line \(error.line): " : "") + "\(error.reason.description)"
    }
  }
}

extension FailureReason {
  var text: String {
    switch self {
    case .ice: "no network path works"
    case .dtls(.timedOut): "the DTLS handshake timed out"
    case .dtls(.fingerprintMismatch): "the peer's certificate is not the one that signalling announced"
    case .dtls(.peerAlert(let alert)): "the peer refused with DTLS alert \(alert.rawValue)"
    case .dtls(.peerFault(let alert)): "the peer broke DTLS (alert \(alert.rawValue) sent)"
    case .dtls(.outOfMemory): "out of memory"
    case .sctp(let reason): "the SCTP association ended: \(reason)"
    case .srtp: "out of memory for the keys of media"
    }
  }
}

/// A description from a peer connection, as text.
func description(
  _ body: (inout SpanWriter) throws(PeerConnection.UsageError) -> Void
) throws(PeerConnection.UsageError) -> String {
  var buffer = [UInt8](repeating: 0, count: 65_536)
  var writer = SpanWriter(buffer.mutableSpan)
  try body(&writer)
  let count = writer.count
  return String(decoding: buffer[..<count], as: UTF8.self)
}

/// The value below which a share of the samples lies; 0 where there are none.
func percentile(_ samples: [Double], _ share: Double) -> Double {
  guard !samples.isEmpty else { return 0 }
  let sorted = samples.sorted()
  return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
}

/// Prints rows of a name and a value, aligned.
func printTable(_ title: String, _ rows: [(String, String)]) {
  let width = rows.map(\.0.count).max() ?? 0
  print(title)
  for (name, value) in rows {
    print("  " + name.padding(toLength: width, withPad: " ", startingAt: 0) + "   " + value)
  }
}

/// One object on one line, which is what other programs read most easily.
func printJSON(_ object: [String: Any]) throws {
  let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
  print(String(decoding: data, as: UTF8.self))
}

func rounded(_ value: Double, _ digits: Int = 2) -> Double {
  let factor = pow(10, Double(digits))
  return (value * factor).rounded() / factor
}
