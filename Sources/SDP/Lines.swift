/// Splits a description into lines and copies it with every line ended by CR LF.
///
/// A line ends at LF; CRs before it belong to the end, however many a text-mode file made of them.
/// Empty lines are kept in the text and left out of the list.
func splitLines(
  _ input: Span<UInt8>, limits: SessionDescription.Limits
) throws(SDPError) -> (text: [UInt8], lines: [SessionDescription.Line]) {
  guard input.count <= limits.size else { throw SDPError(.tooLarge) }
  var text: [UInt8] = []
  text.reserveCapacity(input.count &+ 2)
  var lines: [SessionDescription.Line] = []
  var start = 0
  var number = 0
  while start < input.count {
    number &+= 1
    var end = start
    while end < input.count, input[end] != 0x0a { end &+= 1 }
    let next = end &+ 1
    while end > start, input[end &- 1] == 0x0d { end &-= 1 }
    guard end &- start <= min(limits.lineLength, 65_535) else { throw SDPError(.lineTooLong, line: number) }
    if end > start {
      guard end &- start >= 2, input[start &+ 1] == 0x3d else { throw SDPError(.notALine, line: number) }
      guard input[start] >= 0x61, input[start] <= 0x7a else { throw SDPError(.notALine, line: number) }
      let offset = text.count
      var i = start
      while i < end {
        guard input[i] != 0, input[i] != 0x0d else { throw SDPError(.controlCharacter, line: number) }
        text.append(input[i])
        i &+= 1
      }
      lines.append(
        SessionDescription.Line(type: input[start], value: TextRange(offset &+ 2..<text.count), number: number))
    }
    text.append(0x0d)
    text.append(0x0a)
    start = next
  }
  return (text, lines)
}
