import Bytes
import Cryptography
import DTLS
import DataChannel
import ICE
import RTP
import SCTP
import SDP
import SRTP
import STUN
import Time

/// Which section of a description belongs to what (RFC 8829 sections 5.2 to 5.11).
extension PeerConnection {
  /// A peer's offer, section for section, and what we make of it. Nothing has changed yet.
  struct AnswerPlan {
    struct Entry {
      var section = LocalSection.unused
      /// The transceiver that takes it, which does not exist yet where `isNew`.
      var transceiver: Int?
      var isNew = false
      var mid: [UInt8] = []
      var kind = MediaKind.audio
      var peerSends = false
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
  mutating func layOutOffer() -> OfferPlan {
    let settled = self.core.signaling.slots.count
    var slots = self.core.signaling.localOffer == nil ? self.core.signaling.slots : self.core.signaling.offeredSlots
    if let media = self.core.media {
      var index = 0
      while index < media.transceivers.count {
        let transceiver = media.transceivers[index]
        let isPlaced = slots.contains(.media(index))
        if transceiver.isStopped {
          if let place = slots.firstIndex(of: .media(index)) {
            // A place that no exchange has settled is none yet.
            if place < settled { slots[place] = .unused } else { slots.remove(at: place) }
          }
        } else if !isPlaced {
          slots.place(.media(index))
        }
        index &+= 1
      }
    }
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
    case .media(let index):
      guard let media = self.core.media else { return .unused }
      let known = media.transceivers[index].mid ?? self.core.signaling.offeredMid(of: index) ?? []
      return .offered(media.offer(of: index, mid: self.core.signaling.name(section: known)))
    }
  }

  /// The peer's answer decides about each section of our offer. `remote` is nil where it has none in use.
  mutating func settleOffer(with answer: SessionDescription, _ remote: RemoteParameters?, now: Instant) {
    var slots = self.core.signaling.offeredSlots
    let sections = self.core.signaling.offeredSections
    var index = 0
    while index < slots.count {
      switch slots[index] {
      case .unused: break
      case .data:
        self.core.signaling.isDataRefused = remote?.dataSection != index
        if self.core.signaling.isDataRefused { slots[index] = .unused }
      case .media(let transceiver):
        guard case .offered(let offered) = sections[index],
          case .media = answer.use(of: index, sharing: remote?.transportSection),
          let theirs = MediaDescription(answer, section: index),
          let settled = MediaNegotiation.settle(theirs, offered: offered)
        else {
          slots[index] = .unused
          self.retire(transceiver, now: now)
          break
        }
        // One that was stopped meanwhile has its section until the next offer gives it up.
        guard let media = self.core.media, !media.transceivers[transceiver].isStopped else { break }
        media.transceivers[transceiver].mid = offered.mid
        media.transceivers[transceiver].described = offered.direction
        self.configure(transceiver, settled, now: now)
      }
      index &+= 1
    }
    self.retireMissing(from: slots, now: now)
    self.core.signaling.slots = slots
    self.core.signaling.current = self.core.signaling.localOffer
    self.core.signaling.localOffer = nil
  }

  // MARK: The peer's offer

  /// What we would answer, by what is there and by what the configuration allows to come.
  func planAnswer(to offer: SessionDescription) -> AnswerPlan {
    var plan = AnswerPlan()
    var transport: Int?
    var hasData = false
    var created = 0
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
      case .media(let kind):
        entry.kind = kind
        self.planMedia(offer, section: index, &entry, taken: plan, created: &created)
      }
      if transport == nil, entry.section != .unused { transport = index }
      plan.entries.append(entry)
      index &+= 1
    }
    return plan
  }

  private func planMedia(
    _ offer: SessionDescription, section index: Int, _ entry: inout AnswerPlan.Entry, taken: AnswerPlan,
    created: inout Int
  ) {
    // What we stopped is not begun anew by an offer that does not know of it yet.
    guard let theirs = MediaDescription(offer, section: index), !self.isStopped(index, mid: entry.mid) else { return }
    entry.peerSends = theirs.direction.sends
    if let known = self.transceiver(in: index, kind: entry.kind, mid: entry.mid, taken: taken) {
      entry.transceiver = known
    } else if self.core.configuration.receivesOfferedMedia {
      entry.transceiver = (self.core.media?.transceivers.count ?? 0) &+ created
      entry.isNew = true
    }
    guard let transceiver = entry.transceiver,
      let answer = self.answer(to: theirs, by: transceiver, isNew: entry.isNew)
    else {
      entry.transceiver = nil
      entry.isNew = false
      return
    }
    if entry.isNew { created &+= 1 }
    entry.section = .accepted(answer)
  }

  /// Whether the section belongs to a transceiver that we stopped.
  private func isStopped(_ place: Int, mid: [UInt8]) -> Bool {
    let slots = self.core.signaling.slots
    guard let media = self.core.media, place < slots.count, case .media(let index) = slots[place] else { return false }
    return media.transceivers[index].isStopped && media.transceivers[index].mid == mid
  }

  /// The transceiver that has the section already, or one that waits for a section of its kind.
  private func transceiver(in place: Int, kind: MediaKind, mid: [UInt8], taken: AnswerPlan) -> Int? {
    guard let media = self.core.media else { return nil }
    let slots = self.core.signaling.slots
    if place < slots.count, case .media(let index) = slots[place], media.transceivers[index].kind == kind,
      media.transceivers[index].mid == mid, !media.transceivers[index].isStopped
    {
      return index
    }
    var index = 0
    while index < media.transceivers.count {
      let transceiver = media.transceivers[index]
      if transceiver.kind == kind, !transceiver.isStopped, !slots.contains(.media(index)),
        !taken.entries.contains(where: { $0.transceiver == index })
      {
        return index
      }
      index &+= 1
    }
    return nil
  }

  private func answer(to theirs: MediaDescription, by index: Int, isNew: Bool) -> NegotiatedMedia? {
    guard !isNew, let media = self.core.media else {
      let capabilities = theirs.kind == .audio ? self.core.configuration.audio : self.core.configuration.video
      return MediaNegotiation.answer(theirs, capabilities: capabilities, direction: .recvonly)
    }
    let transceiver = media.transceivers[index]
    var result = MediaNegotiation.answer(
      theirs, capabilities: transceiver.capabilities, direction: transceiver.direction)
    result?.source = media.source(of: index)
    return result
  }

  /// Makes the plan's transceivers, and ends those whose sections the offer stopped.
  mutating func adopt(_ plan: AnswerPlan, of offer: SessionDescription, now: Instant) {
    var slots: [Signaling.Slot] = []
    if plan.entries.contains(where: { $0.transceiver != nil }) || self.core.media != nil {
      self.prepareMedia(now: now)
      self.core.media?.identifiers.learn(from: offer)
    }
    for entry in plan.entries {
      self.core.signaling.remember(mid: entry.mid)
      switch entry.section {
      case .data: slots.append(.data(mid: entry.mid))
      case .accepted:
        guard let index = entry.isNew ? self.makeTransceiver(entry.kind, .init(direction: .recvonly), now: now) : entry.transceiver
        else {
          slots.append(.unused)
          continue
        }
        self.core.media?.transceivers[index].mid = entry.mid
        slots.append(.media(index))
        let receives = self.core.media?.transceivers[index].direction.receives ?? false
        self.setRemoteTrack(entry.peerSends && receives, of: index)
      case .offered, .unused: slots.append(.unused)
      }
    }
    self.retireMissing(from: slots, now: now)
    if self.core.signaling.hasDataSlot, !slots.hasData { self.core.signaling.isDataRefused = true }
    self.core.signaling.slots = slots
  }

  /// The answer's sections, by what the host has made of the transceivers since the offer came.
  func answeredSections(of offer: SessionDescription) -> [LocalSection] {
    var sections: [LocalSection] = []
    var index = 0
    while index < offer.sections.count {
      var section = LocalSection.unused
      switch index < self.core.signaling.slots.count ? self.core.signaling.slots[index] : .unused {
      case .unused: break
      case .data: section = .data(mid: [])
      case .media(let transceiver):
        if let media = self.core.media, !media.transceivers[transceiver].isStopped,
          let theirs = MediaDescription(offer, section: index),
          let answer = self.answer(to: theirs, by: transceiver, isNew: false)
        {
          section = .accepted(answer)
        }
      }
      sections.append(section)
      index &+= 1
    }
    return sections
  }

  /// Puts into effect what the answer that was written says.
  mutating func settleAnswer(_ sections: [LocalSection], now: Instant) {
    var slots = self.core.signaling.slots
    var index = 0
    while index < min(slots.count, sections.count) {
      if case .media(let transceiver) = slots[index] {
        if case .accepted(let negotiated) = sections[index], let media = self.core.media {
          media.transceivers[transceiver].described = media.transceivers[transceiver].direction
          self.configure(transceiver, negotiated, now: now)
        } else {
          slots[index] = .unused
          self.retire(transceiver, now: now)
        }
      }
      index &+= 1
    }
    self.core.signaling.slots = slots
  }

  // MARK: Transceivers

  private mutating func configure(_ index: Int, _ negotiated: NegotiatedMedia, now: Instant) {
    guard let media = self.core.media else { return }
    media.transceivers[index].negotiated = negotiated
    media.session.configure(media.transceivers[index].line, negotiated.parameters, now: now)
    self.setRemoteTrack(negotiated.direction.receives, of: index)
  }

  /// Transceivers that had a section and have none any more.
  private mutating func retireMissing(from slots: [Signaling.Slot], now: Instant) {
    for case .media(let index) in self.core.signaling.slots where !slots.contains(.media(index)) {
      self.retire(index, now: now)
    }
  }

  /// The section is gone, and with it all that it carried.
  mutating func retire(_ index: Int, now: Instant) {
    guard let media = self.core.media else { return }
    media.transceivers[index].isStopped = true
    media.transceivers[index].negotiated = nil
    media.session.removeLine(media.transceivers[index].line, now: now)
    self.setRemoteTrack(false, of: index)
  }

  /// Whether the last exchange left something undone that a channel or a transceiver wants.
  var isUnsettled: Bool {
    if self.core.channels.hasChannels, !self.core.signaling.hasDataSlot, !self.core.signaling.isDataRefused { return true }
    guard let media = self.core.media else { return false }
    var index = 0
    while index < media.transceivers.count {
      let transceiver = media.transceivers[index]
      let isPlaced = self.core.signaling.slots.contains(.media(index))
      if transceiver.isStopped ? isPlaced : !isPlaced || transceiver.direction != transceiver.described { return true }
      index &+= 1
    }
    return false
  }

  /// W3C's `track` event, and that of a track which is muted for good.
  mutating func setRemoteTrack(_ exists: Bool, of index: Int) {
    guard let media = self.core.media, media.transceivers[index].hasRemoteTrack != exists else { return }
    media.transceivers[index].hasRemoteTrack = exists
    let transceiver = Transceiver(index: index)
    self.core.events.append(exists ? .trackAdded(transceiver) : .trackRemoved(transceiver))
  }
}

extension [Signaling.Slot] {
  /// Puts a new section where one ended, or behind all; not before the first in use, which stands for the transport: see
  /// `SessionDescription.placeForNewSection`.
  fileprivate mutating func place(_ slot: Signaling.Slot) {
    let first = self.firstIndex { $0 != .unused } ?? self.count
    if let place = self.indices.first(where: { $0 > first && self[$0] == .unused }) {
      self[place] = slot
    } else {
      self.append(slot)
    }
  }
}
