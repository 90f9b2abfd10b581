import Bytes
import Time

extension Association {
  /// Takes one SCTP packet, as DTLS gave it. What is wrong with it is counted, not thrown.
  public mutating func receive(_ packet: Span<UInt8>, now: Instant) {
    self.note(now)
    guard let header = try? PacketHeader(parsing: packet) else {
      self.counters.malformed &+= 1
      return
    }
    guard header.sourcePort == self.configuration.remotePort, header.destinationPort == self.configuration.localPort
    else {
      self.counters.ignored &+= 1
      return
    }
    // RFC 9653 section 5.3: zero is taken where we announced it; a checksum that is there must be right.
    let mayBeZero = self.configuration.zeroChecksum && header.checksum == 0
    guard mayBeZero || PacketHeader.checksum(of: packet) == header.checksum else {
      self.counters.wrongChecksum &+= 1
      return
    }
    self.counters.packetsReceived &+= 1
    let body = packet.extracting(PacketHeader.size..<packet.count)
    guard self.admits(header, body) else { return }
    self.receiveChunks(body, tag: header.verificationTag)
    self.finishPacket()
  }

  /// The rules of verification tags (RFC 9260 sections 8.4 and 8.5.1) by the packet's first chunk.
  private mutating func admits(_ header: PacketHeader, _ body: Span<UInt8>) -> Bool {
    guard body.count >= Chunk.headerSize else { return false }
    let tag = header.verificationTag
    let type = body[0]
    let isReflected = body[1] & Chunk.reflectedTag != 0
    let isOurs: Bool
    switch type {
    case ChunkType.initiation:
      // Alone, with tag 0, and never with a checksum left out (section 3.3.2; RFC 9653 section 5.2).
      let length = Int(UInt16(body[2]) &<< 8 | UInt16(body[3]))
      isOurs = tag == 0 && length &+ padding(of: length) == body.count && header.checksum != 0
    case ChunkType.cookieEcho:
      // The cookie itself decides.
      isOurs = true
    case ChunkType.abort, ChunkType.shutdownComplete:
      isOurs = isReflected ? tag == self.peer.tag && tag != 0 : tag == self.localTag
    case ChunkType.shutdownAck:
      if self.phase == .closed || self.phase == .cookieWait || self.phase == .cookieEchoed || self.phase == .ended {
        self.answerOutOfTheBlue(type, tag: tag)
        return false
      }
      isOurs = tag == self.localTag
    default:
      if self.phase == .ended || self.phase == .closed {
        self.answerOutOfTheBlue(type, tag: tag)
        return false
      }
      isOurs = tag == self.localTag
    }
    if !isOurs { self.counters.wrongVerificationTag &+= 1 }
    return isOurs
  }

  private mutating func receiveChunks(_ body: Span<UInt8>, tag: UInt32) {
    var cursor = SpanCursor(body)
    var isFirst = true
    while !cursor.isAtEnd {
      guard let chunk = try? Chunk(parsing: &cursor) else {
        self.counters.malformed &+= 1
        return
      }
      // INIT, INIT ACK and SHUTDOWN COMPLETE travel alone (section 6.10).
      let isAlone = isFirst && cursor.isAtEnd
      switch chunk.type {
      case ChunkType.data: self.receiveData(chunk)
      case ChunkType.sack: self.receiveSack(chunk)
      case ChunkType.initiation where isAlone: self.receiveInit(chunk)
      case ChunkType.initiationAck where isAlone: self.receiveInitAck(chunk)
      case ChunkType.cookieEcho where isFirst:
        guard self.receiveCookieEcho(chunk, tag: tag) else { return }
      case ChunkType.cookieAck: self.receiveCookieAck()
      case ChunkType.heartbeat: self.receiveHeartbeat(chunk)
      case ChunkType.heartbeatAck: self.receiveHeartbeatAck(chunk)
      case ChunkType.abort: self.receiveAbort(chunk)
      case ChunkType.shutdown: self.receiveShutdown(chunk)
      case ChunkType.shutdownAck: self.receiveShutdownAck()
      case ChunkType.shutdownComplete where isAlone: self.receiveShutdownComplete()
      case ChunkType.error: self.receiveError(chunk)
      case ChunkType.forwardTSN: self.receiveForwardTSN(chunk)
      case ChunkType.reconfig: self.receiveReconfig(chunk)
      case ChunkType.initiation, ChunkType.initiationAck, ChunkType.cookieEcho, ChunkType.shutdownComplete:
        self.counters.malformed &+= 1
        return
      default:
        self.counters.ignored &+= 1
        if ChunkType.isReported(chunk.type) { self.report(chunk) }
        if ChunkType.stopsPacket(chunk.type) { return }
      }
      if self.phase == .ended { return }
      isFirst = false
    }
  }

  /// "Unrecognized Chunk Type", with as much of the chunk as is no burden (section 3.3.10.6).
  private mutating func report(_ chunk: borrowing Chunk) {
    guard self.isOpen, !self.due.error else { return }
    let size = min(chunk.value.count, 64) & ~3
    let length = 8 &+ size
    self.handshake.error.removeAll(keepingCapacity: true)
    self.handshake.error.append(contentsOf: [
      0, UInt8(ErrorCause.unrecognizedChunk), 0, UInt8(truncatingIfNeeded: length), chunk.type, chunk.flags, 0,
      UInt8(truncatingIfNeeded: 4 &+ size),
    ])
    var i = 0
    while i < size {
      self.handshake.error.append(chunk.value[i])
      i &+= 1
    }
    self.due.error = true
  }

  private mutating func receiveAbort(_ chunk: borrowing Chunk) {
    guard self.phase != .closed, self.phase != .ended else { return }
    self.end(.abortedByPeer(cause: ErrorCause.first(in: chunk.value)))
  }

  /// What can only be decided once all chunks were heeded.
  private mutating func finishPacket() {
    guard self.phase != .ended else { return }
    self.completeDeferredReset()
    self.finishAcknowledgement()
    self.continueShutdown()
  }
}
