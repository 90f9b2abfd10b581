import Time

/// One media section of the session.
struct Line: Sendable {
  let kind: MediaKind
  let receiverConfiguration: Receiver.Configuration
  var parameters: LineParameters
  var sender: Sender
  var remoteInbound = RemoteInboundStatistics()
  var isRemoved = false
  var streamCount = 0

  /// The last FIR that was heeded (RFC 5104 section 4.3.1.2).
  var lastFullIntra: (sender: UInt32, number: UInt8)?

  /// The limit that reports tell the peer (REMB), bits a second.
  var receiveLimit: UInt64?

  /// When `keyFrameRequested` may be told again, and whether a request waits for that.
  var keyFrameEventIsDue = false
  var keyFrameEventAllowed = Instant.zero

  init(kind: MediaKind, receiver: Receiver.Configuration, sender: Sender) {
    self.kind = kind
    self.receiverConfiguration = receiver
    self.parameters = LineParameters(kind: kind)
    self.sender = sender
  }

  /// The receiving payload type that `payloadType` is or, for RTX, repairs.
  @inline(__always) func mapping(for payloadType: UInt8) -> (index: Int, isRepair: Bool)? {
    for i in self.parameters.receiveCodecs.indices {
      if self.parameters.receiveCodecs[i].payloadType == payloadType { return (i, false) }
      if self.parameters.receiveCodecs[i].rtxPayloadType == payloadType { return (i, true) }
    }
    return nil
  }

  var reportsTransport: Bool {
    for mapping in self.parameters.receiveCodecs where mapping.transportCC { return true }
    return false
  }

  @inline(__always) var prefersFullIntra: Bool {
    var fir = false
    for mapping in self.parameters.receiveCodecs {
      if mapping.pli { return false }
      fir = fir || mapping.fir
    }
    return fir
  }
}
