import Bytes
import CESPPeer
import ICE
import WebRTC

/// What comes from the other side by the application's signalling.
extension Peer {
  /// Longer than any description makes sense.
  private static let maximumDescriptionSize = 65_536

  func takeDescription(_ text: Span<UInt8>) -> Result {
    guard text.count > 0 else { return .invalidArgument }
    guard text.count <= Self.maximumDescriptionSize else { return .overLimited }
    guard self.enter() else { return .wrongState }
    let result = self.take(withoutEnd(text))
    self.transmit()
    self.wake()
    self.leave()
    return result
  }

  func takeCandidates(_ text: Span<UInt8>) -> Result {
    guard text.count <= Self.maximumDescriptionSize else { return .overLimited }
    guard self.enter() else { return .wrongState }
    let result = self.takeLines(withoutEnd(text))
    self.transmit()
    self.wake()
    self.leave()
    return result
  }

  // MARK: Descriptions

  private func take(_ text: Span<UInt8>) -> Result {
    switch self.attempt.stage {
    case .fresh:
      let result = self.begin()
      guard result == .none else { return result }
      self.attempt.isUnasked = true
    case .ended: return .wrongState
    case .resolving, .begun: break
    }
    guard self.connection != nil else {
      self.attempt.earlyDescription = arrayCopy(text)
      return .none
    }
    return self.apply(text)
  }

  private func apply(_ text: Span<UInt8>) -> Result {
    let hasOffered = self.connection?.signalingState == .haveLocalOffer
    guard !hasOffered || isOffer(text) else { return self.applyAnswer(text) }
    // Whose offer stands, where both sides made one? Both come to the same conclusion.
    let session = SessionName(text)
    if hasOffered, let own = self.connection?.localUfrag, session.ufrag.lexicographicallyPrecedes(own) { return .wrongState }
    let isOver = self.connection?.connectionState == .closed || self.connection?.connectionState == .failed
    let isNew = !self.attempt.remoteSession.ufrag.isEmpty && session.isNew(after: self.attempt.remoteSession)
    if isOver || isNew { return self.applyAnew(text) }
    let result = self.applyOffer(text, session)
    // Where it cannot be the next of the same session, it is the first of another.
    return result == .wrongState && !self.attempt.remoteSession.ufrag.isEmpty ? self.applyAnew(text) : result
  }

  /// The peer begins another session.
  private func applyAnew(_ text: Span<UInt8>) -> Result {
    let result = self.begin()
    guard result == .none else { return result }
    guard self.connection != nil else {
      self.attempt.earlyDescription = arrayCopy(text)
      return .none
    }
    return self.applyOffer(text, SessionName(text))
  }

  /// `.wrongState`: it does not fit the session.
  private func applyOffer(_ text: Span<UInt8>, _ session: SessionName) -> Result {
    do throws(PeerConnection.DescriptionError) {
      try self.connection?.setRemoteDescription(.offer, text, now: self.now)
    } catch {
      if case .malformed = error { return .badData }
      return .wrongState
    }
    self.attempt.remoteSession = session
    self.attempt.owesOffer = false
    self.attempt.owesAnswer = true
    if self.attempt.isGathered { self.notices.append(.localDescription) }
    self.takeCandidates(within: text)
    return .none
  }

  private func applyAnswer(_ text: Span<UInt8>) -> Result {
    do throws(PeerConnection.DescriptionError) {
      try self.connection?.setRemoteDescription(.answer, text, now: self.now)
    } catch {
      if case .usage = error { return .wrongState }
      return .badData
    }
    self.attempt.remoteSession = SessionName(text)
    self.takeCandidates(within: text)
    return .none
  }

  /// The engine has taken the description's addresses; here are its names, and what came ahead of it.
  private func takeCandidates(within text: Span<UInt8>) {
    var lines = TextLines()
    while let line = lines.next(in: text) {
      if starts(text, line, "a=candidate:") { self.takeName(text.extracting(line)) }
    }
    let early = self.attempt.earlyCandidates
    self.attempt.earlyCandidates = []
    for candidate in early { _ = self.takeLine(candidate.span) }
  }

  /// What was told while the names of servers were looked up.
  func takeEarlySignals() {
    guard let description = self.attempt.earlyDescription else { return }
    self.attempt.earlyDescription = nil
    _ = self.apply(description.span)
  }

  // MARK: Candidates

  private func takeLines(_ text: Span<UInt8>) -> Result {
    guard self.attempt.stage == .resolving || self.attempt.stage == .begun else { return .wrongState }
    var lines = TextLines()
    guard let first = lines.next(in: text) else { return self.takeLine(text.extracting(0..<0)) }
    var result = self.takeLine(text.extracting(first))
    while let line = lines.next(in: text) {
      let next = self.takeLine(text.extracting(line))
      if result == .none { result = next }
    }
    return result
  }

  /// One candidate, or, empty, their end.
  private func takeLine(_ text: Span<UInt8>) -> Result {
    guard self.connection != nil, !self.attempt.remoteSession.ufrag.isEmpty else {
      guard self.attempt.earlyCandidates.count < self.settings.maximumCandidates else { return .overLimited }
      self.attempt.earlyCandidates.append(arrayCopy(text))
      return .none
    }
    let all = 0..<text.count
    if text.count == 0 || starts(text, all, "a=end-of-candidates") || starts(text, all, "end-of-candidates") {
      do throws(PeerConnection.UsageError) {
        try self.connection?.remoteCandidatesComplete(now: self.now)
      } catch {
        return .wrongState
      }
      return .none
    }
    if self.takeName(text) { return .none }
    guard (try? ParsedCandidate(parsing: text)) != nil else { return .badData }
    do throws(PeerConnection.UsageError) {
      try self.connection?.addRemoteCandidate(text, now: self.now)
    } catch {
      return .wrongState
    }
    return .none
  }

  /// Whether it is a candidate whose address is a name, to be looked up.
  @discardableResult
  private func takeName(_ text: Span<UInt8>) -> Bool {
    guard case .hostname(let candidate)? = try? ParsedCandidate(parsing: text) else { return false }
    self.names.add(candidate.name, for: .candidate(candidate), at: self.now)
    return true
  }
}

/// Text as C has it may end with zeros.
@_lifetime(copy text)
private func withoutEnd(_ text: Span<UInt8>) -> Span<UInt8> {
  var count = text.count
  while count > 0, text[count &- 1] == 0 { count &-= 1 }
  return text.extracting(0..<count)
}

/// Whether a description is an offer: every offer leaves the choice of the DTLS roles to the other side (RFC 8842 section 5.2), and
/// no answer does.
private func isOffer(_ text: Span<UInt8>) -> Bool {
  var lines = TextLines()
  while let line = lines.next(in: text) {
    if starts(text, line, "a=setup:actpass") { return true }
  }
  return false
}
