#if Audio
import RTP

/// What a peer's `m=` section says of audio or video (RFC 8866, 4585, 5576, 8285, 8830, 8851).
///
/// Nothing in it is an error: a line that is malformed or of no known meaning is passed over, as a codec is that the engine
/// does not know. What a hostile peer can make of it is bounded by `MediaDescription.Limits`.
public struct MediaDescription: Equatable, Sendable {
  /// More of each than any real description has; what is beyond is left out.
  enum Limits {
    static let streams = 32
    static let rids = 16
    static let streamIDs = 8
    /// Bytes of a msid part, a rid or a cname.
    static let identifier = 255
  }

  /// One of the formats on the `m=` line.
  public struct Format: Equatable, Sendable {
    public enum Encoding: Equatable, Sendable {
      case codec(Codec)
      /// RFC 4588; `apt` is the payload type that it repairs.
      case rtx(apt: UInt8)
      /// Comfort noise, DTMF, FEC, VP9…
      case other
    }

    /// 0 to 63 or 96 to 127: the others would be taken for RTCP (RFC 5761 section 4).
    public var payloadType: UInt8
    public var encoding: Encoding
    public var feedback = Feedback()
  }

  /// `a=rtcp-fb` (RFC 4585, 5104).
  public struct Feedback: OptionSet, Equatable, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let nack = Feedback(rawValue: 1)
    public static let pli = Feedback(rawValue: 2)
    public static let fir = Feedback(rawValue: 4)
    public static let remb = Feedback(rawValue: 8)
    public static let transportCC = Feedback(rawValue: 16)
  }

  /// `a=rid` (RFC 8851).
  public struct RID: Equatable, Sendable {
    public var id: [UInt8]
    /// As the peer wrote it: whether the peer sends it.
    public var isSent: Bool
  }

  /// An `a=extmap` (RFC 8285 section 5).
  struct ExtensionMapping: Equatable, Sendable {
    /// Nil: one that the engine does not know.
    var name: HeaderExtension?
    var id: UInt8
    var direction: MediaSection.Direction
  }

  public let kind: MediaKind
  /// Empty where the peer gave none.
  public internal(set) var mid: [UInt8] = []
  /// The peer's.
  public internal(set) var direction = MediaSection.Direction.sendrecv
  /// In the order of the `m=` line, each payload type once.
  public internal(set) var formats: [Format] = []
  var extensions: [ExtensionMapping] = []
  public internal(set) var allowsMixedExtensions = false
  public internal(set) var reducedSize = false
  /// The MediaStreams that the track belongs to; none for `-` or without `a=msid`.
  public internal(set) var streamIDs: [[UInt8]] = []
  /// Empty where the peer gave none.
  public internal(set) var trackID: [UInt8] = []
  public internal(set) var streams: [AnnouncedStream] = []
  /// Empty where the peer gave none.
  public internal(set) var cname: [UInt8] = []
  public internal(set) var rids: [RID] = []
  /// The rids that an `a=simulcast` offers to send, the first of each choice (RFC 8853).
  public internal(set) var simulcast: [[UInt8]] = []

  init(kind: MediaKind) { self.kind = kind }

  /// Nil where the section is no media section that can be used: see `SessionDescription.use(of:sharing:)`.
  public init?(_ description: SessionDescription, section index: Int) {
    guard index >= 0, index < description.sections.count else { return nil }
    switch description.use(of: index, sharing: nil) {
    case .media(let kind): self.init(kind: kind)
    case .data, .none: return nil
    }
    self.parse(description, index)
  }
}
#endif
