import Foundation

/// The blocks of a file of Vectors/crypto: lines of a key and a value, blocks between empty lines; a dash is an empty value.
func vectors(_ name: String) -> [[String: String]] {
  let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Vectors/crypto/\(name).txt")
  guard let text = try? String(contentsOf: url, encoding: .utf8) else { preconditionFailure("no file \(url.path)") }
  return text.components(separatedBy: "\n\n").dropFirst().map { block in
    Dictionary(
      uniqueKeysWithValues: block.split(separator: "\n").map { line in
        let parts = line.split(separator: " ", maxSplits: 1)
        return (String(parts[0]), parts[1] == "-" ? "" : String(parts[1]))
      })
  }
}
