import Bytes
import STUN
import Time

extension Agent {
  /// Takes one STUN datagram that came from `remote` to the local base `local`. Whatever is wrong with it is counted
  /// and, where RFC 8489 section 9.1.3 says so, answered.
  public mutating func receive(
    _ packet: Span<UInt8>, from remote: TransportAddress, to local: TransportAddress, now: Instant
  ) {
    self.now = max(self.now, now)
    guard !self.isOver else { return }
    guard let message = try? Message(parsing: packet), message.type.method == MessageType.bindingMethod,
      let fields = try? message.fields()
    else {
      self.statistics.malformed &+= 1
      return
    }
    if let fingerprint = fields.fingerprint, !message.isFingerprintValid(at: fingerprint) {
      self.statistics.malformed &+= 1
      return
    }
    switch message.type.messageClass {
    case .request: self.receiveRequest(message, fields, from: remote, to: local, now: self.now)
    case .success, .error: self.receiveResponse(message, fields, from: remote, to: local, now: self.now)
    case .indication: return  // a keepalive (RFC 8445 section 11), which proves nothing
    }
    self.settle(now)
  }

  mutating func receiveRequest(
    _ message: borrowing Message, _ fields: MessageFields, from remote: TransportAddress, to local: TransportAddress,
    now: Instant
  ) {
    guard self.isLocalBase(local) else {
      self.statistics.misdirected &+= 1
      return
    }
    self.statistics.requestsReceived &+= 1
    var response = PendingResponse(id: message.transactionID, local: local, remote: remote, code: 0)
    guard let username = fields.username, let integrity = fields.integrity else {
      self.statistics.badRequests &+= 1
      response.code = 400
      self.respond(response)
      return
    }
    // RFC 8445 section 7.3: the part before the colon is ours. During a restart both sessions' fragments are.
    let name = message.bytes.extracting(username)
    let isCurrent = Self.starts(name, with: self.localCredentials.ufrag)
    var password = self.localCredentials.password
    if !isCurrent, let previous = self.previousLocalCredentials, Self.starts(name, with: previous.ufrag) {
      password = previous.password
      response.isPrevious = true
    }
    guard isCurrent || response.isPrevious, message.isIntegrityValid(at: integrity, key: password.span) else {
      self.statistics.unauthenticatedRequests &+= 1
      response.code = 401
      self.respond(response)
      return
    }
    guard fields.unknown.isEmpty else {
      self.statistics.unknownAttributes &+= 1
      response.code = 420
      response.unknown = fields.unknown
      self.respond(response)
      return
    }
    if isCurrent, self.mustRefuseRole(fields) {
      response.code = 487
      self.respond(response)
      return
    }
    if self.selection?.remote == remote, self.selection?.local == local {
      self.selection?.lastReceived = now
      if self.recoveringSince != nil, self.silenceBegins > now { self.reconnect(now) }
    }
    guard isCurrent else {
      self.respond(response)
      return
    }
    let ufrag = name.extracting((self.localCredentials.ufrag.count &+ 1)..<name.count)
    guard let priority = self.priority(fields, from: remote) else {
      self.statistics.badRequests &+= 1
      response.code = 400
      self.respond(response)
      return
    }
    self.respond(response)
    let check = EarlyCheck(
      local: local, remote: remote, priority: priority, useCandidate: fields.useCandidate,
      ufragDigest: CRC32.checksum(ufrag))
    if let credentials = self.remoteCredentials, bytesEqual(credentials.ufrag.span, ufrag) {
      self.accept(check, now: now)
    } else {
      self.hold(check)
    }
  }

  /// PRIORITY, which a check from an unknown address must carry (RFC 8445 section 7.1.1); consent checks of some peers do not.
  func priority(_ fields: MessageFields, from remote: TransportAddress) -> UInt32? {
    if let priority = fields.priority { return min(max(priority, 1), 0x7fff_ffff) }
    for candidate in self.remotes where candidate.address == remote { return candidate.priority }
    return nil
  }

  static func starts(_ name: Span<UInt8>, with ufrag: [UInt8]) -> Bool {
    name.count > ufrag.count && name[ufrag.count] == UInt8(ascii: ":")
      && bytesEqual(name.extracting(0..<ufrag.count), ufrag.span)
  }

  /// RFC 8445 section 7.3.1.1. Changes our role where the peer's tie-breaker wins; says whether the peer must change its.
  mutating func mustRefuseRole(_ fields: MessageFields) -> Bool {
    switch self.role {
    case .controlling:
      guard let theirs = fields.iceControlling else { return false }
      self.statistics.roleConflicts &+= 1
      if self.tieBreaker >= theirs { return true }
    case .controlled:
      guard let theirs = fields.iceControlled else { return false }
      self.statistics.roleConflicts &+= 1
      if self.tieBreaker < theirs { return true }
    }
    self.switchRole()
    return false
  }

  /// Repairs a conflict by taking the other role.
  mutating func switchRole() {
    self.changeRole(to: self.role == .controlling ? .controlled : .controlling)
    self.notify(.role(self.role))
  }

  mutating func respond(_ response: PendingResponse) {
    guard self.responses.count < Self.maximumResponses else {
      self.statistics.droppedResponses &+= 1
      return
    }
    self.responses.append(response)
  }

  /// Keeps a check until the peer's description comes; the newest of a path replaces its older ones.
  mutating func hold(_ check: EarlyCheck) {
    for i in self.earlyChecks.indices
    where self.earlyChecks[i].remote == check.remote && self.earlyChecks[i].local == check.local {
      let isSameSession = self.earlyChecks[i].ufragDigest == check.ufragDigest
      let wasNominated = isSameSession && self.earlyChecks[i].useCandidate
      self.earlyChecks[i] = check
      self.earlyChecks[i].useCandidate = check.useCandidate || wasNominated
      return
    }
    guard self.earlyChecks.count < Self.maximumEarlyChecks else {
      self.statistics.refusedCandidates &+= 1
      return
    }
    self.earlyChecks.append(check)
  }

  /// Takes up an authenticated check: learns its source, triggers a check back, notes a nomination
  /// (RFC 8445 sections 7.3.1.3 to 7.3.1.5).
  mutating func accept(_ check: EarlyCheck, now: Instant) {
    guard let r = self.remoteCandidate(at: check.remote, priority: check.priority),
      let l = self.locals.firstIndex(where: { $0.kind == .host && $0.address == check.local }),
      let i = self.addPair(local: self.locals[l], remote: self.remotes[r])
    else {
      self.statistics.refusedCandidates &+= 1
      return
    }
    self.pairs[i].wasChecked = true
    self.pairs[i].lastReceived = now
    if self.pairs[i].state != .succeeded, self.pairs[i].ticket == 0 { self.trigger(i) }
    if check.useCandidate, self.role == .controlled { self.peerNominated(i, now: now) }
  }
}
