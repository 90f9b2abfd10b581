import Bytes
import Time

/// The answer to one packet out of the blue (RFC 9260 sections 5.1, 8.4). One slot: a flood gets few answers.
struct StatelessReply: Sendable {
  enum Kind: Equatable, Sendable {
    case none
    case initiationAck
    case staleCookie
    case abort(cause: UInt16, reflected: Bool)
    case shutdownComplete(reflected: Bool)
  }

  var kind = Kind.none
  var tag: UInt32 = 0
  // Of INIT ACK alone:
  var peer = EndpointParameters()
  var localTag: UInt32 = 0
  var localInitialTSN: UInt32 = 0
  var localTieTag: UInt32 = 0
  var peerTieTag: UInt32 = 0
  var unrecognized: [UInt8] = []

  init() {}
  init(kind: Kind, tag: UInt32) {
    self.kind = kind
    self.tag = tag
  }
}

extension Association {
  mutating func writeReply(into writer: inout SpanWriter) {
    let start = writer.count
    PacketHeader.begin(
      in: &writer, from: self.configuration.localPort, to: self.configuration.remotePort, tag: self.reply.tag)
    switch self.reply.kind {
    case .none: break
    case .initiationAck:
      let parameters = self.localParameters(tag: self.reply.localTag, initialTSN: self.reply.localInitialTSN)
      let chunk = InitChunk.begin(ChunkType.initiationAck, parameters, into: &writer)
      writer.write(self.reply.unrecognized)
      let parameter = Parameter.begin(InitChunk.ParameterType.stateCookie, in: &writer)
      StateCookie(
        issuedAt: self.now, localTag: self.reply.localTag, localInitialTSN: self.reply.localInitialTSN,
        peer: self.reply.peer, localTieTag: self.reply.localTieTag, peerTieTag: self.reply.peerTieTag
      ).write(key: self.cookieKey, into: &writer)
      Chunk.end(parameter, in: &writer)
      Chunk.end(chunk, in: &writer)
    case .staleCookie:
      let chunk = Chunk.begin(ChunkType.error, in: &writer)
      writer.write(ErrorCause.staleCookie)
      writer.write(UInt16(8))
      // The measure of staleness, in microseconds; what it is exactly helps nobody.
      writer.write(UInt32(0))
      Chunk.end(chunk, in: &writer)
    case .abort(let cause, let reflected): Chunk.writeAbort(cause: cause, reflected: reflected, into: &writer)
    case .shutdownComplete(let reflected):
      Chunk.writeEmpty(
        ChunkType.shutdownComplete, flags: reflected ? Chunk.reflectedTag : 0, into: &writer)
    }
    PacketHeader.seal(in: &writer, from: start)
    self.reply = StatelessReply()
  }

  /// A packet for which there is no association (section 8.4). Its tag is sent back, so that only its sender heeds
  /// the answer.
  mutating func answerOutOfTheBlue(_ type: UInt8, tag: UInt32) {
    self.counters.ignored &+= 1
    switch type {
    case ChunkType.abort, ChunkType.shutdownComplete, ChunkType.cookieAck, ChunkType.error: break
    case ChunkType.shutdownAck: self.reply = StatelessReply(kind: .shutdownComplete(reflected: true), tag: tag)
    default: self.reply = StatelessReply(kind: .abort(cause: 0, reflected: true), tag: tag)
    }
  }
}
