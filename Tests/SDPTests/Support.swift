import Bytes
import Foundation
import SDP

/// A file of Vectors/sdp.
func vector(_ name: String) throws -> [UInt8] {
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  return [UInt8](try Data(contentsOf: root.appendingPathComponent("Vectors/sdp/\(name).sdp")))
}

let allVectors = [
  "chromium-data-offer", "chromium-data-offer-trickle", "chromium-data-answer", "chromium-media-offer",
  "firefox-data-offer", "firefox-data-offer-trickle", "firefox-data-answer", "firefox-media-offer",
  "aiortc-data-offer", "aiortc-data-answer", "libdatachannel-data-offer", "janus-media-offer",
  "gstreamer-media-offer", "firefox-45-data-offer",
]

/// Real peers' offers of media.
let mediaOffers = [
  "chromium-media-offer", "chromium-recvonly-offer", "chromium-simulcast-offer", "chromium-stopped-offer",
  "chromium-recycled-offer", "firefox-media-offer", "firefox-recvonly-offer", "firefox-simulcast-offer",
  "firefox-stopped-offer", "firefox-recycled-offer", "aiortc-media-offer", "gstreamer-media-offer",
  "gstreamer-opus-h264-offer", "gstreamer-pcma-jpeg-offer", "janus-media-offer", "janus-streaming-offer",
]

/// Real peers' answers to the offer of `ourSections`.
let mediaAnswers = [
  "chromium-media-answer", "chromium-h264-first-answer", "firefox-media-answer", "aiortc-media-answer",
  "gstreamer-media-answer", "janus-echo-answer",
]

func parse(_ bytes: [UInt8], limits: SessionDescription.Limits = .init()) throws(SDPError) -> SessionDescription {
  try SessionDescription(parsing: bytes.span, limits: limits)
}

/// Lines joined as a careless peer joins them: by bare line feeds.
func parse(_ lines: String...) throws(SDPError) -> SessionDescription {
  try parse([UInt8]((lines.joined(separator: "\n") + "\n").utf8))
}

func failure(_ body: () throws(SDPError) -> Void) -> SDPError? {
  do throws(SDPError) {
    try body()
    return nil
  } catch {
    return error
  }
}

/// What `body` writes, as text.
func written(_ body: (inout SpanWriter) throws(SDPError) -> Void) throws(SDPError) -> String {
  String(decoding: try bytesWritten(body), as: UTF8.self)
}

func bytesWritten(
  room: Int = 16_384, _ body: (inout SpanWriter) throws(SDPError) -> Void
) throws(SDPError) -> [UInt8] {
  var buffer = [UInt8](repeating: 0, count: room)
  func run(_ bytes: inout [UInt8]) throws(SDPError) -> Int {
    var writer = SpanWriter(bytes.mutableSpan)
    try body(&writer)
    return writer.count
  }
  let count = try run(&buffer)
  return Array(buffer[..<count])
}

extension SessionDescription {
  func string(_ range: TextRange?) -> String? {
    guard let range else { return nil }
    return String(decoding: arrayCopy(self.bytes(in: range)), as: UTF8.self)
  }
}

func string(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

let somePrint = Fingerprint(algorithm: .sha256, bytes: (0..<32).map { UInt8($0 * 7 % 256) })

func someLocal(setup: Setup = .actpass) -> LocalParameters {
  LocalParameters(
    iceUfrag: [UInt8]("aB3+".utf8), icePassword: [UInt8]("abcdefghijklmnopqrstuv".utf8), fingerprints: [somePrint],
    sessionID: 1234, setup: setup)
}
