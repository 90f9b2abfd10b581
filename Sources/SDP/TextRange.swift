/// Where in a description's `text` something stands. Kept in place of a copy: a browser's offer has
/// hundreds of lines, few of which anyone asks for.
public struct TextRange: Equatable, Sendable {
  let start: UInt32
  let end: UInt32

  init(_ range: Range<Int>) {
    self.start = UInt32(truncatingIfNeeded: range.lowerBound)
    self.end = UInt32(truncatingIfNeeded: range.upperBound)
  }

  var range: Range<Int> { Int(self.start)..<Int(self.end) }

  public var count: Int { Int(self.end &- self.start) }
}
