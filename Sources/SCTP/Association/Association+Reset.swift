import Bytes
import Time

/// Both directions of stream reconfiguration (RFC 6525).
struct ResetState: Sendable {
  struct Response: Sendable {
    var sequence: UInt32
    var result: UInt32
  }

  // Ours: one request at a time (section 5.1.1).
  var nextOutgoing: UInt32
  var streams: [UInt16] = []
  var isOutstanding = false
  var lastTSN: UInt32 = 0
  var transmissions = 0

  // The peer's.
  var nextIncoming: UInt32 = 0
  var lastResult = Reconfig.Result.nothingToDo
  /// Answers that are due: a chunk has two requests at most.
  var responses: [Response] = []
  /// A request that waits for TSNs up to this (section 5.2.2 E2).
  var isDeferred = false
  var deferredTSN: UInt32 = 0
  var deferredStreams: [UInt16] = []
  var deferredSequence: UInt32 = 0

  init(localInitialTSN: UInt32) { self.nextOutgoing = localInitialTSN }

  var hasResponse: Bool { !self.responses.isEmpty }
}

extension Association {
  /// Asks that the outgoing streams begin anew, each once everything sent on it is acknowledged; until the
  /// `.outgoingStreamReset` event nothing can be sent on them. Unknown and unused streams are reset as well.
  public mutating func resetStreams(_ streams: Span<UInt16>, now: Instant) {
    self.note(now)
    guard self.phase != .ended else { return }
    var i = 0
    while i < streams.count {
      _ = self.outbox.queue.requestReset(streams[i])
      i &+= 1
    }
  }

  public mutating func resetStream(_ stream: UInt16, now: Instant) {
    self.note(now)
    if self.phase != .ended { _ = self.outbox.queue.requestReset(stream) }
  }

  // MARK: Our requests

  mutating func writeResets(end: Int, into writer: inout SpanWriter) {
    guard self.isOpen else { return }
    while self.resets.hasResponse, end &- writer.count >= Chunk.headerSize &+ Reconfig.responseSize {
      let response = self.resets.responses.removeFirst()
      Reconfig.writeResponse(sequence: response.sequence, result: response.result, into: &writer)
    }
    if self.outbox.queue.resettable > 0, !self.resets.isOutstanding { self.beginReset() }
    let size = Chunk.headerSize &+ Reconfig.requestHeaderSize &+ 2 &* self.resets.streams.count &+ 2
    guard self.due.resetRequest, end &- writer.count >= size else { return }
    self.due.resetRequest = false
    Reconfig.writeOutgoingReset(
      sequence: self.resets.nextOutgoing, answering: self.resets.nextIncoming &- 1, lastTSN: self.resets.lastTSN,
      streams: self.resets.streams, into: &writer)
    let wait = self.outbox.roundTrip.timeout * (1 &<< UInt64(min(self.resets.transmissions, 10)))
    self.timers.set(.reset, at: self.now + min(wait, max(self.outbox.roundTrip.timeout, self.configuration.maximumBackoff)))
    self.resets.transmissions &+= 1
  }

  private mutating func beginReset() {
    guard self.peer.supportsReconfig else {
      // A peer that cannot: nothing will come of it, and the caller has to know.
      for stream in self.outbox.queue.takeResettable(limit: .max) { self.finishReset(stream, accepted: false) }
      return
    }
    let room = (self.configuration.maximumPacketSize &- 128) / 2
    self.resets.streams = self.outbox.queue.takeResettable(limit: min(room, 512))
    self.resets.isOutstanding = true
    self.resets.lastTSN = self.outbox.lastTSN
    self.resets.transmissions = 0
    self.due.resetRequest = true
  }

  mutating func resetExpired() {
    self.timers.cancel(.reset)
    guard self.resets.isOutstanding else { return }
    guard self.countError() else { return }
    self.due.resetRequest = true
  }

  private mutating func finishReset(_ stream: UInt16, accepted: Bool) {
    self.outbox.queue.finishReset(stream, accepted: accepted)
    self.events.append(.outgoingStreamReset(stream: stream, accepted: accepted))
  }

  private mutating func receiveResponse(_ parameter: borrowing Parameter) throws(WireError) {
    var cursor = SpanCursor(parameter.value)
    let sequence = try cursor.read(UInt32.self)
    let result = try cursor.read(UInt32.self)
    guard self.resets.isOutstanding, sequence == self.resets.nextOutgoing, self.resets.transmissions > 0 else {
      self.counters.ignored &+= 1
      return
    }
    self.errors = 0
    switch result {
    case Reconfig.Result.inProgress, Reconfig.Result.requestInProgress:
      // Ask again later, with the same number.
      self.due.resetRequest = false
      self.resets.transmissions = 1
      self.timers.set(.reset, at: self.now + self.outbox.roundTrip.timeout)
      return
    default: break
    }
    self.timers.cancel(.reset)
    self.due.resetRequest = false
    self.resets.isOutstanding = false
    self.resets.nextOutgoing &+= 1
    let accepted = result == Reconfig.Result.performed || result == Reconfig.Result.nothingToDo
    let streams = self.resets.streams
    self.resets.streams = []
    for stream in streams { self.finishReset(stream, accepted: accepted) }
  }

  // MARK: The peer's requests

  mutating func receiveReconfig(_ chunk: borrowing Chunk) {
    switch self.phase {
    case .established, .shutdownPending, .shutdownReceived: break
    default:
      self.counters.ignored &+= 1
      return
    }
    var cursor = SpanCursor(chunk.value)
    var count = 0
    // Two parameters at most (RFC 6525 section 3.1).
    while !cursor.isAtEnd, count < 2 {
      do throws(WireError) {
        let parameter = try Parameter(parsing: &cursor)
        if parameter.type == Reconfig.response {
          try self.receiveResponse(parameter)
        } else {
          try self.receiveRequest(parameter)
        }
      } catch {
        self.counters.malformed &+= 1
        return
      }
      count &+= 1
    }
  }

  private mutating func receiveRequest(_ parameter: borrowing Parameter) throws(WireError) {
    var cursor = SpanCursor(parameter.value)
    let sequence = try cursor.read(UInt32.self)
    self.due.acknowledgement = true
    if sequence == self.resets.nextIncoming &- 1 {
      // A repetition: the same answer. Section 5.2.1.
      self.respond(sequence, self.resets.isDeferred ? Reconfig.Result.inProgress : self.resets.lastResult)
      return
    }
    guard sequence == self.resets.nextIncoming else {
      self.respond(sequence, Reconfig.Result.badSequenceNumber)
      return
    }
    guard parameter.type == Reconfig.outgoingReset else {
      // WebRTC resets its own outgoing streams only (RFC 8831 section 6.7); streams are as many as there can be.
      self.accept(sequence, Reconfig.Result.denied)
      return
    }
    let request = try OutgoingResetRequest(parsing: parameter)
    // An earlier request still waits, or too many resets were not fetched.
    guard !self.resets.isDeferred, self.hasRoomForResets(request.streamCount) else {
      self.respond(sequence, Reconfig.Result.inProgress)
      return
    }
    self.resets.deferredStreams.removeAll(keepingCapacity: true)
    var i = 0
    while i < request.streamCount {
      self.resets.deferredStreams.append(request.stream(i))
      i &+= 1
    }
    self.resets.deferredTSN = request.lastTSN
    self.resets.deferredSequence = sequence
    self.resets.isDeferred = true
    self.resets.nextIncoming &+= 1
    // Below the point it is performed at the end of this packet, and only that is answered.
    if !self.isDeferredResetDue { self.respond(sequence, Reconfig.Result.inProgress) }
  }

  private func hasRoomForResets(_ count: Int) -> Bool {
    let added = count == 0 ? self.inbox.streams.streamsInUse : count
    return self.inbox.streams.pendingResets &+ added <= self.configuration.maximumPendingResets
      || self.inbox.streams.pendingResets == 0
  }

  private var isDeferredResetDue: Bool {
    SequenceNumber(self.resets.deferredTSN).precedesOrEquals(SequenceNumber(self.inbox.tsns.cumulative))
  }

  /// E3 to E5, once everything that the peer sent before has arrived.
  mutating func completeDeferredReset() {
    guard self.resets.isDeferred, self.isDeferredResetDue else { return }
    self.resets.isDeferred = false
    if self.resets.deferredStreams.isEmpty {
      self.inbox.resetAllStreams()
    } else {
      var i = 0
      while i < self.resets.deferredStreams.count {
        self.inbox.reset(stream: self.resets.deferredStreams[i])
        i &+= 1
      }
    }
    self.resets.lastResult = Reconfig.Result.performed
    self.respond(self.resets.deferredSequence, Reconfig.Result.performed)
  }

  private mutating func accept(_ sequence: UInt32, _ result: UInt32) {
    self.resets.nextIncoming &+= 1
    self.resets.lastResult = result
    self.respond(sequence, result)
  }

  /// At most one answer a request number, and few numbers.
  private mutating func respond(_ sequence: UInt32, _ result: UInt32) {
    var i = 0
    while i < self.resets.responses.count {
      if self.resets.responses[i].sequence == sequence {
        self.resets.responses[i].result = result
        return
      }
      i &+= 1
    }
    if self.resets.responses.count < 4 {
      self.resets.responses.append(ResetState.Response(sequence: sequence, result: result))
    }
  }
}
