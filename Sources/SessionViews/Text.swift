import Bytes
import STUN
import Time

/// Text of the peer's in quotes: nothing in it reaches a terminal but visible characters.
func quoted(_ bytes: [UInt8]) -> String { "\"" + visible(String(decoding: bytes.prefix(200), as: UTF8.self)) + "\"" }

/// The same without controls, line ends, and marks that change the direction of writing.
func visible(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

func hex(_ value: UInt64, digits: Int) -> String {
  let text = String(value, radix: 16)
  return String(repeating: "0", count: max(digits - text.count, 0)) + text
}

func hex(_ bytes: [UInt8]) -> String { bytes.map { hex(UInt64($0), digits: 2) }.joined() }

func ssrcText(_ ssrc: UInt32) -> String { "0x" + hex(UInt64(ssrc), digits: 8) }

/// With no more than three places, and none that say nothing.
func decimal(_ value: Double, places: Int = 3) -> String {
  guard value.isFinite else { return "–" }
  var unit: UInt64 = 1
  for _ in 0..<places { unit *= 10 }
  let magnitude = value.magnitude
  // Beyond 2^53 a Double has no places left to tell.
  guard magnitude < 9e15, let scaled = UInt64(exactly: (magnitude * Double(unit)).rounded(.toNearestOrEven)) else { return "\(value)" }
  var text = String(scaled / unit)
  var rest = String(scaled % unit)
  if scaled % unit > 0 {
    rest = String(repeating: "0", count: places - rest.count) + rest
    while rest.last == "0" { rest.removeLast() }
    text += "." + rest
  }
  return value < 0 && scaled > 0 ? "-" + text : text
}

func milliseconds(_ interval: Interval) -> Double { Double(interval.nanoseconds) / 1e6 }

/// In the unit that suits.
func durationText(_ interval: Interval) -> String {
  let seconds = Double(interval.nanoseconds) / 1e9
  switch seconds {
  case ..<0.001: return decimal(seconds * 1e6, places: 0) + " µs"
  case ..<1: return decimal(seconds * 1e3, places: seconds < 0.01 ? 2 : seconds < 0.1 ? 1 : 0) + " ms"
  case ..<120: return decimal(seconds, places: 2) + " s"
  case ..<7200: return "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
  default: return decimal(seconds / 3600, places: 1) + " h"
  }
}

func bytesText(_ count: UInt64) -> String {
  switch count {
  case ..<1000: "\(count) B"
  case ..<1_000_000: decimal(Double(count) / 1e3, places: 1) + " kB"
  default: decimal(Double(count) / 1e6, places: 1) + " MB"
  }
}

func plural(_ count: some BinaryInteger, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

extension TransportAddress {
  var text: String {
    var buffer = [UInt8](repeating: 0, count: 64)
    var writer = SpanWriter(buffer.mutableSpan)
    self.ip.write(into: &writer)
    let count = writer.count
    let ip = String(decoding: buffer[0..<count], as: UTF8.self)
    return self.ip.isV6 ? "[\(ip)]:\(self.port)" : "\(ip):\(self.port)"
  }
}
