#if Audio
import RTP
#endif

/// One of our own `m=` sections, to be written.
public enum LocalSection: Equatable, Sendable {
  /// Data channels. The mid counts in an offer; an answer takes the offer's.
  case data(mid: [UInt8])
  #if Audio
  /// Media that we offer.
  case offered(OfferedMedia)
  /// The peer's offered media as we answer it: what `MediaNegotiation.answer` made of it.
  case accepted(NegotiatedMedia)
  #endif
  /// Port 0: in an answer it rejects the offer's section, in an offer it stops that of the description before, or leaves it
  /// stopped.
  case unused
}

#if Audio

/// A media section of an offer of ours.
public struct OfferedMedia: Equatable, Sendable {
  /// 1 to 1,024 token characters; unlike that of every section before it in the session, stopped ones included.
  public var mid: [UInt8]
  public var direction: MediaSection.Direction
  /// With payload types that mean the same wherever they stand in the offer: see `BundleIdentifiers`.
  public var capabilities: MediaCapabilities
  /// What is sent, or will be. Written where `direction` says that we send.
  public var source: LocalSource?

  public init(
    mid: [UInt8], direction: MediaSection.Direction, capabilities: MediaCapabilities, source: LocalSource? = nil
  ) {
    self.mid = mid
    self.direction = direction
    self.capabilities = capabilities
    self.source = source
  }
}

/// What we send in a media section, as descriptions name it.
public struct LocalSource: Equatable, Sendable {
  /// The id of the MediaStream (RFC 8830): 1 to 64 token characters. Tracks of one stream are played in step. Empty: of none.
  public var streamID: [UInt8]
  /// The track's: 1 to 64 token characters.
  public var trackID: [UInt8]
  /// Nil: not announced; the peer then goes by mid and payload type.
  public var stream: AnnouncedStream?
  /// RFC 7022; 1 to 255 bytes, on one line.
  public var cname: [UInt8]

  public init(streamID: [UInt8], trackID: [UInt8], stream: AnnouncedStream?, cname: [UInt8]) {
    self.streamID = streamID
    self.trackID = trackID
    self.stream = stream
    self.cname = cname
  }
}
#endif
