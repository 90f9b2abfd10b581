#if Audio
import RTP
import SDP

public typealias MediaDirection = MediaSection.Direction

/// A pair of a sender and a receiver that share one `m=` section (W3C RTCRtpTransceiver).
public struct Transceiver: Hashable, Sendable {
  /// From 0, in order of creation; never used again.
  public let index: Int
  public init(index: Int) { self.index = index }
}

/// How a transceiver begins.
public struct TransceiverOptions: Equatable, Sendable {
  /// What we would like; the peer's description may leave less of it.
  public var direction = MediaDirection.sendrecv
  /// The formats to offer and to take, the preferred first; empty: all of the configuration's. A format that the configuration's
  /// capabilities lack cannot be chosen.
  public var formats: [CodecFormat] = []
  /// The MediaStream that the sent track belongs to (RFC 8830): tracks of one stream are played in step. 1 to 64 token
  /// characters; empty: one for the whole connection.
  public var streamID: [UInt8] = []
  /// 1 to 64 token characters; empty: a random one.
  public var trackID: [UInt8] = []

  public init(direction: MediaDirection = .sendrecv, formats: [CodecFormat] = []) {
    self.direction = direction
    self.formats = formats
  }
}

/// What is known of a transceiver.
public struct TransceiverInfo: Equatable, Sendable {
  public var kind: MediaKind
  /// Empty until the section has one.
  public var mid: [UInt8]
  public var direction: MediaDirection
  /// What offer and answer settled; nil until they have.
  public var currentDirection: MediaDirection?
  /// Its section is gone, by either side's wish; it does nothing any more.
  public var isStopped: Bool
  /// What frames have to be of; nil where nothing may be sent.
  public var sendCodec: Codec?
  /// What their packets say that they are of.
  public var sendPayloadType: UInt8?
  /// The peer's MediaStreams and track.
  public var remoteStreamIDs: [[UInt8]]
  public var remoteTrackID: [UInt8]
}

/// A transceiver as the connection keeps it.
struct TransceiverState: Sendable {
  let kind: MediaKind
  /// Its number in the RTP session; -1: it ended, and another one has the number.
  var line: Int
  let capabilities: MediaCapabilities
  let streamID: [UInt8]
  let trackID: [UInt8]
  var direction: MediaDirection
  /// What the last description of ours that was settled asked for.
  var described: MediaDirection?
  /// Its `m=` section's; nil until a description that has it was applied.
  var mid: [UInt8]?
  var negotiated: NegotiatedMedia?
  var isStopped = false
  /// Whether a track of the peer's was announced by an event.
  var hasRemoteTrack = false
}
#endif
