import Bytes
import DTLS
import STUN
import Simulator
import Time
import WebRTC

/// A recorded session that was run again, with all that its views need: `Trace`, `PacketCapture` and `Report`.
///
/// The recording may be damaged, or be of another build whose engine does something else: then the session is what went well
/// before, and `problem` says why it ends. Recordings of several peers whose clock was one may be shown together.
public struct RecordedSession: Sendable {
  /// What to call the peer: a file's name, for one.
  public let name: String
  public internal(set) var start: Instant
  public internal(set) var end: Instant
  /// Why the replay went no further; nil: all of the recording was played, and was the same.
  public internal(set) var failure: Replayer.Failure?
  /// Whether the recording ends in the middle of a record.
  public internal(set) var isTruncated = false
  public internal(set) var datagramsCompared = 0
  public internal(set) var bytesCompared = 0
  public internal(set) var eventsCompared = 0

  let bytes: [UInt8]
  var items: [SessionItem] = []
  var samples = Sampler()
  var secrets: DTLS.ExposedSecrets?
  var final = SessionEnd()

  /// Throws where there is nothing to show: the bytes are no recording, or none that can be started.
  public init(name: String, recording: [UInt8]) throws(Replayer.Failure) {
    var replayer = try Replayer(recording)
    self.name = name
    self.bytes = recording
    self.start = replayer.now
    self.end = replayer.now
    var collector = Collector()
    do throws(Replayer.Failure) {
      while let step = try replayer.step() {
        collector.add(step, of: replayer)
        self.samples.sample(replayer.connection, at: replayer.now)
      }
    } catch {
      self.failure = error
    }
    self.samples.finish(replayer.connection, at: replayer.now)
    self.items = collector.items
    self.end = replayer.now
    self.isTruncated = replayer.isTruncated
    self.datagramsCompared = replayer.datagramsCompared
    self.bytesCompared = replayer.bytesCompared
    self.eventsCompared = replayer.eventsCompared
    self.secrets = replayer.connection.exposedSecrets
    self.final = SessionEnd(replayer.connection)
  }

  /// What is wrong with the recording, in a line; nil: nothing.
  public var problem: String? {
    if let failure = self.failure { return Self.explanation(of: failure) }
    return self.isTruncated ? "the file ends in the middle of a record" : nil
  }

  public static func explanation(of failure: Replayer.Failure) -> String {
    switch failure {
    case .notARecording: "this is not a recording, or one of another version"
    case .malformed(let offset): "the record at byte \(offset) is malformed; what follows it is not shown"
    case .differs(let offset): "what came out differs from the record at byte \(offset); what follows it is not shown"
    case .cannotStart: "the configuration is refused"
    }
  }
}

/// Something that happened.
struct SessionItem: Sendable {
  enum What: Sendable {
    /// A datagram that came in or went out; the range is of the recording.
    case datagram(Range<Int>, PathDirection, from: TransportAddress, to: TransportAddress)
    case call(RecordedCall, isRefused: Bool)
    case event(PeerConnection.Event, detail: String)
  }

  var time: Instant
  var what: What
}

enum PathDirection: Sendable { case incoming, outgoing }

/// How the connection stood when the recording ended.
struct SessionEnd: Sendable {
  var connectionState = ConnectionState.new
  var failure: FailureReason?
  var statistics: PeerConnection.Statistics?
  var transceivers: [TransceiverInfo] = []

  init() {}

  init(_ connection: borrowing PeerConnection) {
    self.connectionState = connection.connectionState
    self.failure = connection.failureReason
    self.statistics = connection.statistics
    for index in 0..<min(connection.transceiverCount, Sampler.streamLimit) {
      guard let info = connection.transceiverInfo(Transceiver(index: index)) else { break }
      self.transceivers.append(info)
    }
  }
}

/// Turns steps into items.
private struct Collector {
  var items: [SessionItem] = []

  mutating func add(_ step: Replayer.Step, of replayer: borrowing Replayer) {
    if case .event(let event) = step {
      let detail = self.detail(of: event, replayer.connection)
      return self.items.append(SessionItem(time: replayer.now, what: .event(event, detail: detail)))
    }
    guard let (call, isRefused) = replayer.lastCall else { return }
    switch call {
    case .advance, .pollEvent: return
    case .receive(let range, let remote, let local):
      self.items.append(
        SessionItem(time: replayer.now, what: .datagram(range, .incoming, from: remote, to: local)))
    case .pollTransmit(let range, let local, let remote):
      guard let range else { return }
      self.items.append(
        SessionItem(time: replayer.now, what: .datagram(range, .outgoing, from: local, to: remote)))
    case .receiveMessage(.none, _, _), .receiveFrame(.none, _, _, _): return
    default: self.items.append(SessionItem(time: replayer.now, what: .call(call, isRefused: isRefused)))
    }
  }

  private func detail(of event: PeerConnection.Event, _ connection: borrowing PeerConnection) -> String {
    switch event {
    case .channelOpened(let channel, _), .channelClosed(let channel), .bufferedAmountLow(let channel):
      guard let info = connection.channelInfo(channel) else { return "" }
      return quoted(info.label) + (info.streamID.map { " on stream \($0)" } ?? "")
    case .trackAdded(let transceiver), .trackRemoved(let transceiver), .keyFrameRequested(let transceiver),
      .streamAdded(let transceiver, _, _), .streamRemoved(let transceiver, _):
      guard let info = connection.transceiverInfo(transceiver) else { return "" }
      return "\(info.kind)" + (info.mid.isEmpty ? "" : " mid " + quoted(info.mid))
    default: return ""
    }
  }
}
