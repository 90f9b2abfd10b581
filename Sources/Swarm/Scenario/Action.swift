/// A call to a peer, or a change of the world. Channels and tracks have numbers of the scenario's own, unique in it.
public enum Action: Codable, Equatable, Sendable {
  // MARK: Calls to a peer

  /// Makes an offer and signals it, where the signalling state allows it.
  case negotiate(peer: Int)
  case open(peer: Int, channel: Int, ChannelPlan)
  case closeChannel(peer: Int, channel: Int)
  /// `count` messages at once; those that find no room are sent as room comes.
  case send(peer: Int, channel: Int, count: Int, size: Int, isText: Bool)
  case threshold(peer: Int, channel: Int, bytes: Int)
  /// How the peer takes received messages from here on: at once, or one every so many milliseconds.
  case pull(peer: Int, interval: Int)
  case addTrack(peer: Int, track: Int, TrackPlan)
  /// Frames of the track's codec from now on.
  case play(peer: Int, track: Int, count: Int, size: Int, interval: Int)
  case setDirection(peer: Int, track: Int, TrackPlan.Direction)
  case stopTrack(peer: Int, track: Int)
  case requestKeyFrame(peer: Int, track: Int)
  case restartICE(peer: Int)
  case close(peer: Int)
  /// A wrong call: it must be refused and change nothing.
  case misuse(peer: Int, Misuse)
  case candidate(peer: Int, CandidateKind)

  // MARK: Faults

  /// Another condition of both directions of a host's access link.
  case condition(host: Int, LinkPlan)
  /// Nothing passes for so long.
  case outage(host: Int, way: Way, duration: Int)
  case partition(host: Int, from: Int, duration: Int)
  /// The host's address dies and it has another one, of which its peers are told, or told late, or never.
  case roam(host: Int, Notice)
  case suspend(host: Int, duration: Int)
  case rebootNAT(nat: Int)
  /// Datagrams that no peer sent.
  case inject(peer: Int, Injection, count: Int)

  public enum Way: String, Codable, CaseIterable, Sendable { case up, down, both }
  public enum Notice: String, Codable, CaseIterable, Sendable { case atOnce, newFirst, late, never }
  /// What an application may add to a peer's candidates at any time.
  public enum CandidateKind: String, Codable, CaseIterable, Sendable { case unreachable, malformed, duplicate, tcp, mdns, end }

  public enum Misuse: String, Codable, CaseIterable, Sendable {
    case answerWithoutOffer, remoteAnswerWithoutOffer, malformedDescription, truncatedDescription, otherFingerprint
    case candidateBeforeDescription, sendOnUnknownChannel, sendTooLarge, openTooLongLabel, openTakenID, openReservedID
    case frameOnUnknownTrack, malformedFrame, directionOfUnknownTrack, stopUnknownTrack, offerWithoutRoom, fragmentOfAnother
    case restartWhileOffering, callAfterClose
  }

  public enum Injection: String, Codable, CaseIterable, Sendable {
    /// Bytes at random, of every class, from elsewhere.
    case garbage
    /// Datagrams of this session as they were, from elsewhere.
    case replayedElsewhere
    /// The same, from where they came.
    case replayed
    /// Cut short, from where they came.
    case truncated
    /// Changed in a byte, from where they came.
    case forged
    /// Changed in a byte, from elsewhere.
    case forgedElsewhere
    /// A check by somebody who has both names and not the password, from elsewhere.
    case forgedCheck
    /// Random bytes behind headers that look right, from where the peer is.
    case lookalike
  }
}

/// How a data channel is opened.
public struct ChannelPlan: Codable, Equatable, Sendable {
  public var labelLength = 4
  public var protocolLength = 0
  public var isOrdered = true
  public var maximumRetransmits: Int?
  public var maximumLifetime: Int?
  public var negotiatedID: Int?
  public var priority = 256
  public init() {}

  public var isReliable: Bool { self.maximumRetransmits == nil && self.maximumLifetime == nil }
}

/// How a transceiver is added.
public struct TrackPlan: Codable, Equatable, Sendable {
  public var format = Format.opus
  public var direction = Direction.sendrecv
  public init() {}

  public enum Format: String, Codable, CaseIterable, Sendable { case opus, pcmu, vp8, h264 }
  public enum Direction: String, Codable, CaseIterable, Sendable { case sendrecv, sendonly, recvonly, inactive }
}
