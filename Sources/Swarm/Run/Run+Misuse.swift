import Bytes
import DTLS
import DataChannel
import SDP
import Simulator
import Time
import WebRTC

/// Calls that an owner should not make. Each has to throw, and the peer has to go on as if it had not been made.
extension Run {
  func misuse(_ kind: Action.Misuse, _ peer: Int) {
    guard self.state.peers[peer].isOver == (kind == .callAfterClose) else { return }
    let before = self.echo(of: peer)
    guard let isRefused = self.attempt(kind, peer) else { return }
    self.state.misuses += 1
    if !isRefused { return self.fail(.misuseAccepted, peer: peer, kind.rawValue) }
    if self.echo(of: peer) != before { self.fail(.misuseChanged, peer: peer, kind.rawValue) }
  }

  private func echo(of peer: Int) -> UInt64? { forkedEcho(of: self.world[self.state.peers[peer].id].connection, now: self.now) }

  /// Nil where the call would be right, or cannot be made.
  private func attempt(_ kind: Action.Misuse, _ peer: Int) -> Bool? {
    let id = self.state.peers[peer].id
    let signaling = self.world[id].connection.signalingState
    switch kind {
    case .answerWithoutOffer:
      return signaling == .haveRemoteOffer ? nil : self.isRefused(peer) { try $0.makeAnswer(into: &$1, now: $2) }
    case .remoteAnswerWithoutOffer:
      return signaling == .haveLocalOffer ? nil : self.isDescriptionRefused(.answer, Array("v=0\r\n".utf8), peer)
    case .malformedDescription:
      return self.isDescriptionRefused(.offer, Array("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\nm=\u{1}\r\n".utf8), peer)
    case .truncatedDescription: return self.attemptTruncated(peer)
    case .otherFingerprint: return self.attemptOtherFingerprint(peer)
    case .candidateBeforeDescription:
      guard !self.state.peers[peer].hasRemote else { return nil }
      return self.isRefused(peer) { peer, _, now in
        try peer.addRemoteCandidate(Array(Run.bogusCandidates[0].utf8).span, now: now)
      }
    case .offerWithoutRoom:
      guard signaling == .stable else { return nil }
      return self.isRefused(peer, room: 10) { try $0.makeOffer(into: &$1, now: $2) }
    case .restartWhileOffering:
      return signaling == .stable ? nil : self.isRefused(peer) { peer, _, now in try peer.restartICE(now: now) }
    case .directionOfUnknownTrack:
      return self.isRefused(peer) { peer, _, _ in try peer.setDirection(.inactive, of: Transceiver(index: 5000)) }
    case .stopUnknownTrack:
      return self.isRefused(peer) { peer, _, now in try peer.stopTransceiver(Transceiver(index: 5000), now: now) }
    case .fragmentOfAnother: return self.attemptFragment(peer)
    case .callAfterClose: return self.attemptAll(peer)
    case .frameOnUnknownTrack: return self.isFrameRefused([0xf8, 1, 2], Transceiver(index: 5000), peer)
    case .malformedFrame:
      guard let track = self.state.peers[peer].tracks.first(where: { $0.plan.format != .pcmu }) else { return nil }
      return self.isFrameRefused([], track.transceiver, peer)
    case .sendOnUnknownChannel: return self.isSendRefused(10, Channel(index: 0xffff_fff0), peer)
    case .sendTooLarge:
      guard let channel = self.state.peers[peer].channels.first(where: \.isOpen) else { return nil }
      return self.isSendRefused(1 << 20 | 1, channel.handle, peer)
    case .openTooLongLabel:
      return self.isOpenRefused(ChannelOptions(label: [UInt8](repeating: 0x61, count: self.nameLimit(of: peer) + 1)), peer)
    case .openReservedID: return self.isOpenRefused(id: 65_535, peer)
    case .openTakenID:
      guard let taken = self.state.peers[peer].channels.first(where: { $0.streamID != nil && !$0.isClosed }) else { return nil }
      return self.isOpenRefused(id: taken.streamID, peer)
    }
  }

  // MARK: Kinds of calls

  private func isRefused(
    _ peer: Int, room: Int = 65_536,
    _ call: (inout RecordingPeerConnection, inout SpanWriter, Instant) throws -> Void
  ) -> Bool {
    var text = [UInt8](repeating: 0, count: room)
    var writer = SpanWriter(text.mutableSpan)
    do { try call(&self.world[self.state.peers[peer].id], &writer, self.now) } catch { return true }
    return false
  }

  private func isDescriptionRefused(_ kind: DescriptionKind, _ text: [UInt8], _ peer: Int) -> Bool {
    do throws(PeerConnection.DescriptionError) {
      try self.world[self.state.peers[peer].id].setRemoteDescription(kind, text.span, now: self.now)
    } catch {
      return true
    }
    return false
  }

  private func isSendRefused(_ size: Int, _ channel: Channel, _ peer: Int) -> Bool {
    let bytes = [UInt8](repeating: 1, count: size)
    do throws(DataChannels.SendError) {
      try self.world[self.state.peers[peer].id].send(bytes.span, kind: .binary, on: channel, now: self.now)
    } catch {
      return true
    }
    return false
  }

  private func isOpenRefused(id: UInt16?, _ peer: Int) -> Bool {
    var options = ChannelOptions(label: [0x78])
    options.negotiatedID = id
    return self.isOpenRefused(options, peer)
  }

  private func isOpenRefused(_ options: ChannelOptions, _ peer: Int) -> Bool {
    do throws(DataChannels.OpenError) {
      _ = try self.world[self.state.peers[peer].id].openChannel(options, now: self.now)
    } catch {
      return true
    }
    return false
  }

  private func isFrameRefused(_ bytes: [UInt8], _ transceiver: Transceiver, _ peer: Int) -> Bool {
    do throws(FrameSendError) {
      try self.world[self.state.peers[peer].id].sendFrame(bytes.span, FrameTiming(timestamp: 1), on: transceiver, now: self.now)
    } catch {
      return true
    }
    return false
  }

  // MARK: Descriptions that almost fit

  private func attemptTruncated(_ peer: Int) -> Bool? {
    guard let other = self.state.peers[peer].other,
      let offer = forkedOffer(of: self.world[self.state.peers[other].id].connection, now: self.now),
      let mark = position(of: "a=fingerprint", in: offer)
    else { return nil }
    return self.isDescriptionRefused(.offer, Array(offer[..<(mark + Int(self.state.random.next(below: 20)))]), peer)
  }

  private func attemptOtherFingerprint(_ peer: Int) -> Bool? {
    guard self.state.peers[peer].wasConnected, let other = self.state.peers[peer].other,
      var offer = forkedOffer(of: self.world[self.state.peers[other].id].connection, now: self.now)
    else { return nil }
    var start = 0
    while let mark = position(of: "a=fingerprint:sha-256 ", in: offer, from: start) {
      offer[mark + 22] = offer[mark + 22] == 0x41 ? 0x42 : 0x41
      start = mark + 22
    }
    return start == 0 ? nil : self.isDescriptionRefused(.offer, offer, peer)
  }

  private func attemptFragment(_ peer: Int) -> Bool {
    let text = Array("a=ice-ufrag:zzzzzzzz\r\na=ice-pwd:zzzzzzzzzzzzzzzzzzzzzzzzzzzz\r\na=\(Self.bogusCandidates[0])\r\n".utf8)
    do throws(PeerConnection.DescriptionError) {
      try self.world[self.state.peers[peer].id].addRemoteFragment(text.span, now: self.now)
    } catch {
      return true
    }
    return false
  }

  private func attemptAll(_ peer: Int) -> Bool {
    self.isRefused(peer) { try $0.makeOffer(into: &$1, now: $2) } && self.isRefused(peer) { try $0.makeAnswer(into: &$1, now: $2) }
      && self.isRefused(peer) { peer, _, now in try peer.restartICE(now: now) }
      && self.isRefused(peer) { peer, _, now in try peer.remoteCandidatesComplete(now: now) }
      && self.isRefused(peer) { peer, _, now in _ = try peer.addTransceiver(.audio, now: now) }
      && self.isDescriptionRefused(.offer, [], peer) && self.isOpenRefused(ChannelOptions(label: []), peer)
      && self.isSendRefused(1, Channel(index: 0), peer) && self.isFrameRefused([0xf8, 1], Transceiver(index: 0), peer)
      && self.attemptFragment(peer)
  }
}

private func position(of text: String, in bytes: [UInt8], from start: Int = 0) -> Int? {
  let wanted = Array(text.utf8)
  guard bytes.count >= wanted.count + 30 else { return nil }
  for place in start..<(bytes.count - wanted.count - 24) where bytes[place..<(place + wanted.count)].elementsEqual(wanted) {
    return place
  }
  return nil
}

/// What a fork of the peer would offer now.
private func forkedOffer(of connection: borrowing PeerConnection, now: Instant) -> [UInt8]? {
  do throws(DTLS.UsageError) {
    var fork = try connection.fork()
    return makeOffer(&fork, now: now)
  } catch {
    return nil
  }
}

private func makeOffer(_ peer: inout PeerConnection, now: Instant) -> [UInt8]? {
  var text = [UInt8](repeating: 0, count: 65_536)
  var writer = SpanWriter(text.mutableSpan)
  do throws(PeerConnection.UsageError) { try peer.makeOffer(into: &writer, now: now) } catch { return nil }
  let count = writer.count
  return Array(text[..<count])
}

/// A hash of what the peer would send and tell over its next deadlines, if nothing came.
private func forkedEcho(of connection: borrowing PeerConnection, now: Instant) -> UInt64? {
  do throws(DTLS.UsageError) {
    var fork = try connection.fork()
    return echo(&fork, now: now)
  } catch {
    return nil
  }
}

private func echo(_ peer: inout PeerConnection, now: Instant) -> UInt64 {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  func mix(_ value: UInt64) { hash = (hash ^ value) &* 0x100_0000_01b3 }
  mix(UInt64(peer.connectionState.rawValue) | UInt64(peer.signalingState.rawValue) << 8 | (peer.isNegotiationNeeded ? 1 << 16 : 0))
  mix(UInt64(peer.transceiverCount) | UInt64(peer.nextMessageSize ?? 0) << 20)
  var now = now
  var buffer = [UInt8](repeating: 0, count: 2048)
  for _ in 0..<4 {
    while true {
      var writer = SpanWriter(buffer.mutableSpan)
      guard let path = peer.pollTransmit(into: &writer) else { break }
      let count = writer.count
      mix(UInt64(path.source.port) | UInt64(path.destination.port) << 16 | UInt64(count) << 32)
      for index in 0..<count { mix(UInt64(buffer[index])) }
    }
    while let event = peer.pollEvent() { for byte in "\(event)".utf8 { mix(UInt64(byte)) } }
    guard let deadline = peer.nextDeadline else { break }
    mix(deadline.nanoseconds)
    now = max(now, deadline)
    peer.advance(to: now)
  }
  return hash
}
