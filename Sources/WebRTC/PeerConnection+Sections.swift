import Bytes
import Cryptography
import DTLS
import DataChannel
import ICE
import SCTP
import SDP
import STUN
import Time

#if Audio
import RTP
import SRTP
#endif

/// Which section of a description belongs to what (RFC 8829 sections 5.2 to 5.11).
extension PeerConnection {
  /// A peer's offer, section for section, and what we make of it. Nothing has changed yet.
  struct AnswerPlan {
    struct Entry {
      var section = LocalSection.unused
      var mid: [UInt8] = []
      #if Audio
      /// The transceiver that takes it, which does not exist yet where `isNew`.
      var transceiver: Int?
      var isNew = false
      var kind = MediaKind.audio
      var peerSends = false
      #endif
    }
    var entries: [Entry] = []
    var sections: [LocalSection] { self.entries.map { $0.section } }
  }

  /// An offer of ours, section for section. Nothing has changed yet.
  struct OfferPlan {
    var slots: [Signaling.Slot]
    var sections: [LocalSection] = []
  }

  // MARK: Our offer

  /// Lays out the sections of the next offer: what is there keeps its place, what is new takes the place of something that ended, or
  /// comes last. An offer that waits for its answer is taken further.
  @inline(never)
  mutating func layOutOffer() -> OfferPlan {
    var slots = self.core.signaling.localOffer == nil ? self.core.signaling.slots : self.core.signaling.offeredSlots
    #if Audio
    self.placeTransceivers(in: &slots)
    #endif
    // An answer that refused data channels is not asked again.
    if !slots.hasData, self.core.signaling.remote == nil || self.core.channels.hasChannels,
      self.core.configuration.offersDataChannels || self.core.channels.hasChannels
    {
      slots.place(.data(mid: []))
    }
    var plan = OfferPlan(slots: slots)
    var index = 0
    while index < slots.count {
      plan.sections.append(self.offeredSection(slots[index]))
      if case .data(let mid) = plan.sections[index] { plan.slots[index] = .data(mid: mid) }
      index &+= 1
    }
    return plan
  }

  private mutating func offeredSection(_ slot: Signaling.Slot) -> LocalSection {
    switch slot {
    case .unused: return .unused
    case .data(let known): return .data(mid: self.core.signaling.name(section: known))
    #if Audio
    case .media(let index): return self.offeredMedia(index)
    #endif
    }
  }

  /// The peer's answer decides about each section of our offer. `remote` is nil where it has none in use.
  @inline(never)
  mutating func settleOffer(with answer: SessionDescription, _ remote: RemoteParameters?, now: Instant) {
    var slots = self.core.signaling.offeredSlots
    #if Audio
    let sections = self.core.signaling.offeredSections
    #endif
    var index = 0
    while index < slots.count {
      switch slots[index] {
      case .unused: break
      case .data:
        self.core.signaling.isDataRefused = remote?.dataSection != index
        if self.core.signaling.isDataRefused { slots[index] = .unused }
      #if Audio
      case .media(let transceiver):
        if !self.settle(transceiver, sections[index], with: answer, remote, section: index, now: now) { slots[index] = .unused }
      #endif
      }
      index &+= 1
    }
    #if Audio
    self.retireMissing(from: slots, now: now)
    #endif
    self.core.signaling.slots = slots
    self.core.signaling.current = self.core.signaling.localOffer
    self.core.signaling.localOffer = nil
  }

  // MARK: The peer's offer

  /// What we would answer, by what is there and by what the configuration allows to come.
  @inline(never)
  func planAnswer(to offer: SessionDescription) -> AnswerPlan {
    var plan = AnswerPlan()
    var transport: Int?
    var hasData = false
    #if Audio
    var created = 0
    #endif
    var index = 0
    while index < offer.sections.count {
      var entry = AnswerPlan.Entry()
      if let mid = offer.sections[index].mid { entry.mid = arrayCopy(offer.bytes(in: mid)) }
      switch offer.use(of: index, sharing: transport) {
      case .none: break
      case .data:
        if !hasData, self.core.configuration.acceptsDataChannels {
          hasData = true
          entry.section = .data(mid: [])
        }
      #if Audio
      case .media(let kind):
        entry.kind = kind
        self.planMedia(offer, section: index, &entry, taken: plan, created: &created)
      #endif
      }
      if transport == nil, entry.section != .unused { transport = index }
      plan.entries.append(entry)
      index &+= 1
    }
    return plan
  }

  /// Makes the plan's transceivers, and ends those whose sections the offer stopped.
  @inline(never)
  mutating func adopt(_ plan: AnswerPlan, of offer: SessionDescription, now: Instant) {
    var slots: [Signaling.Slot] = []
    #if Audio
    if plan.entries.contains(where: { $0.transceiver != nil }) || self.core.media != nil {
      self.prepareMedia(now: now)
      self.core.media?.identifiers.learn(from: offer)
    }
    #endif
    for entry in plan.entries {
      self.core.signaling.remember(mid: entry.mid)
      switch entry.section {
      case .data: slots.append(.data(mid: entry.mid))
      #if Audio
      case .accepted: slots.append(self.adopt(entry, now: now))
      case .offered: slots.append(.unused)
      #endif
      case .unused: slots.append(.unused)
      }
    }
    #if Audio
    self.retireMissing(from: slots, now: now)
    #endif
    if self.core.signaling.slots.hasData, !slots.hasData { self.core.signaling.isDataRefused = true }
    self.core.signaling.slots = slots
  }

  /// The answer's sections, by what the host has made of the transceivers since the offer came.
  @inline(never)
  func answeredSections(of offer: SessionDescription) -> [LocalSection] {
    var sections: [LocalSection] = []
    var index = 0
    while index < offer.sections.count {
      var section = LocalSection.unused
      switch index < self.core.signaling.slots.count ? self.core.signaling.slots[index] : .unused {
      case .unused: break
      case .data: section = .data(mid: [])
      #if Audio
      case .media(let transceiver):
        if let media = self.core.media, !media.transceivers[transceiver].isStopped,
          let theirs = MediaDescription(offer, section: index),
          let answer = self.answer(to: theirs, by: transceiver, isNew: false)
        {
          section = .accepted(answer)
        }
      #endif
      }
      sections.append(section)
      index &+= 1
    }
    return sections
  }

  /// Whether the last exchange left something undone that a channel or a transceiver wants.
  var isUnsettled: Bool {
    if self.core.channels.hasChannels, !self.core.signaling.slots.hasData, !self.core.signaling.isDataRefused { return true }
    #if Audio
    return self.isMediaUnsettled
    #else
    return false
    #endif
  }

  /// W3C's negotiationneeded: told once for any number of changes, and not while an exchange is under way.
  mutating func noteNegotiationNeeded() {
    guard !self.core.isNegotiationNeeded else { return }
    self.core.isNegotiationNeeded = true
    if self.core.signaling.state == .stable { self.core.events.append(.negotiationNeeded) }
  }
}

extension [Signaling.Slot] {
  /// Puts a new section where one ended, or behind all; not before the first in use, which stands for the transport: see
  /// `SessionDescription.placeForNewSection`.
  mutating func place(_ slot: Signaling.Slot) {
    let first = self.firstIndex { $0 != .unused } ?? self.count
    if let place = self.indices.first(where: { $0 > first && self[$0] == .unused }) {
      self[place] = slot
    } else {
      self.append(slot)
    }
  }
}
