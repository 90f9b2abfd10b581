import Foundation
import Simulator

@testable import SessionViews

/// A recording of Vectors/sessions.
func recording(_ name: String) throws -> [UInt8] {
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  return [UInt8](try Data(contentsOf: root.appendingPathComponent("Vectors/sessions/\(name).rtcrec")))
}

func session(_ name: String) throws -> RecordedSession {
  try RecordedSession(name: name, recording: try recording(name))
}

let sessionNames = ["chromium", "firefox", "aiortc", "chromium-media"]

func lines(_ sessions: [RecordedSession]) -> [String] {
  var lines: [String] = []
  Trace(sessions).write { lines.append($0) }
  return lines
}

/// Three seconds of data and audio with losses, made once: both peers' recordings, with a name that is made to harm.
let lossyCall: (offerer: [UInt8], answerer: [UInt8])? = {
  try? LossyCall(loss: 50, label: Array("</script><img src=x onerror=alert(1)>\u{1B}[31m".utf8)).run(milliseconds: 3000)
}()
