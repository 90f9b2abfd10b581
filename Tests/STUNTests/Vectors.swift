import Foundation
import Bytes
import STUN

/// The bytes of a hexadecimal file under Vectors/stun.
func vector(_ name: String) throws -> [UInt8] {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  let text = try String(contentsOf: root.appending(path: "Vectors/stun/\(name).hex"), encoding: .utf8)
  let digits = text.compactMap { $0.hexDigitValue }
  return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
}

/// Copies a message's fields out of the borrowed view.
func fieldsOf(_ bytes: [UInt8]) throws(WireError) -> MessageFields {
  let message = try Message(parsing: bytes.span)
  return try message.fields()
}
