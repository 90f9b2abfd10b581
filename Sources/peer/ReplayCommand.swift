import ArgumentParser
import Foundation
import Simulator
import Time
import WebRTC

struct Replay: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a recorded session again and compare every byte and event that comes out.")

  @Argument(help: "A file made with --record.") var file: String
  @Flag(help: "Print every datagram, event and message, with its time.") var trace = false

  func run() throws {
    let bytes: [UInt8]
    do { bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: self.file))) } catch {
      throw Failure("cannot read \(self.file)")
    }
    do throws(Replayer.Failure) {
      var replayer = try Replayer(bytes)
      let start = replayer.now
      while let step = try replayer.step() {
        if self.trace { self.show(step, at: replayer.now - start) }
      }
      let seconds = Double((replayer.now - start).nanoseconds) / 1e9
      print(
        "\(self.file): \(replayer.datagramsCompared) datagrams, \(replayer.bytesCompared) bytes and "
          + "\(replayer.eventsCompared) events are the same, over \(rounded(seconds)) s"
          + (replayer.isTruncated ? "; the file ends in the middle of a record" : ""))
    } catch {
      throw Failure("\(self.file): \(self.explain(error))")
    }
  }

  private func show(_ step: Replayer.Step, at elapsed: Interval) {
    let text: String
    switch step {
    case .input: return
    case .datagramIn(let size): text = "<- \(size) bytes"
    case .datagramOut(let size): text = "-> \(size) bytes"
    case .event(let event): text = "   \(event)"
    case .message(let size): text = "   message of \(size) bytes"
    case .frame(let size): text = "   frame of \(size) bytes"
    }
    let time = String(format: "%12.6f", Double(elapsed.nanoseconds) / 1e9)
    print(time + "  " + text)
  }

  private func explain(_ failure: Replayer.Failure) -> String {
    switch failure {
    case .notARecording: "this is not a recording, or one of another version"
    case .malformed(let offset): "the record at byte \(offset) is malformed"
    case .differs(let offset): "what came out differs from the record at byte \(offset)"
    case .cannotStart: "the configuration is refused"
    }
  }
}
