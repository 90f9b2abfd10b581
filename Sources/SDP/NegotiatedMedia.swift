#if Audio
import RTP

/// What offer and answer settled about a media section, or will have once the answer is written.
public struct NegotiatedMedia: Equatable, Sendable {
  /// For the RTP session.
  public internal(set) var parameters: LineParameters
  /// Ours.
  public internal(set) var direction: MediaSection.Direction
  /// The peer's MediaStreams and track, for events; the track is the mid's where the peer gave no name.
  public internal(set) var remoteStreamIDs: [[UInt8]] = []
  public internal(set) var remoteTrackID: [UInt8] = []
  /// The name that the peer's streams share a clock under; empty where it gave none.
  public internal(set) var remoteCNAME: [UInt8] = []
  /// What we send, to be written into the answer.
  public var source: LocalSource?
  /// For the answer: what the offer says of each extension that is used.
  var extensions: [MediaDescription.ExtensionMapping] = []
  var allowsMixedExtensions = false
  var takesSimulcast = false
}
#endif
