#if Audio
import RTP

/// The payload types and header extension ids in use in a session's BUNDLE group.
///
/// Within a group a payload type means one codec and an extension id one extension, in whatever section it stands (RFC 9143
/// sections 9.1.1 and 12), for as long as the session lasts (RFC 3264 section 8.3.2). So a section that we offer after the peer
/// has offered some takes over the peer's numbers where it names the same codec, and stays clear of them where it does not.
public struct BundleIdentifiers: Equatable, Sendable {
  private enum Meaning: Equatable, Sendable {
    case codec(Codec)
    case rtx(apt: UInt8)
    case foreign
  }

  private struct PayloadType: Equatable, Sendable {
    let number: UInt8
    var meaning: Meaning
  }

  /// An extension of no known name has none.
  private struct Extension: Equatable, Sendable {
    let id: UInt8
    var name: HeaderExtension?
  }

  private var payloadTypes: [PayloadType] = []
  private var extensions: [Extension] = []

  public init() {}

  /// Takes note of what an offer of the peer's uses, codecs that the engine does not know included.
  public mutating func learn(from offer: SessionDescription) {
    var index = 0
    while index < offer.sections.count {
      if let media = MediaDescription(offer, section: index) { self.learn(from: media) }
      index &+= 1
    }
  }

  private mutating func learn(from media: MediaDescription) {
    for format in media.formats {
      let meaning: Meaning
      switch format.encoding {
      case .codec(let codec): meaning = .codec(codec)
      case .rtx(let apt): meaning = .rtx(apt: apt)
      case .other: meaning = .foreign
      }
      self.set(format.payloadType, meaning)
    }
    for mapping in media.extensions {
      if let known = self.extensions.firstIndex(where: { $0.id == mapping.id }) {
        self.extensions[known].name = mapping.name
      } else {
        self.extensions.append(Extension(id: mapping.id, name: mapping.name))
      }
    }
  }

  /// The capabilities with numbers that fit, which are from now on taken. A codec for which no number is left is left out.
  public mutating func assign(to capabilities: MediaCapabilities) -> MediaCapabilities {
    var result = capabilities
    result.codecs = []
    for codec in capabilities.codecs {
      var mapping = codec
      guard let number = self.assignPayloadType(.codec(codec.codec), preferring: codec.payloadType),
        // Two spellings of one configuration are one.
        !result.codecs.contains(where: { $0.payloadType == number })
      else { continue }
      mapping.payloadType = number
      if let rtx = codec.rtxPayloadType {
        mapping.rtxPayloadType = self.assignPayloadType(.rtx(apt: number), preferring: rtx)
      }
      result.codecs.append(mapping)
    }
    for name in HeaderExtension.allCases where capabilities.extensions[name] != 0 {
      result.extensions[name] = self.assignExtension(name, preferring: capabilities.extensions[name])
    }
    return result
  }

  /// Takes the capabilities' numbers as they are. False where one has another meaning, or cannot be one.
  mutating func claim(_ capabilities: MediaCapabilities) -> Bool {
    var own: [UInt8] = []
    for codec in capabilities.codecs {
      guard self.claim(codec.payloadType, .codec(codec.codec)), !own.contains(codec.payloadType) else { return false }
      own.append(codec.payloadType)
      guard let rtx = codec.rtxPayloadType else { continue }
      guard self.claim(rtx, .rtx(apt: codec.payloadType)), !own.contains(rtx) else { return false }
      own.append(rtx)
    }
    for name in HeaderExtension.allCases {
      let id = capabilities.extensions[name]
      guard id != 0 else { continue }
      guard id != 15 else { return false }
      if let known = self.extensions.first(where: { $0.id == id }) {
        guard known.name == name else { return false }
      } else {
        self.extensions.append(Extension(id: id, name: name))
      }
    }
    return true
  }

  private mutating func claim(_ number: UInt8, _ meaning: Meaning) -> Bool {
    guard isRTPPayloadType(number) else { return false }
    if let known = self.meaning(of: number) { return Self.agree(known, meaning) }
    self.set(number, meaning)
    return true
  }

  private mutating func assignPayloadType(_ meaning: Meaning, preferring preferred: UInt8) -> UInt8? {
    if let known = self.payloadTypes.first(where: { Self.agree($0.meaning, meaning) }) { return known.number }
    guard let number = isRTPPayloadType(preferred) && self.meaning(of: preferred) == nil ? preferred : self.freePayloadType()
    else { return nil }
    self.set(number, meaning)
    return number
  }

  /// RFC 3551 section 6: the dynamic range first, then what nobody was ever assigned.
  private func freePayloadType() -> UInt8? {
    var number: UInt8 = 96
    while number < 128 {
      if self.meaning(of: number) == nil { return number }
      number &+= 1
    }
    number = 35
    while number < 64 {
      if self.meaning(of: number) == nil { return number }
      number &+= 1
    }
    return nil
  }

  private mutating func assignExtension(_ name: HeaderExtension, preferring preferred: UInt8) -> UInt8 {
    if let known = self.extensions.first(where: { $0.name == name }) { return known.id }
    var id = preferred
    if id == 15 || self.extensions.contains(where: { $0.id == id }) {
      id = 1
      while id < 15, self.extensions.contains(where: { $0.id == id }) { id &+= 1 }
    }
    guard id != 15 else { return 0 }
    self.extensions.append(Extension(id: id, name: name))
    return id
  }

  private func meaning(of number: UInt8) -> Meaning? {
    self.payloadTypes.first { $0.number == number }?.meaning
  }

  private mutating func set(_ number: UInt8, _ meaning: Meaning) {
    if let known = self.payloadTypes.firstIndex(where: { $0.number == number }) {
      self.payloadTypes[known].meaning = meaning
    } else {
      self.payloadTypes.append(PayloadType(number: number, meaning: meaning))
    }
  }

  private static func agree(_ a: Meaning, _ b: Meaning) -> Bool {
    switch (a, b) {
    case (.codec(let a), .codec(let b)): a.isSameConfiguration(as: b)
    case (.rtx(let a), .rtx(let b)): a == b
    default: false
    }
  }
}

/// 64 to 95 would be taken for RTCP (RFC 5761 section 4).
func isRTPPayloadType(_ number: UInt8) -> Bool { number < 64 || number >= 96 && number < 128 }
#endif
