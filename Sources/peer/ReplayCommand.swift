import ArgumentParser
import Foundation
import SessionViews
import Simulator
import Swarm
import SwarmWorkers
import Time

struct Replay: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run recorded sessions again and compare every byte and event that comes out.",
    discussion: "Several files are taken for the peers of one session whose clock was one: they are shown together.")

  @Argument(help: "A file made with --record, or a scenario of `peer simulate` (.rtcsim).") var files: [String]
  @Flag(help: "Print every datagram's contents, call and event, with its time. No keys, no payloads.") var trace = false
  @Option(help: "Write a capture for Wireshark, SECRETS INCLUDED: who reads it reads all that was said.") var pcapng: String?
  @Option(help: "Write a page with plots that any browser shows.") var report: String?

  func run() throws {
    if let scenario = try self.scenario() { return try self.run(scenario) }
    let sessions = try self.files.map { try self.session($0) }
    try self.show(sessions)
    for (file, session) in zip(self.files, sessions) {
      let seconds = Double((session.end - session.start).nanoseconds) / 1e9
      print(
        "\(file): \(session.datagramsCompared) datagrams, \(session.bytesCompared) bytes and "
          + "\(session.eventsCompared) events are the same, over \(rounded(seconds)) s"
          + (session.isTruncated ? "; the file ends in the middle of a record" : ""))
    }
    for (file, session) in zip(self.files, sessions) where session.failure != nil {
      throw Failure("\(file): \(session.problem ?? "")")
    }
  }

  private func show(_ sessions: [RecordedSession]) throws {
    if self.trace { Trace(sessions).write { print($0) } }
    if let path = self.pcapng { try write(PacketCapture(sessions).encoded(), to: path, isSecret: true) }
    if let path = self.report {
      let title = sessions.map { $0.name }.joined(separator: ", ")
      try write(Array(Report(sessions, title: title).html().utf8), to: path, isSecret: false)
    }
  }

  // MARK: Scenarios

  /// What `peer simulate` wrote; nil where the file is a recording.
  private func scenario() throws -> Scenario? {
    guard self.files.count == 1, let bytes = FileManager.default.contents(atPath: self.files[0]), bytes.first == 0x7b else { return nil }
    do { return try Scenario(json: bytes) } catch { throw Failure("\(self.files[0]): not a scenario: \(error)") }
  }

  /// Runs a scenario again. To look at it, its peers are recorded.
  private func run(_ scenario: Scenario) throws {
    let isShown = self.trace || self.pcapng != nil || self.report != nil
    let outcome: Outcome
    if isShown {
      let run = Run(scenario, isRecording: true)
      run.run()
      outcome = run.outcome
      var sessions: [RecordedSession] = []
      for (index, bytes) in run.recordings().enumerated() where !bytes.isEmpty {
        do throws(Replayer.Failure) {
          sessions.append(try RecordedSession(name: "peer \(index)", recording: bytes))
        } catch {
          throw Failure("peer \(index): \(RecordedSession.explanation(of: error))")
        }
      }
      try self.show(sessions)
    } else {
      outcome = scenario.run()
    }
    print(
      "\(self.files[0]): \(outcome.datagrams) datagrams, \(outcome.messages) messages and \(outcome.frames) frames over "
        + "\(rounded(outcome.virtualSeconds)) s of virtual time; output hash \(String(outcome.outputHash, radix: 16))")
    if let violation = outcome.violation { throw Failure("\(self.files[0]): \(violation)") }
  }

  private func session(_ file: String) throws -> RecordedSession {
    let url = URL(fileURLWithPath: file)
    let bytes: [UInt8]
    do { bytes = [UInt8](try Data(contentsOf: url)) } catch { throw Failure("cannot read \(file)") }
    do throws(Replayer.Failure) {
      return try RecordedSession(name: url.lastPathComponent, recording: bytes)
    } catch {
      throw Failure("\(file): \(RecordedSession.explanation(of: error))")
    }
  }
}

/// What holds secrets is for its owner alone.
private func write(_ bytes: [UInt8], to path: String, isSecret: Bool) throws {
  let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, isSecret ? 0o600 : 0o644)
  guard file >= 0 else { throw Failure("cannot write \(path): \(String(cString: strerror(errno)))") }
  let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
  if isSecret {
    // O_CREAT's mode says nothing about a file that was there before.
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT != S_IFREG || fchmod(file, 0o600) == 0 else {
      throw Failure("cannot keep \(path) from others")
    }
  }
  do { try handle.write(contentsOf: Data(bytes)) } catch { throw Failure("cannot write \(path)") }
}
