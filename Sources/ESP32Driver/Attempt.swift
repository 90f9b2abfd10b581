import Bytes
import RTP
import Time
import WebRTC

/// Where a connection stands that the application asked for.
struct Attempt {
  enum Stage: UInt8 {
    /// Never asked for.
    case fresh
    /// The names of STUN servers are being looked up.
    case resolving
    /// There is a `PeerConnection`.
    case begun
    /// Over by our own wish: only the application begins another.
    case ended
  }

  var stage = Stage.fresh
  /// The peer's offer came ahead of the application's wish for a connection, which stands for it.
  var isUnasked = false
  /// Names that are not known by then are done without.
  var resolvingEnds = Instant.zero
  /// Local candidates are all known: the description may be told.
  var isGathered = false
  var owesOffer = false
  var owesAnswer = false
  var wasConnected = false
  /// Whether the association was up.
  var hadChannels = false
  /// The application has heard that this one is over.
  var toldEnd = false
  /// What was told last, so that nothing is told twice.
  var toldPhase: Phase?
  /// Of which formats the application was told that they come.
  var toldAudio: CodecFormat?
  var toldVideo: CodecFormat?
  /// The session of the peer's description.
  var remoteSession = SessionName()
  /// A description and candidates that came while there was nothing yet that could take them.
  var earlyDescription: [UInt8]?
  var earlyCandidates: [[UInt8]] = []
  /// The next request for a key frame.
  var keyFrameAt: Instant?
  /// When another one is to begin, after this one has failed.
  var retryAt: Instant?
  /// How many have failed in a row.
  var failures: UInt8 = 0
  var failure: FailureReason?

  /// The wait before the next: 1, 2, 4 ... 32 s.
  var retryDelay: Interval { .seconds(1) * (1 &<< UInt64(min(self.failures, 5))) }
}

/// What tells one session of a peer's from another: its `o=` line (RFC 8866 section 5.2) and its ICE user name.
struct SessionName: Equatable {
  var origin: [UInt8] = []
  var version: [UInt8] = []
  var ufrag: [UInt8] = []

  init() {}

  init(_ text: Span<UInt8>) {
    var lines = TextLines()
    while let line = lines.next(in: text) {
      if starts(text, line, "o="), self.origin.isEmpty {
        // user, identifier, version.
        var spaces = 0
        for index in (line.lowerBound &+ 2)..<line.upperBound {
          if text[index] == 0x20 { spaces &+= 1 }
          if spaces < 2 { self.origin.append(text[index]) } else if spaces == 2 { self.version.append(text[index]) }
        }
      } else if starts(text, line, "a=ice-ufrag:"), self.ufrag.isEmpty {
        for index in (line.lowerBound &+ 12)..<line.upperBound { self.ufrag.append(text[index]) }
      }
    }
  }

  /// Whether an offer with this name begins a session anew, in place of one with the name `known`. Some endpoints give all their
  /// sessions one identifier: theirs goes on only where its version went up.
  func isNew(after known: SessionName) -> Bool {
    self.origin != known.origin || (self.version == known.version && self.ufrag != known.ufrag)
  }
}

/// The lines of a text, without their ends.
struct TextLines {
  private var position = 0

  mutating func next(in text: Span<UInt8>) -> Range<Int>? {
    while self.position < text.count {
      let start = self.position
      while self.position < text.count, text[self.position] != 0x0a, text[self.position] != 0x0d { self.position &+= 1 }
      let line = start..<self.position
      self.position &+= 1
      if !line.isEmpty { return line }
    }
    return nil
  }
}

func starts(_ text: Span<UInt8>, _ line: Range<Int>, _ prefix: StaticString) -> Bool {
  guard line.count >= prefix.utf8CodeUnitCount else { return false }
  var index = 0
  while index < prefix.utf8CodeUnitCount {
    guard unsafe text[line.lowerBound &+ index] == prefix.utf8Start[index] else { return false }
    index &+= 1
  }
  return true
}
