#if Audio
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

/// Sections of media: which transceiver has which, and what offers and answers say of it.
extension PeerConnection {
  // MARK: Our offer

  /// Transceivers keep their places, new ones get some, and those that stopped give theirs up.
  func placeTransceivers(in slots: inout [Signaling.Slot]) {
    guard let media = self.core.media else { return }
    let settled = self.core.signaling.slots.count
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

  mutating func offeredMedia(_ index: Int) -> LocalSection {
    guard let media = self.core.media else { return .unused }
    let known = media.transceivers[index].mid ?? self.core.signaling.offeredMid(of: index) ?? []
    return .offered(media.offer(of: index, mid: self.core.signaling.name(section: known)))
  }

  /// The peer's answer to a section of ours; false where it is rejected.
  mutating func settle(
    _ transceiver: Int, _ section: LocalSection, with answer: SessionDescription, _ remote: RemoteParameters?, section index: Int,
    now: Instant
  ) -> Bool {
    guard case .offered(let offered) = section,
      case .media = answer.use(of: index, sharing: remote?.transportSection),
      let theirs = MediaDescription(answer, section: index),
      let settled = MediaNegotiation.settle(theirs, offered: offered)
    else {
      self.retire(transceiver, now: now)
      return false
    }
    // One that was stopped meanwhile has its section until the next offer gives it up.
    guard let media = self.core.media, !media.transceivers[transceiver].isStopped else { return true }
    media.transceivers[transceiver].mid = offered.mid
    media.transceivers[transceiver].described = offered.direction
    self.configure(transceiver, settled, now: now)
    return true
  }

  // MARK: The peer's offer

  func planMedia(
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

  func answer(to theirs: MediaDescription, by index: Int, isNew: Bool) -> NegotiatedMedia? {
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

  /// The transceiver that takes a section of the peer's offer.
  mutating func adopt(_ entry: AnswerPlan.Entry, now: Instant) -> Signaling.Slot {
    guard let index = entry.isNew ? self.makeTransceiver(entry.kind, .init(direction: .recvonly), now: now) : entry.transceiver
    else { return .unused }
    self.core.media?.transceivers[index].mid = entry.mid
    let receives = self.core.media?.transceivers[index].direction.receives ?? false
    self.setRemoteTrack(entry.peerSends && receives, of: index)
    return .media(index)
  }

  /// Puts into effect what the answer that was written says.
  @inline(never)
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
  mutating func retireMissing(from slots: [Signaling.Slot], now: Instant) {
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

  var isMediaUnsettled: Bool {
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
#endif
