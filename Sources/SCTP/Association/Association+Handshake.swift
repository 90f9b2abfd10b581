import Bytes
import Time

/// What the four-way handshake needs while it lasts.
struct Handshake: Sendable {
  /// The peer's State Cookie, to be echoed.
  var cookie: [UInt8] = []
  /// The contents of an ERROR chunk that is due.
  var error: [UInt8] = []
  /// Times that INIT, or COOKIE ECHO, was sent.
  var transmissions = 0
  var sentAt = Instant.zero
}

/// Setting up, from both sides (RFC 9260 section 5).
extension Association {
  /// Begins the handshake. Both sides may do so at once (section 5.2.1). No effect if it began before.
  public mutating func connect(now: Instant) {
    self.note(now)
    guard self.phase == .closed else { return }
    self.phase = .cookieWait
    self.handshake.transmissions = 0
    self.due.initiation = true
  }

  func localParameters(tag: UInt32, initialTSN: UInt32) -> EndpointParameters {
    EndpointParameters(
      tag: tag, receiveWindow: UInt32(truncatingIfNeeded: self.configuration.receiveWindow),
      outboundStreams: self.configuration.streams, inboundStreams: self.configuration.streams, initialTSN: initialTSN,
      supportsForwardTSN: true, supportsReconfig: true, acceptsZeroChecksum: self.configuration.zeroChecksum)
  }

  mutating func writeInit(into writer: inout SpanWriter) -> Bool {
    guard self.due.initiation else { return false }
    self.due.initiation = false
    let start = writer.count
    PacketHeader.begin(in: &writer, from: self.configuration.localPort, to: self.configuration.remotePort, tag: 0)
    let chunk = InitChunk.begin(
      ChunkType.initiation, self.localParameters(tag: self.localTag, initialTSN: self.localInitialTSN), into: &writer)
    Chunk.end(chunk, in: &writer)
    PacketHeader.seal(in: &writer, from: start)
    self.noteHandshakeSent()
    return true
  }

  mutating func noteHandshakeSent() {
    let roundTrip = self.outbox.roundTrip
    // Where another layer knows the path, its round trip and a margin; RTO.Initial where none does.
    let base =
      roundTrip.isKnown
      ? max(roundTrip.smoothed * 2 + .milliseconds(20), .milliseconds(50)) : self.configuration.initialRTO
    let factor: UInt64 = 1 &<< UInt64(min(self.handshake.transmissions, 20))
    self.timers.set(.handshake, at: self.now + min(base * factor, max(base, self.configuration.maximumBackoff)))
    self.handshake.transmissions &+= 1
    self.handshake.sentAt = self.now
  }

  /// T1-init or T1-cookie expired.
  mutating func handshakeExpired() {
    self.timers.cancel(.handshake)
    guard self.handshake.transmissions <= self.configuration.maximumInitRetransmissions else {
      self.abort(.connectTimeout, cause: 0)
      return
    }
    if self.phase == .cookieWait {
      self.due.initiation = true
    } else {
      // The DATA that rode with the cookie goes with it again.
      self.outbox.outstanding.markAllLost()
      self.due.cookieEcho = true
    }
  }

  // MARK: INIT and INIT ACK

  mutating func receiveInit(_ chunk: borrowing Chunk) {
    guard let initiation = try? InitChunk(parsing: chunk) else {
      self.counters.malformed &+= 1
      return
    }
    let peer = initiation.parameters
    switch self.phase {
    case .ended:
      self.reply = StatelessReply(kind: .abort(cause: 0, reflected: false), tag: peer.tag)
      return
    case .shutdownAckSent:
      // Section 9.2: the peer missed our SHUTDOWN ACK.
      self.due.shutdownAck = true
      return
    default: break
    }
    var reply = StatelessReply(kind: .initiationAck, tag: peer.tag)
    reply.peer = peer
    reply.unrecognized = initiation.unrecognized(limit: self.configuration.maximumPacketSize / 2)
    switch self.phase {
    case .closed, .cookieWait:
      reply.localTag = self.localTag
      reply.localInitialTSN = self.localInitialTSN
    case .cookieEchoed:
      // Section 5.2.1: the same as our own INIT said.
      reply.localTag = self.localTag
      reply.localInitialTSN = self.localInitialTSN
      reply.localTieTag = self.localTag
      reply.peerTieTag = self.peer.tag
    case _ where peer.tag == self.peer.tag:
      // No restart: the peer that we know asks again, for it was told that its cookie is stale (section 5.2.6) when a repeat of
      // that cookie had already been taken. Under a fresh tag its next one would be none of table 12's cases, and discarded.
      reply.localTag = self.localTag
      reply.localInitialTSN = self.localInitialTSN
      reply.localTieTag = self.localTag
      reply.peerTieTag = self.peer.tag
    default:
      // Section 5.2.2: a fresh tag; the tie tags tell a restart from a collision.
      reply.localTag = max(1, self.random.nextWord())
      reply.localInitialTSN = self.random.nextWord()
      reply.localTieTag = self.localTag
      reply.peerTieTag = self.peer.tag
    }
    self.reply = reply
  }

  mutating func receiveInitAck(_ chunk: borrowing Chunk) {
    guard self.phase == .cookieWait else {
      self.counters.ignored &+= 1
      return
    }
    guard let acknowledgement = try? InitChunk(parsing: chunk) else {
      self.counters.malformed &+= 1
      return
    }
    let cookie = acknowledgement.cookie
    // A cookie has to fit into a packet with its header; without one the handshake cannot go on (section 3.3.3).
    guard cookie.count > 0, cookie.count &+ 64 <= self.configuration.maximumPacketSize else {
      self.peer = acknowledgement.parameters
      self.abort(.protocolViolation, cause: ErrorCause.missingParameter)
      return
    }
    if self.handshake.transmissions == 1 { self.outbox.roundTrip.sample(self.now - self.handshake.sentAt) }
    self.handshake.cookie = arrayCopy(cookie)
    self.adopt(acknowledgement.parameters)
    let report = acknowledgement.unrecognized(limit: self.configuration.maximumPacketSize / 4)
    if !report.isEmpty, cookie.count < self.configuration.maximumPacketSize / 2 {
      self.handshake.error = report
      self.due.error = true
    }
    self.phase = .cookieEchoed
    self.handshake.transmissions = 0
    self.due.initiation = false
    self.due.cookieEcho = true
    self.timers.cancel(.handshake)
  }

  /// Takes over what the peer said of itself.
  private mutating func adopt(_ peer: EndpointParameters) {
    self.peer = peer
    self.inbox = Inbox(configuration: self.configuration, initialTSN: peer.initialTSN)
    self.outbox.begin(peer)
    self.resets.nextIncoming = peer.initialTSN
  }

  // MARK: COOKIE ECHO and COOKIE ACK

  /// Returns whether the rest of the packet may be heeded.
  mutating func receiveCookieEcho(_ chunk: borrowing Chunk, tag: UInt32) -> Bool {
    guard let cookie = try? StateCookie(parsing: chunk.value, key: self.cookieKey), cookie.localTag == tag else {
      self.counters.invalidCookies &+= 1
      return false
    }
    let isCurrent = cookie.localTag == self.localTag && cookie.peer.tag == self.peer.tag
    if !isCurrent, self.now - cookie.issuedAt > self.configuration.cookieLifetime {
      self.counters.invalidCookies &+= 1
      self.reply = StatelessReply(kind: .staleCookie, tag: cookie.peer.tag)
      return false
    }
    if self.phase == .closed {
      self.adopt(cookie.peer)
      self.establish()
      return true
    }
    guard self.phase != .ended else {
      self.counters.ignored &+= 1
      return false
    }
    // Section 5.2.4, table 12.
    let isLocalSame = cookie.localTag == self.localTag
    let isPeerSame = cookie.peer.tag == self.peer.tag
    if isLocalSame, isPeerSame {
      // (D) Our COOKIE ACK was lost, or both sides began at once.
      if self.phase == .cookieEchoed { self.establish() } else { self.due.cookieAck = true }
      return true
    }
    if isLocalSame {
      // (B) Both began at once, and the peer answered our INIT with another tag than its own INIT bore.
      if self.phase == .cookieWait || self.phase == .cookieEchoed {
        self.adopt(cookie.peer)
        self.establish()
      } else {
        self.peer.tag = cookie.peer.tag
        self.due.cookieAck = true
      }
      return true
    }
    if !isPeerSame, cookie.localTieTag == self.localTag, cookie.peerTieTag == self.peer.tag, self.peer.tag != 0 {
      return self.restart(cookie)
    }
    // (C) A cookie of ours that comes late, or a case that cannot be.
    self.counters.ignored &+= 1
    return false
  }

  /// (A) The peer lost its state: what it does not know of is gone.
  private mutating func restart(_ cookie: StateCookie) -> Bool {
    guard self.phase != .shutdownAckSent else {
      self.handshake.error = [0, UInt8(ErrorCause.cookieWhileShuttingDown), 0, 4]
      self.due.error = true
      self.due.shutdownAck = true
      return false
    }
    self.localTag = cookie.localTag
    self.localInitialTSN = cookie.localInitialTSN
    self.timers = Timers()
    self.due = Due()
    self.errors = 0
    self.outbox = Outbox(configuration: self.configuration, initialTSN: self.localInitialTSN)
    self.resets = ResetState(localInitialTSN: self.localInitialTSN)
    self.acknowledgement = AcknowledgementState()
    self.adopt(cookie.peer)
    self.phase = .established
    self.due.cookieAck = true
    self.startHeartbeats()
    self.events.append(.restarted)
    return true
  }

  private mutating func establish() {
    self.due.cookieEcho = false
    self.due.initiation = false
    self.due.cookieAck = true
    self.enterEstablished()
  }

  mutating func receiveCookieAck() {
    guard self.phase == .cookieEchoed else {
      self.counters.ignored &+= 1
      return
    }
    if self.handshake.transmissions == 1 { self.outbox.roundTrip.sample(self.now - self.handshake.sentAt) }
    self.due.cookieEcho = false
    self.enterEstablished()
  }

  mutating func enterEstablished() {
    self.phase = .established
    self.timers.cancel(.handshake)
    self.handshake.cookie = []
    self.errors = 0
    self.outbox.arm(&self.timers, now: self.now)
    self.outbox.armProbe(&self.timers, now: self.now)
    self.startHeartbeats()
    self.events.append(.connected)
  }

  /// ERROR: only a stale cookie asks for something, a new attempt (section 5.2.6).
  mutating func receiveError(_ chunk: borrowing Chunk) {
    guard self.phase == .cookieEchoed, ErrorCause.first(in: chunk.value) == ErrorCause.staleCookie else {
      self.counters.ignored &+= 1
      return
    }
    let attempts = self.handshake.transmissions
    self.outbox.outstanding.markAllLost()
    self.due.cookieEcho = false
    self.timers.cancel(.handshake)
    self.phase = .cookieWait
    self.handshake.transmissions = attempts
    self.peer = EndpointParameters()
    self.due.initiation = true
  }
}
