import Bytes
import SDP
import Time

/// What the offer/answer exchange has settled so far (RFC 8829).
struct Signaling: Sendable {
  /// What stands in an `m=` section of the session, by its place.
  enum Slot: Equatable, Sendable {
    case data(mid: [UInt8])
    #if Audio
    /// A transceiver, by its index.
    case media(Int)
    #endif
    /// Rejected or stopped; another section may take the place (RFC 8829 section 5.2.2).
    case unused
  }

  var state = SignalingState.stable
  /// Kept for the session's life; the version goes up with each description (RFC 8829 section 5.2.1).
  let sessionID: UInt64
  var version: UInt64 = 0
  /// The description of ours that waits for an answer.
  var localOffer: SessionDescription? {
    didSet {
      guard self.localOffer == nil else { return }
      self.offeredSlots = []
      self.offeredSections = []
    }
  }
  /// The description of the peer's that waits for our answer.
  var remoteOffer: SessionDescription?
  /// The sections as the last exchange left them.
  var slots: [Slot] = []
  /// The peer did not take the section for data channels, or ended it: no reason to ask again before another channel is opened.
  var isDataRefused = false
  /// What stands in those of `localOffer`, and what it says of them.
  var offeredSlots: [Slot] = []
  var offeredSections: [LocalSection] = []
  /// The last description that we wrote, offer or answer, of an exchange that came to its end.
  var current: SessionDescription?
  /// The peer's mids, those of ended sections included, within a bound.
  private var mids: [[UInt8]] = []
  /// Our own are numbers that go up.
  private var nextMid = 0
  /// What the peer said last, once its description was applied.
  var remote: RemoteParameters?

  init(random: inout SeededRandom) {
    // RFC 3264 section 5: fits a signed 64-bit number; browsers take 63 bits. Never 0, which some parsers refuse.
    self.sessionID = max(random.next() >> 2, 1)
  }

  /// A mid that the session has not had: the smallest number.
  mutating func freshMid() -> [UInt8] {
    while true {
      let mid = decimal(self.nextMid)
      self.nextMid &+= 1
      if !self.mids.contains(mid), !Self.isUsed(mid, in: self.current) { return mid }
    }
  }

  private static func isUsed(_ mid: [UInt8], in current: SessionDescription?) -> Bool {
    guard let current else { return false }
    for section in current.sections {
      if let known = section.mid, bytesEqual(current.bytes(in: known), mid.span) { return true }
    }
    return false
  }

  #if Audio
  /// What the offer that waits for its answer calls a transceiver's section.
  func offeredMid(of transceiver: Int) -> [UInt8]? {
    guard let place = self.offeredSlots.firstIndex(of: .media(transceiver)),
      case .offered(let media) = self.offeredSections[place]
    else { return nil }
    return media.mid
  }
  #endif

  /// The mid that a section has, or a fresh one.
  mutating func name(section known: [UInt8]) -> [UInt8] {
    guard known.isEmpty else { return known }
    return self.freshMid()
  }

  mutating func remember(mid: [UInt8]) {
    if !mid.isEmpty, !self.mids.contains(mid), self.mids.count < Self.maximumMids { self.mids.append(mid) }
  }

  /// Those of a peer that recycles sections for ever are not all remembered: ours stay clear of the ones in use all the same.
  private static let maximumMids = 256
}

extension [Signaling.Slot] {
  var hasData: Bool { self.contains { if case .data = $0 { true } else { false } } }
}

private func decimal(_ number: Int) -> [UInt8] {
  var digits: [UInt8] = []
  var rest = number
  repeat {
    digits.insert(0x30 &+ UInt8(truncatingIfNeeded: rest % 10), at: 0)
    rest /= 10
  } while rest > 0
  return digits
}
