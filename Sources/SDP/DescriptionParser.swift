import Bytes

/// Interprets the lines of a description or of a trickle fragment, front to back.
///
/// Only what this module needs is interpreted. An attribute that may occur once and occurs again with the same value is
/// harmless; with another value, nobody can tell which was meant, and the description is refused.
struct DescriptionParser {
  enum Form { case description, fragment }

  let form: Form
  let limits: SessionDescription.Limits
  var origin: SessionDescription.Origin?
  var transport = TransportAttributes()
  var direction: MediaSection.Direction?
  var isICELite = false
  var bundleGroups: [[TextRange]] = []
  var sections: [MediaSection] = []

  init(form: Form, limits: SessionDescription.Limits) {
    self.form = form
    self.limits = limits
  }

  mutating func parse(_ lines: [SessionDescription.Line], of text: Span<UInt8>) throws(SDPError) {
    if self.form == .description {
      guard let first = lines.first else { throw SDPError(.missingVersion) }
      let value = text.trimmingSpaces(first.value.range)
      guard first.type == UInt8(ascii: "v"), text.matches("0", in: value) else {
        throw SDPError(.missingVersion, line: first.number)
      }
    }
    var index = 0
    var sectionStart = 0
    while index < lines.count {
      let line = lines[index]
      if line.type == UInt8(ascii: "m") { sectionStart = index }
      guard index &- sectionStart < self.limits.linesPerSection else {
        throw SDPError(.tooManyLines, line: line.number)
      }
      do throws(SDPError.Reason) {
        try self.parse(line, at: index, of: text)
      } catch {
        throw SDPError(error, line: line.number)
      }
      if !self.sections.isEmpty { self.sections[self.sections.count &- 1].lines = sectionStart..<(index &+ 1) }
      index &+= 1
    }
  }

  private mutating func parse(
    _ line: SessionDescription.Line, at index: Int, of text: Span<UInt8>
  ) throws(SDPError.Reason) {
    switch line.type {
    case UInt8(ascii: "m"):
      guard self.sections.count < self.limits.sections else { throw .tooManySections }
      self.sections.append(try MediaSection.parse(line, at: index, of: text))
    case UInt8(ascii: "o"):
      // An origin is of the session; below an m= line it is a stray that changes nothing.
      guard self.sections.isEmpty else { return }
      self.origin = try Self.parseOrigin(text, in: line.value.range)
    case UInt8(ascii: "a"):
      let value = line.value.range
      let colon = text.firstIndex(of: Span<UInt8>.colon, in: value) ?? value.upperBound
      let name = text.trimmingSpaces(value.lowerBound..<colon)
      let rest = text.trimmingSpaces(min(colon &+ 1, value.upperBound)..<value.upperBound)
      if self.sections.isEmpty {
        try self.parseSessionAttribute(text, name: name, value: rest)
      } else {
        try self.parseMediaAttribute(text, name: name, value: rest)
      }
    default:
      break
    }
  }

  /// RFC 8866 section 5.2: user name, session id, version, network type, address type, address.
  private static func parseOrigin(
    _ text: Span<UInt8>, in range: Range<Int>
  ) throws(SDPError.Reason) -> SessionDescription.Origin {
    var rest = range
    guard text.nextToken(of: &rest) != nil, let id = text.nextToken(of: &rest),
      let version = text.nextToken(of: &rest), text.nextToken(of: &rest) != nil,
      text.nextToken(of: &rest) != nil, text.nextToken(of: &rest) != nil
    else { throw .malformedOrigin }
    return SessionDescription.Origin(sessionID: TextRange(id), sessionVersion: TextRange(version))
  }

  private mutating func parseSessionAttribute(
    _ text: Span<UInt8>, name: Range<Int>, value: Range<Int>
  ) throws(SDPError.Reason) {
    if text.matchesIgnoringCase("ice-lite", in: name) {
      self.isICELite = true
    } else if text.matchesIgnoringCase("group", in: name) {
      try self.parseGroup(text, value)
    } else if let direction = MediaSection.Direction(text, in: name) {
      try setOnce(&self.direction, to: direction)
    } else if self.form == .fragment || !text.matchesIgnoringCase("candidate", in: name) {
      _ = try self.transport.parse(text, name: name, value: value, limits: self.limits)
    }
  }

  /// RFC 9143 section 7; groups of other semantics are none of our business.
  private mutating func parseGroup(_ text: Span<UInt8>, _ value: Range<Int>) throws(SDPError.Reason) {
    var rest = value
    guard let semantics = text.nextToken(of: &rest) else { throw .malformedGroup }
    guard text.matchesIgnoringCase("bundle", in: semantics) else { return }
    guard self.bundleGroups.count < self.limits.sections else { throw .malformedGroup }
    var mids: [TextRange] = []
    while let mid = text.nextToken(of: &rest) {
      guard mids.count < self.limits.sections, text.allSatisfy(in: mid, { $0.isTokenCharacter }) else {
        throw .malformedGroup
      }
      mids.append(TextRange(mid))
    }
    self.bundleGroups.append(mids)
  }

  private mutating func parseMediaAttribute(
    _ text: Span<UInt8>, name: Range<Int>, value: Range<Int>
  ) throws(SDPError.Reason) {
    let last = self.sections.count &- 1
    if text.matchesIgnoringCase("mid", in: name) {
      guard !value.isEmpty, value.count <= maximumValueLength, text.allSatisfy(in: value, { $0.isTokenCharacter })
      else { throw .malformedMid }
      for section in self.sections.dropLast() {
        if let earlier = section.mid, text.equal(earlier.range, value) { throw .duplicateMid }
      }
      try setOnce(&self.sections[last].mid, to: value, of: text)
    } else if !(try self.sections[last].transport.parse(text, name: name, value: value, limits: self.limits)) {
      try self.sections[last].parse(text, name: name, value: value)
    }
  }
}

/// Takes a value for the first time, or the same one again.
func setOnce<Value: Equatable>(_ target: inout Value?, to value: Value) throws(SDPError.Reason) {
  if let earlier = target, earlier != value { throw .conflictingAttribute }
  target = value
}

func setOnce(_ target: inout TextRange?, to value: Range<Int>, of text: Span<UInt8>) throws(SDPError.Reason) {
  if let earlier = target, !text.equal(earlier.range, value) { throw .conflictingAttribute }
  target = TextRange(value)
}
