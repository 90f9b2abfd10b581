import Bytes
import ICE
import SDP
import STUN
import Time
import WebRTC

/// Two peers that the world carries descriptions and candidates between.
struct SignalingSession: Sendable {
  /// Insists on its offer where two cross.
  let first: Int
  /// Gives way.
  let second: Int
  var delay: Interval
  var offersWhenNeeded: Bool
}

/// A message for a peer whose host is suspended.
struct HeldSignal: Sendable {
  var kind: Int
  var sender: Int
  var bytes: [UInt8]
}

/// The signalling channel: in order and without loss, as a web socket is, and as late as its owner says.
extension World {
  private static var offer: Int { 0 }
  private static var answer: Int { 1 }
  private static var candidate: Int { 2 }
  private static var complete: Int { 3 }

  /// Introduces two peers and sends an offer from the one to the other, which answers; candidates that come later are trickled both
  /// ways. See `introduce`.
  public func signal(
    _ offerer: PeerID, _ answerer: PeerID, delay: Interval = .zero, offersWhenNeeded: Bool = false
  ) throws(PeerConnection.UsageError) {
    self.introduce(offerer, answerer, delay: delay, offersWhenNeeded: offersWhenNeeded)
    try self.sendOffer(from: offerer)
  }

  /// A signalling channel between two peers, each message of which takes `delay`. Offers are answered as they come. Where two cross the
  /// first peer insists on its own, and the second gives way. With `offersWhenNeeded` a peer that says `negotiationNeeded` makes an offer.
  ///
  /// The world pulls the events of these peers, to see candidates: take them from `pollEvent(of:)`.
  public func introduce(
    _ first: PeerID, _ second: PeerID, delay: Interval = .zero, offersWhenNeeded: Bool = false
  ) {
    let index = self.sessions.count
    self.sessions.append(
      SignalingSession(
        first: first.index, second: second.index, delay: delay, offersWhenNeeded: offersWhenNeeded))
    for peer in [first, second] {
      self.peers[peer.index].session = index
      self.markDirty(self.peers[peer.index].endpoint)
    }
  }

  /// Makes an offer and sends it to the peer that this one was introduced to; nothing where it was to none.
  public func sendOffer(from peer: PeerID) throws(PeerConnection.UsageError) {
    try self.describe(Self.offer, from: peer.index)
  }

  /// How long a message takes from now on.
  public func setSignalingDelay(of peer: PeerID, to delay: Interval) {
    guard let session = self.peers[peer.index].session else { return }
    self.sessions[session].delay = delay
  }

  private func describe(_ kind: Int, from peer: Int) throws(PeerConnection.UsageError) {
    let box = self.peers[peer]
    guard box.session != nil else { return }
    self.markDirty(box.endpoint)
    var text = [UInt8](repeating: 0, count: 65_536)
    var writer = SpanWriter(text.mutableSpan)
    if kind == Self.offer {
      try unsafe box.connection.mutableAddress.pointee.makeOffer(into: &writer, now: self.now)
    } else {
      try unsafe box.connection.mutableAddress.pointee.makeAnswer(into: &writer, now: self.now)
    }
    let count = writer.count
    box.isDescribed = true
    self.sendSignal(kind, from: peer, text.span.extracting(0..<count))
  }

  private func sendSignal(_ kind: Int, from peer: Int, _ bytes: Span<UInt8>) {
    guard let session = self.peers[peer].session else { return }
    let nowhere = TransportAddress(ip: .anyV6, port: 0)
    self.flights.append(
      arrival: self.now + self.sessions[session].delay, stage: .signal(kind), source: nowhere, destination: nowhere,
      origin: peer, bytes)
  }

  /// Takes what a peer tells, and passes on what the other one has to know.
  func pullEvents(of peer: Int) {
    let box = self.peers[peer]
    guard let session = box.session else { return }
    while let event = box.pollEvent() {
      if box.events.count == PeerBox.maximumEvents { box.events.removeFirst() }
      box.events.append(event)
      switch event {
      case .localCandidate(let candidate) where box.isDescribed:
        var text = [UInt8](repeating: 0, count: 256)
        var writer = SpanWriter(text.mutableSpan)
        candidate.write(into: &writer)
        let count = writer.count
        self.sendSignal(Self.candidate, from: peer, text.span.extracting(0..<count))
      case .gatheringComplete where box.isDescribed:
        self.sendSignal(Self.complete, from: peer, Span())
      case .negotiationNeeded where self.sessions[session].offersWhenNeeded:
        // One that cannot offer now will be asked again once it can.
        try? self.describe(Self.offer, from: peer)
      default:
        break
      }
    }
  }

  func deliverSignal(_ kind: Int, from sender: Int, _ bytes: Span<UInt8>) {
    guard let session = self.peers[sender].session else { return }
    let peer = self.sessions[session].first == sender ? self.sessions[session].second : self.sessions[session].first
    let box = self.peers[peer]
    guard !self.hosts[box.host].isSuspended else {
      self.heldSignals.append(HeldSignal(kind: kind, sender: sender, bytes: arrayCopy(bytes)))
      return
    }
    self.markDirty(box.endpoint)
    do throws(PeerConnection.DescriptionError) {
      try self.take(kind, bytes, by: peer, isPolite: self.sessions[session].second == peer)
    } catch {
      self.statistics.refusedSignals &+= 1
    }
  }

  private func take(
    _ kind: Int, _ bytes: Span<UInt8>, by peer: Int, isPolite: Bool
  ) throws(PeerConnection.DescriptionError) {
    let box = self.peers[peer]
    switch kind {
    case Self.offer:
      let state = unsafe box.connection.address.pointee.connection.signalingState
      guard isPolite || state != .haveLocalOffer else { return }
      try unsafe box.connection.mutableAddress.pointee.setRemoteDescription(.offer, bytes, now: self.now)
      do throws(PeerConnection.UsageError) { try self.describe(Self.answer, from: peer) } catch { throw .usage(error) }
    case Self.answer:
      try unsafe box.connection.mutableAddress.pointee.setRemoteDescription(.answer, bytes, now: self.now)
    case Self.candidate:
      do throws(PeerConnection.UsageError) {
        try unsafe box.connection.mutableAddress.pointee.addRemoteCandidate(bytes, now: self.now)
      } catch {
        throw .usage(error)
      }
    default:
      do throws(PeerConnection.UsageError) {
        try unsafe box.connection.mutableAddress.pointee.remoteCandidatesComplete(now: self.now)
      } catch {
        throw .usage(error)
      }
    }
  }

  func deliverHeldSignals(of host: Int) {
    let held = self.heldSignals
    self.heldSignals = []
    // Those for hosts that still sleep are held again.
    for signal in held { self.deliverSignal(signal.kind, from: signal.sender, signal.bytes.span) }
  }
}
