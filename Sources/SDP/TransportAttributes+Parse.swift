import Bytes

extension TransportAttributes {
  /// Takes the attribute if it is about a transport; says whether it was.
  mutating func parse(
    _ text: Span<UInt8>, name: Range<Int>, value: Range<Int>, limits: SessionDescription.Limits
  ) throws(SDPError.Reason) -> Bool {
    if text.matchesIgnoringCase("candidate", in: name) {
      // An empty one and one of absurd length say nothing; both are no reason to refuse the others.
      guard !value.isEmpty, value.count <= maximumValueLength else { return true }
      guard self.candidates.count < limits.candidatesPerSection else { throw .tooManyCandidates }
      self.candidates.append(TextRange(value))
    } else if text.matchesIgnoringCase("end-of-candidates", in: name) {
      self.endOfCandidates = true
    } else if text.matchesIgnoringCase("ice-ufrag", in: name) {
      guard value.count >= 4, value.count <= 256, text.allSatisfy(in: value, { $0.isICECharacter }) else {
        throw .malformedICEUfrag
      }
      try setOnce(&self.iceUfrag, to: value, of: text)
    } else if text.matchesIgnoringCase("ice-pwd", in: name) {
      guard value.count >= 22, value.count <= 256, text.allSatisfy(in: value, { $0.isICECharacter }) else {
        throw .malformedICEPassword
      }
      try setOnce(&self.icePassword, to: value, of: text)
    } else if text.matchesIgnoringCase("ice-options", in: name) {
      self.iceOptions = (self.iceOptions ?? []).union(ICEOptions(text, in: value))
    } else if text.matchesIgnoringCase("fingerprint", in: name) {
      guard let fingerprint = try Fingerprint.parse(text, in: value) else { return true }
      guard !self.fingerprints.contains(fingerprint) else { return true }
      guard self.fingerprints.count < limits.fingerprints else { throw .tooManyFingerprints }
      self.fingerprints.append(fingerprint)
    } else if text.matchesIgnoringCase("setup", in: name) {
      guard let setup = Setup(text, in: value) else { throw .malformedSetup }
      try setOnce(&self.setup, to: setup)
    } else if text.matchesIgnoringCase("tls-id", in: name) {
      try setOnce(&self.tlsID, to: value, of: text)
    } else {
      return false
    }
    return true
  }
}

extension ICEOptions {
  /// Spaces separate options; libdatachannel writes commas.
  init(_ text: Span<UInt8>, in value: Range<Int>) {
    self = []
    var start = value.lowerBound
    while start < value.upperBound {
      var end = start
      while end < value.upperBound, text[end] != Span<UInt8>.space, text[end] != UInt8(ascii: ",") { end &+= 1 }
      let option = start..<end
      start = end &+ 1
      if text.matches("trickle", in: option) {
        self.insert(.trickle)
      } else if text.matches("ice2", in: option) {
        self.insert(.ice2)
      } else if text.matches("renomination", in: option) {
        self.insert(.renomination)
      }
    }
  }
}

extension Setup {
  init?(_ text: Span<UInt8>, in value: Range<Int>) {
    if text.matchesIgnoringCase("actpass", in: value) {
      self = .actpass
    } else if text.matchesIgnoringCase("active", in: value) {
      self = .active
    } else if text.matchesIgnoringCase("passive", in: value) {
      self = .passive
    } else if text.matchesIgnoringCase("holdconn", in: value) {
      self = .holdconn
    } else {
      return nil
    }
  }

  var name: StaticString {
    switch self {
    case .actpass: "actpass"
    case .active: "active"
    case .passive: "passive"
    case .holdconn: "holdconn"
    }
  }
}
