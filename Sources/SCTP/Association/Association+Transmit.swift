import Bytes
import Time

extension Association {
  /// Writes one packet at `writer.count`; false if none is due. The writer must have `maximumPacketSize` bytes of
  /// room, or nothing is written and nothing lost.
  public mutating func pollTransmit(into writer: inout SpanWriter) -> Bool {
    guard writer.remaining >= self.configuration.maximumPacketSize else { return false }
    if self.reply.kind != .none {
      self.writeReply(into: &writer)
      self.counters.packetsSent &+= 1
      return true
    }
    let didWrite: Bool
    switch self.phase {
    case .closed, .ended: return false
    case .cookieWait: didWrite = self.writeInit(into: &writer)
    case .cookieEchoed: didWrite = self.due.cookieEcho && self.writePacket(into: &writer)
    default: didWrite = self.writePacket(into: &writer)
    }
    if didWrite { self.counters.packetsSent &+= 1 }
    return didWrite
  }

  private var mayCarryData: Bool {
    switch self.phase {
    case .cookieEchoed, .established, .shutdownPending, .shutdownReceived: true
    default: false
    }
  }

  private mutating func writePacket(into writer: inout SpanWriter) -> Bool {
    let mayCarryData = self.mayCarryData
    guard self.due.isAny || self.outbox.isForwardDue || self.resets.hasResponse
      || self.outbox.queue.resettable > 0 || mayCarryData && self.outbox.isDataReady
    else { return false }
    let start = writer.count
    let end = start &+ self.configuration.maximumPacketSize & ~3
    PacketHeader.begin(
      in: &writer, from: self.configuration.localPort, to: self.configuration.remotePort, tag: self.peer.tag)
    let mayOmitChecksum = self.configuration.zeroChecksum && self.peer.acceptsZeroChecksum && !self.due.cookieEcho
    self.writeControl(end: end, into: &writer)
    if mayCarryData {
      if self.outbox.isForwardDue, self.phase != .cookieEchoed, end &- writer.count >= ForwardTSNChunk.fixedSize &+ 4 {
        self.outbox.writeForwardTSN(end: end, into: &writer, timers: &self.timers, now: self.now)
      }
      _ = self.outbox.writeData(end: end, into: &writer, timers: &self.timers, now: self.now)
      // Chunks that were due may have been given up instead of sent.
      if self.outbox.isForwardDue, self.phase != .cookieEchoed, end &- writer.count >= ForwardTSNChunk.fixedSize &+ 4 {
        self.outbox.writeForwardTSN(end: end, into: &writer, timers: &self.timers, now: self.now)
      }
    }
    guard writer.count > start &+ PacketHeader.size else {
      writer.rewind(to: start)
      return false
    }
    if !mayOmitChecksum { PacketHeader.seal(in: &writer, from: start) }
    return true
  }

  /// Control chunks come before DATA (RFC 9260 section 6.10). Those that do not fit stay due.
  private mutating func writeControl(end: Int, into writer: inout SpanWriter) {
    if self.due.cookieEcho {
      self.due.cookieEcho = false
      Chunk.write(ChunkType.cookieEcho, value: self.handshake.cookie, into: &writer)
      self.noteHandshakeSent()
    }
    if self.due.cookieAck {
      self.due.cookieAck = false
      Chunk.writeEmpty(ChunkType.cookieAck, into: &writer)
    }
    if self.due.error, end &- writer.count >= Chunk.headerSize &+ self.handshake.error.count {
      self.due.error = false
      Chunk.write(ChunkType.error, value: self.handshake.error, into: &writer)
    }
    guard self.phase != .cookieEchoed else { return }
    if self.due.acknowledgement, end &- writer.count >= SackChunk.fixedSize {
      self.due.acknowledgement = false
      self.acknowledgement.packets = 0
      self.timers.cancel(.acknowledgement)
      self.inbox.writeSack(room: end &- writer.count, into: &writer)
    }
    if self.due.heartbeatAck, end &- writer.count >= Chunk.headerSize &+ self.heartbeat.answer.count &+ 3 {
      self.due.heartbeatAck = false
      Chunk.write(ChunkType.heartbeatAck, value: self.heartbeat.answer, into: &writer)
    }
    self.writeResets(end: end, into: &writer)
    if self.due.heartbeat, end &- writer.count >= 24 {
      self.due.heartbeat = false
      Chunk.writeHeartbeat(nonce: self.heartbeat.nonce, sentAt: self.now.nanoseconds, into: &writer)
    }
    if self.due.shutdown, end &- writer.count >= 8 {
      self.due.shutdown = false
      Chunk.writeShutdown(cumulativeTSN: self.inbox.tsns.cumulative, into: &writer)
    }
    if self.due.shutdownAck, end &- writer.count >= 4 {
      self.due.shutdownAck = false
      Chunk.writeEmpty(ChunkType.shutdownAck, into: &writer)
    }
  }
}
