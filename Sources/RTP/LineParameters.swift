/// One payload type of a negotiated media section and what goes with it.
public struct PayloadMapping: Equatable, Sendable {
  /// 0 to 127, as the packets to be sent carry it.
  public var payloadType: UInt8
  public var codec: Codec
  /// The payload type of its RTX stream (RFC 4588); nil where none was negotiated.
  public var rtxPayloadType: UInt8?
  /// `a=rtcp-fb` (RFC 4585, 5104).
  public var nack = false
  public var pli = false
  public var fir = false
  public var remb = false
  public var transportCC = false

  public init(payloadType: UInt8, codec: Codec) {
    self.payloadType = payloadType
    self.codec = codec
  }
}

/// A stream that the peer announced in SDP: `a=ssrc`, with its RTX stream by `a=ssrc-group:FID`.
public struct AnnouncedStream: Equatable, Sendable {
  public var ssrc: UInt32
  public var rtxSSRC: UInt32?

  public init(ssrc: UInt32, rtxSSRC: UInt32? = nil) {
    self.ssrc = ssrc
    self.rtxSSRC = rtxSSRC
  }
}

/// What offer and answer settled about one media section (RFC 8829 section 5.11).
public struct LineParameters: Equatable, Sendable {
  public var kind: MediaKind
  /// Empty where the peer knows no mids.
  public var mid: [UInt8] = []
  /// May we send, may we receive: both false is `inactive`.
  public var sends = false
  public var receives = false
  /// What the peer may be sent, its preferred first; the first is used. The payload types are those that the peer receives.
  public var sendCodecs: [PayloadMapping] = []
  /// What may arrive. Every payload type of ours that the peer did not refuse, for senders use the offer's as they like.
  public var receiveCodecs: [PayloadMapping] = []
  public var extensions = HeaderExtensionMap()
  /// RFC 5506.
  public var reducedSize = false
  /// The peer's streams, if it announced any by SSRC.
  public var remoteStreams: [AnnouncedStream] = []
  /// The peer's simulcast streams, if it announced any by rid (RFC 8851).
  public var remoteRIDs: [[UInt8]] = []

  public init(kind: MediaKind) { self.kind = kind }
}
