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

/// Whose turn a remote description is.
public enum DescriptionKind: UInt8, Equatable, Sendable { case offer, answer }

extension PeerConnection {
  // MARK: Local descriptions

  /// Writes an offer and makes it the local description (JSEP's createOffer and setLocalDescription). It holds the
  /// candidates known so far; later ones come as events, to be trickled (RFC 8838).
  public mutating func makeOffer(into writer: inout SpanWriter, now: Instant) throws(UsageError) {
    guard !self.core.isClosing else { throw .closed }
    guard self.core.signaling.state == .stable || self.core.signaling.state == .haveLocalOffer else { throw .wrongState }
    let start = writer.count
    self.core.signaling.version &+= 1
    let plan = self.layOutOffer()
    // Once roles are settled an offer must not unsettle them (RFC 8842 section 5.5).
    let setup: Setup = self.dtls == nil ? .actpass : self.ownSetup
    do throws(SDPError) {
      try OfferAnswer.writeOffer(
        self.localParameters(setup: setup), sections: plan.sections, after: self.core.signaling.current, into: &writer)
      self.core.signaling.localOffer = try SessionDescription(parsing: writer.bytes(in: start..<writer.count))
    } catch {
      writer.rewind(to: start)
      throw error.reason == .noRoom ? .noRoom : .configuration
    }
    self.core.signaling.offeredSlots = plan.slots
    self.core.signaling.offeredSections = plan.sections
    if self.dtls == nil { self.core.agent.setRole(.controlling) }
    self.core.isNegotiationNeeded = false
    self.setSignalingState(.haveLocalOffer)
    if self.core.phase == .newConnection { self.setPhase(.candidateGathering) }
  }

  /// Writes the answer to the offer that was set and makes it the local description.
  public mutating func makeAnswer(into writer: inout SpanWriter, now: Instant) throws(UsageError) {
    guard !self.core.isClosing else { throw .closed }
    try self.writeAnswer(into: &writer, now: now)
    self.setSignalingState(.stable)
    if self.core.phase == .newConnection { self.setPhase(.candidateGathering) }
    self.settle(now: now)
    self.noteStable()
  }

  /// Apart from what follows: the handshake that may follow needs the stack.
  @inline(never)
  private mutating func writeAnswer(into writer: inout SpanWriter, now: Instant) throws(UsageError) {
    guard self.core.signaling.state == .haveRemoteOffer, let offer = self.core.signaling.remoteOffer else { throw .wrongState }
    let start = writer.count
    self.core.signaling.version &+= 1
    let sections = self.answeredSections(of: offer)
    do throws(SDPError) {
      try OfferAnswer.writeAnswer(
        self.localParameters(setup: self.ownSetup), to: offer, sections: sections, into: &writer)
      self.core.signaling.current = try SessionDescription(parsing: writer.bytes(in: start..<writer.count))
    } catch {
      writer.rewind(to: start)
      throw error.reason == .noRoom ? .noRoom : .configuration
    }
    self.core.signaling.remoteOffer = nil
    #if Audio
    self.settleAnswer(sections, now: now)
    #endif
  }

  /// The role that we have, or take where the choice is ours.
  private var ownSetup: Setup {
    (self.dtls == nil ? self.core.configuration.answersActive : self.isDTLSClient) ? .active : .passive
  }

  @inline(never)
  private func localParameters(setup: Setup) -> LocalParameters {
    let credentials = self.core.agent.localCredentials
    var parameters = LocalParameters(
      iceUfrag: credentials.ufrag, icePassword: credentials.password,
      fingerprints: [SDP.Fingerprint(algorithm: .sha256, bytes: arrayCopy(self.core.identity.fingerprint.bytes))],
      sessionID: self.core.signaling.sessionID, setup: setup)
    parameters.sessionVersion = self.core.signaling.version
    parameters.sctpPort = self.core.configuration.channels.association.localPort
    parameters.maximumMessageSize = UInt64(self.core.configuration.channels.association.maximumMessageSize)
    parameters.candidates = self.core.localCandidates.map { attributeValue(of: $0) }
    parameters.endOfCandidates = self.core.isGathered
    return parameters
  }

  /// What the exchange left undone wants another one: what was added since the offer, or stood in an offer of ours that gave way.
  @inline(never)
  private mutating func noteStable() {
    self.core.isNegotiationNeeded = false
    if self.isUnsettled { self.noteNegotiationNeeded() }
  }

  // MARK: Remote descriptions

  /// Takes the peer's offer or answer. A description that is refused changes nothing. An offer that crosses ours on the
  /// way (glare) takes its place: a host that would rather insist on its own ignores the peer's (RFC 8829 section 4.1.10.2).
  public mutating func setRemoteDescription(
    _ kind: DescriptionKind, _ text: Span<UInt8>, now: Instant
  ) throws(DescriptionError) {
    guard !self.core.isClosing else { throw .usage(.closed) }
    try self.takeDescription(kind, text, now: now)
    if kind == .answer {
      self.settle(now: now)
      self.noteStable()
    }
    self.pump(now: now)
  }

  /// Apart from what follows: the handshake that may follow needs the stack.
  @inline(never)
  private mutating func takeDescription(
    _ kind: DescriptionKind, _ text: Span<UInt8>, now: Instant
  ) throws(DescriptionError) {
    let description: SessionDescription
    let remote: RemoteParameters?
    var plan = AnswerPlan()
    if kind == .answer, self.core.signaling.state != .haveLocalOffer { throw .usage(.wrongState) }
    do throws(SDPError) { description = try SessionDescription(parsing: text) } catch { throw .malformed(error) }
    // RFC 3264 section 8: sections end, and never go.
    guard kind == .answer || description.sections.count >= self.core.signaling.current?.sections.count ?? 0 else {
      throw .incompatible
    }
    do throws(SDPError) {
      if kind == .answer, let offer = self.core.signaling.localOffer {
        remote = try RemoteParameters(answer: description, to: offer)
      } else {
        plan = self.planAnswer(to: description)
        remote = try RemoteParameters(offer: description, answeredBy: plan.sections, preferring: self.ownSetup)
      }
    } catch {
      // A live session outlasts its last section: with none in use there is nothing that speaks of the transport.
      guard self.dtls != nil, error.reason == .nothingInCommon || error.reason == .sectionRejected else {
        throw .malformed(error)
      }
      remote = nil
    }
    if let remote {
      try self.checkContinuity(with: remote)
      try self.applyICE(of: remote, isAnswer: kind == .answer, now: now)
      if remote.dataSection != nil { self.core.channels.setRemoteMaximumMessageSize(remote.maximumMessageSize) }
      self.core.signaling.remote = remote
    }
    switch kind {
    case .offer:
      self.core.signaling.localOffer = nil
      self.core.signaling.remoteOffer = description
      self.adopt(plan, of: description, now: now)
      self.setSignalingState(.haveRemoteOffer)
    case .answer:
      self.settleOffer(with: description, remote, now: now)
      self.setSignalingState(.stable)
    }
  }

  /// A live session keeps its certificate, its DTLS roles and its SCTP port: changing them is a new association
  /// (RFC 8842 section 5.1), which this engine does by a new connection.
  @inline(never)
  private func checkContinuity(with remote: RemoteParameters) throws(DescriptionError) {
    // Nothing but SHA-1 announced: no certificate could be trusted.
    guard remote.fingerprints.contains(where: { Cryptography.Fingerprint($0) != nil }) else { throw .incompatible }
    guard self.dtls != nil, let known = self.core.signaling.remote else { return }
    guard remote.fingerprints == known.fingerprints else { throw .incompatible }
    guard remote.dataSection == nil || known.dataSection == nil || remote.sctpPort == known.sctpPort else {
      throw .incompatible
    }
    switch remote.setup {
    case .actpass: return
    case .active: guard !self.isDTLSClient else { throw .incompatible }
    case .passive: guard self.isDTLSClient else { throw .incompatible }
    case .holdconn: throw .incompatible
    }
  }

  /// New credentials from the peer are an ICE restart (RFC 8839 section 4.4.1.1.1), which both sides do.
  @inline(never)
  private mutating func applyICE(
    of remote: RemoteParameters, isAnswer: Bool, now: Instant
  ) throws(DescriptionError) {
    // All that can be refused comes before anything changes.
    guard let credentials = Credentials(ufrag: remote.iceUfrag, password: remote.icePassword) else { throw .incompatible }
    if let known = self.core.signaling.remote,
      known.iceUfrag != remote.iceUfrag || known.icePassword != remote.icePassword
    {
      if !isAnswer {
        self.restartAgent(now: now)
      } else if self.core.agent.isRemoteCredentialsSet {
        // The peer restarted, and its offer gave way to ours, which knew nothing of that. Its answer has our credentials right.
        self.restartAgent(keepsCredentials: true, now: now)
      }
    }
    // Before the first check. RFC 8445 section 6.1.1: who offers controls, unless the other side is lite and cannot.
    if !isAnswer, self.dtls == nil { self.core.agent.setRole(remote.isICELite ? .controlling : .controlled) }
    do throws(ICE.Agent.UsageError) {
      try self.core.agent.setRemoteCredentials(credentials, now: now)
    } catch {
      throw .incompatible
    }
    for candidate in remote.candidates { self.addCandidate(candidate.span, now: now) }
    if remote.endOfCandidates { self.core.agent.remoteCandidatesComplete(now: now) }
  }

  // MARK: Trickled candidates

  /// Takes one candidate, as `a=candidate:…`, `candidate:…` or what follows the colon (RFC 8839 section 5.1). One that is
  /// malformed, or of no use here (TCP, a component other than 1, a name that the host did not resolve), is counted
  /// and otherwise ignored: connectivity checks from the peer find its address all the same.
  public mutating func addRemoteCandidate(_ text: Span<UInt8>, now: Instant) throws(UsageError) {
    guard !self.core.isClosing else { throw .closed }
    guard self.core.signaling.remote != nil else { throw .wrongState }
    self.addCandidate(text, now: now)
    self.pump(now: now)
  }

  /// The peer has no more candidates (RFC 8838 section 8.2).
  public mutating func remoteCandidatesComplete(now: Instant) throws(UsageError) {
    guard !self.core.isClosing else { throw .closed }
    guard self.core.signaling.remote != nil else { throw .wrongState }
    self.completeCandidates(now: now)
    self.pump(now: now)
  }

  /// What comes between a restart of ours and its answer speaks of the session before: the candidates of the new one are yet to come.
  @inline(never)
  private mutating func completeCandidates(now: Instant) {
    if self.core.agent.isRemoteCredentialsSet { self.core.agent.remoteCandidatesComplete(now: now) }
  }

  /// Takes a body of `application/trickle-ice-sdpfrag` (RFC 8840). One for another ICE generation is refused.
  public mutating func addRemoteFragment(_ text: Span<UInt8>, now: Instant) throws(DescriptionError) {
    guard !self.core.isClosing else { throw .usage(.closed) }
    guard let remote = self.core.signaling.remote else { throw .usage(.wrongState) }
    let fragment: TrickleFragment
    do throws(SDPError) { fragment = try TrickleFragment(parsing: text) } catch { throw .malformed(error) }
    guard fragment.iceUfrag.isEmpty || fragment.iceUfrag == remote.iceUfrag else { throw .incompatible }
    for section in fragment.sections where !section.iceUfrag.isEmpty && section.iceUfrag != remote.iceUfrag {
      throw .incompatible
    }
    for section in fragment.sections {
      for candidate in section.candidates { self.addCandidate(candidate.span, now: now) }
      if section.endOfCandidates { self.completeCandidates(now: now) }
    }
    if fragment.endOfCandidates { self.completeCandidates(now: now) }
    self.pump(now: now)
  }

  mutating func addCandidate(_ text: Span<UInt8>, now: Instant) {
    guard case .candidate(let candidate)? = try? ParsedCandidate(parsing: text),
      (try? self.core.agent.addRemoteCandidate(candidate, now: now)) != nil
    else {
      self.core.counters.ignoredCandidates &+= 1
      return
    }
  }

  /// New credentials and a new round of checks; what is in use stays in use until the new pair works. The next
  /// offer announces it.
  public mutating func restartICE(now: Instant) throws(UsageError) {
    guard !self.core.isClosing else { throw .closed }
    guard self.core.signaling.state == .stable else { throw .wrongState }
    self.restartAgent(now: now)
    self.pump(now: now)
  }

  @inline(never)
  private mutating func restartAgent(keepsCredentials: Bool = false, now: Instant) {
    self.core.agent.restart(keepsCredentials: keepsCredentials, now: now)
    self.core.localCandidates = []
    self.core.isGathered = false
  }

  // MARK: Local addresses

  /// A local transport address that the host can send from; it becomes a host candidate, and the base of reflexive
  /// ones. A higher preference (RFC 8445 section 5.1.2.1) is tried first.
  public mutating func addLocalAddress(_ address: TransportAddress, preference: UInt16, now: Instant) {
    do throws(ICE.Agent.UsageError) {
      try self.core.agent.addLocalAddress(address, localPreference: preference, now: now)
    } catch {
      self.core.counters.ignoredLocalAddresses &+= 1
    }
    self.pump(now: now)
  }

  /// The address is gone: pairs that use it die, and another one takes over where there is one.
  public mutating func removeLocalAddress(_ address: TransportAddress, now: Instant) {
    self.core.agent.removeLocalAddress(address, now: now)
    self.core.localCandidates.removeAll { $0.base == address }
    self.pump(now: now)
  }

  /// The host has no more addresses for now.
  public mutating func localAddressesComplete(now: Instant) {
    self.core.agent.localAddressesComplete(now: now)
    self.pump(now: now)
  }
}

/// The value of `a=candidate`, that is, what follows its colon.
private func attributeValue(of candidate: Candidate) -> [UInt8] {
  var buffer = [UInt8](repeating: 0, count: 256)
  var writer = SpanWriter(buffer.mutableSpan)
  candidate.write(into: &writer)
  let count = writer.count
  let name: StaticString = "candidate:"
  return Array(buffer[name.utf8CodeUnitCount..<count])
}

extension Cryptography.Fingerprint {
  /// Nil for a hash function that is no longer trusted (SHA-1, SHA-224): such a fingerprint proves nothing.
  init?(_ fingerprint: SDP.Fingerprint) {
    switch fingerprint.algorithm {
    case .sha256: self.init(.sha256, bytes: fingerprint.bytes.span)
    case .sha384: self.init(.sha384, bytes: fingerprint.bytes.span)
    case .sha512: self.init(.sha512, bytes: fingerprint.bytes.span)
    case .sha1, .sha224: return nil
    }
  }
}
