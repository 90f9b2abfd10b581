import Simulator
import Testing

@testable import SessionViews

/// Recordings that somebody made, or damaged.
@Suite struct HostileTests {
  /// All three views, whatever the bytes are; nil where there is nothing to show.
  @discardableResult
  static func views(_ bytes: [UInt8]) -> (lines: [String], problem: String?)? {
    guard let session = try? RecordedSession(name: "x", recording: bytes) else { return nil }
    _ = PacketCapture([session]).encoded()
    _ = Report([session], title: "x").html()
    return (lines([session]), session.problem)
  }

  @Test func `what is no recording is refused`() {
    #expect(throws: Replayer.Failure.notARecording) { try RecordedSession(name: "x", recording: []) }
    #expect(throws: Replayer.Failure.notARecording) { try RecordedSession(name: "x", recording: Array("RTCREC\u{9}\u{0}".utf8)) }
    #expect(throws: Replayer.Failure.self) { try RecordedSession(name: "x", recording: Array(try recording("aiortc").prefix(40))) }
  }

  @Test func `a recording that was cut off anywhere is shown up to there`() throws {
    let bytes = try recording("chromium")
    let whole = try #require(Self.views(bytes))
    #expect(whole.problem == nil)
    var shown = 0
    for length in stride(from: 600, to: bytes.count, by: 127) {
      guard let views = Self.views(Array(bytes.prefix(length))) else { continue }
      shown += 1
      let lines = views.problem == nil ? views.lines : views.lines.dropLast()
      #expect(lines.count <= whole.lines.count)
      if let problem = views.problem { #expect(views.lines.last == "x: \(problem)") }
    }
    #expect(shown > 40)
  }

  @Test func `where the engine does something else the views end, and say so`() throws {
    var bytes = try recording("chromium")
    let whole = try #require(Self.views(bytes))
    // Within a datagram that was received.
    bytes[bytes.count / 2] ^= 1
    let views = try #require(Self.views(bytes))
    let problem = try #require(views.problem)
    #expect(problem.hasPrefix("what came out differs from the record at byte ") || problem.contains("malformed"))
    #expect(views.lines.count < whole.lines.count)
    #expect(views.lines.dropLast(3).elementsEqual(whole.lines.prefix(views.lines.count - 3)))
  }

  @Test func `bytes changed anywhere do no harm`() throws {
    let bytes = try recording("aiortc")
    for offset in stride(from: 16, to: bytes.count, by: 131) {
      var changed = bytes
      changed[offset] ^= 0xFF
      Self.views(changed)
    }
  }

  @Test func `the parts of packets end where the bytes do`() {
    let message: [UInt8] = [3, 0, 1, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0x6C, 0x61, 0x62, 0x65]
    #expect(controlMessage(message) == "DATA_CHANNEL_OPEN \"labe\", ordered")
    for length in 0..<message.count { #expect(controlMessage(Array(message.prefix(length))) == "DCEP, malformed") }
    let sack: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 20, 0, 0, 0, 9, 0, 0, 1, 0, 0, 1, 0, 0, 0, 2, 0, 3]
    #expect(SCTPPacket(sack)?.texts == ["SCTP SACK up to TSN 9, window 256, and 11–12"])
    for length in 0..<sack.count {
      let texts = SCTPPacket(Array(sack.prefix(length)))?.texts
      #expect(length < 12 ? texts == nil : texts == (length == 12 ? [] : ["SCTP: the rest of the packet is malformed"]))
    }
    var lying = sack
    lying[25] = 9  // more gaps than there are
    #expect(SCTPPacket(lying)?.texts == ["SCTP SACK, malformed"])
    #expect(handshakeMessages([1, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 9]).isEmpty)
    #expect(controlTexts([0x80, 200, 0, 1, 0, 0, 0, 1]) == ["RTCP SR, malformed"])
  }
}
