import Bytes

/// A session description (RFC 8866), parsed.
///
/// The parser takes what real peers send and what careless programs make of it (bare line feeds, empty lines,
/// missing `o=`, `s=` and `t=`, trailing spaces, attributes of no known name), and refuses what would have to be
/// guessed at: two different passwords in one section, a fingerprint that is not one. Every byte stays in `text`, so
/// that what this module does not interpret is at hand for those who do.
public struct SessionDescription: Equatable, Sendable {
  /// One line: its type and what follows the '='.
  public struct Line: Equatable, Sendable {
    public let type: UInt8
    public let value: TextRange
    /// From 1, in the text that was parsed; empty lines count.
    public let number: Int
  }

  public struct Origin: Equatable, Sendable {
    public let sessionID: TextRange
    public let sessionVersion: TextRange
  }

  /// The description with every line ended by CR LF.
  public let text: [UInt8]
  public let lines: [Line]
  public let origin: Origin?
  /// What the session level says for every section.
  public let transport: TransportAttributes
  public let direction: MediaSection.Direction?
  public let isICELite: Bool
  /// The mids of each `a=group:BUNDLE`, in order (RFC 9143).
  public let bundleGroups: [[TextRange]]
  public let sections: [MediaSection]

  /// Parses a whole description.
  public init(parsing input: Span<UInt8>, limits: Limits = Limits()) throws(SDPError) {
    try self.init(input, form: .description, limits: limits)
  }

  init(_ input: Span<UInt8>, form: DescriptionParser.Form, limits: Limits) throws(SDPError) {
    let (text, lines) = try splitLines(input, limits: limits)
    var parser = DescriptionParser(form: form, limits: limits)
    try parser.parse(lines, of: text.span)
    self.text = text
    self.lines = lines
    self.origin = parser.origin
    self.transport = parser.transport
    self.direction = parser.direction
    self.isICELite = parser.isICELite
    self.bundleGroups = parser.bundleGroups
    self.sections = parser.sections
  }

  /// What stands in `range`; empty for a range of another, longer description.
  @_lifetime(borrow self)
  public func bytes(in range: TextRange) -> Span<UInt8> {
    guard range.start <= range.end, Int(range.end) <= self.text.count else { return self.text.span.extracting(0..<0) }
    return self.text.span.extracting(range.range)
  }

  /// Writes the description as it was parsed, lines ended by CR LF.
  public func write(into writer: inout SpanWriter) { writer.write(self.text) }
}
