import Bytes
import SDP
import Time

/// What the offer/answer exchange has settled so far (RFC 8829).
struct Signaling: Sendable {
  /// What stands in an `m=` section of the session, by its place.
  enum Slot: Equatable, Sendable {
    case data(mid: [UInt8])
    /// A transceiver, by its index.
    case media(Int)
    /// Rejected or stopped; another section may take the place (RFC 8829 section 5.2.2).
    case unused
  }

  var state = SignalingState.stable
  /// Kept for the session's life; the version goes up with each description (RFC 8829 section 5.2.1).
  let sessionID: UInt64
  var version: UInt64 = 0
  /// The description of ours that waits for an answer.
  var localOffer: SessionDescription?
  /// The description of the peer's that waits for our answer.
  var remoteOffer: SessionDescription?
  /// The sections as the last exchange left them.
  var slots: [Slot] = []
  /// What stands in those of `localOffer`, and what it says of them.
  var offeredSlots: [Slot] = []
  var offeredSections: [LocalSection] = []
  /// The last description that we wrote, offer or answer, of an exchange that came to its end.
  var current: SessionDescription?
  /// Every mid that the session has had.
  var mids: [[UInt8]] = []
  /// What the peer said last, once its description was applied.
  var remote: RemoteParameters?

  init(random: inout SeededRandom) {
    // RFC 3264 section 5: fits a signed 64-bit number; browsers take 63 bits. Never 0, which some parsers refuse.
    self.sessionID = max(random.next() >> 2, 1)
  }

  /// A mid that the session has not had: the smallest number.
  func freshMid() -> [UInt8] {
    var number = self.mids.count
    var mid = decimal(number)
    while self.mids.contains(mid) {
      number &+= 1
      mid = decimal(number)
    }
    return mid
  }

  /// The mid that a section has, or a fresh one.
  mutating func name(section known: [UInt8]) -> [UInt8] {
    guard known.isEmpty else { return known }
    let fresh = self.freshMid()
    self.remember(mid: fresh)
    return fresh
  }

  mutating func remember(mid: [UInt8]) {
    if !mid.isEmpty, !self.mids.contains(mid), self.mids.count < Self.maximumMids { self.mids.append(mid) }
  }

  /// A peer that recycles sections for ever finds its oldest mids remembered, which is enough to stay clear of them.
  static let maximumMids = 256
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
