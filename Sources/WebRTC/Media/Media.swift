#if Audio
import Bytes
import RTP
import SDP
import Time

/// Audio and video of one connection. A class, so that a connection without any pays for one pointer; its only owner makes
/// a copy for a fork.
final class Media {
  @usableFromInline var session: RTP.Session
  var transceivers: [TransceiverState] = []
  /// The transceiver that each line of the session belongs to.
  private var owners: [Int] = []
  var identifiers = BundleIdentifiers()
  /// The MediaStream of tracks that name none, and our name in RTCP (RFC 7022).
  let cname: [UInt8]

  /// `random` is this machine's own, and the configuration is known to be valid.
  init(configuration: RTP.Session.Configuration, random: SeededRandom, now: Instant) {
    var configuration = configuration
    var random = random
    if configuration.cname.isEmpty { configuration.cname = randomToken(&random) }
    self.cname = configuration.cname
    self.session = RTP.Session(checked: configuration, random: random.split(), now: now)
  }

  init(copying other: Media) {
    self.session = other.session
    self.transceivers = other.transceivers
    self.owners = other.owners
    self.identifiers = other.identifiers
    self.cname = other.cname
  }

  /// The transceiver that a line of the session belongs to.
  func transceiver(ofLine line: Int) -> Transceiver? {
    line >= 0 && line < self.owners.count ? Transceiver(index: self.owners[line]) : nil
  }

  /// What the next offer says of a transceiver.
  func offer(of index: Int, mid: [UInt8]) -> OfferedMedia {
    OfferedMedia(
      mid: mid, direction: self.transceivers[index].direction,
      capabilities: self.identifiers.assign(to: self.transceivers[index].capabilities), source: self.source(of: index))
  }

  /// Takes a transceiver in, whose line may have been that of one which ended.
  func add(_ transceiver: TransceiverState) {
    let (index, line) = (self.transceivers.count, transceiver.line)
    if line < self.owners.count {
      self.transceivers[self.owners[line]].line = -1
      self.owners[line] = index
    } else {
      self.owners.append(index)
    }
    self.transceivers.append(transceiver)
  }

  /// Of a session's whole life: they are never forgotten, and a peer can have any number made.
  static let maximumTransceivers = 1024

  func source(of index: Int) -> LocalSource {
    LocalSource(
      streamID: self.transceivers[index].streamID, trackID: self.transceivers[index].trackID,
      stream: self.session.sendingStream(of: self.transceivers[index].line), cname: self.cname)
  }
}

/// 16 characters that every grammar takes for a token: 96 bits.
func randomToken(_ random: inout SeededRandom) -> [UInt8] {
  let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  var result: [UInt8] = []
  result.reserveCapacity(16)
  for _ in 0..<16 { result.append(unsafe alphabet.utf8Start[Int(random.next(below: 64))]) }
  return result
}
#endif
