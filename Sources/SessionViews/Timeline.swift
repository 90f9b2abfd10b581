import DTLS
import DataChannel
import ICE
import RTP
import STUN
import Simulator
import Time
import WebRTC

/// A stretch of a lane.
struct LaneSpan {
  var from: Instant
  var to: Instant
  var label: String
  var tone: Tone
}

struct Lane {
  var name: String
  var spans: [LaneSpan] = []
  private(set) var open: (from: Instant, label: String, tone: Tone)?

  init(_ name: String) { self.name = name }

  /// Ends the stretch that is open, and begins another.
  mutating func enter(_ label: String, _ tone: Tone, at time: Instant) {
    self.leave(at: time)
    self.open = (time, label, tone)
  }

  mutating func leave(at time: Instant) {
    if let open { self.spans.append(LaneSpan(from: open.from, to: time, label: open.label, tone: open.tone)) }
    self.open = nil
  }
}

/// A mark on the time axis: a call or an event.
struct Mark {
  var time: Instant
  var tone: Tone
  var text: String
}

/// A connectivity check, either way.
struct Check {
  var sent: Instant
  var row: Int
  var direction: PathDirection
  var isNominating: Bool
  var isAgain: Bool
  var answered: Instant?
  var errorCode: UInt16?
  var isSuccess = false
}

/// What went one way in the handshake at one time.
struct HandshakeFlight {
  var time: Instant
  var direction: PathDirection
  var messages: [String]
  var size: Int
  var isAgain: Bool
  var isAlert = false
}

/// The packets of one SSRC.
struct StreamTraffic {
  var ssrc: UInt32
  var direction: PathDirection
  var mid: [UInt8] = []
  var payloadType: UInt8
  var bytes: Bins
  var packets: UInt64 = 0
  var first: Instant
  var last: Instant
}

/// All that happened in a session, in the form in which it is drawn; gathered in one pass over its items. Everything in it is
/// bounded, however long the session was.
struct Timeline {
  static let markLimit = 1000
  static let checkLimit = 3000
  static let rowLimit = 14
  static let flightLimit = 60
  static let laneLimit = 12
  static let streamLimit = 32

  let session: RecordedSession
  var connection = Lane("Connection")
  var signalling = Lane("Signalling")
  var gathering = Lane("ICE gathering")
  var ice = Lane("ICE")
  var pair = Lane("Selected pair")
  var dtls = Lane("DTLS")
  var sctp = Lane("SCTP")
  var channels: [(index: UInt32, lane: Lane)] = []
  var streams: [(ssrc: UInt32, lane: Lane)] = []
  var marks: [Mark] = []
  var marksLeftOut = 0

  var checks: [Check] = []
  var checkRows: [String] = []
  var checksLeftOut = 0
  var checksUnanswered = 0
  var roundTrips: [(Instant, Double)] = []
  var flights: [HandshakeFlight] = []

  var bytesIn: Bins
  var bytesOut: Bins
  var packetsIn: Bins
  var packetsOut: Bins
  var traffic: [StreamTraffic] = []
  var codecs: [(ssrc: UInt32, codec: Codec)] = []
  /// RTCP, by direction: what was asked for.
  var counts = ControlCounts()

  var signallingStarted: Instant?
  var iceConnected: Instant?
  var dtlsConnected: Instant?
  var channelsConnected: Instant?
  var connected: Instant?
  var firstMedia: Instant?
  var closedBy: PathDirection?

  private var pending: [TransactionID: Int] = [:]
  private var pendingSent: [TransactionID: (Instant, PathDirection)] = [:]
  private var seenMessages: Set<UInt64> = []

  struct ControlCounts {
    var negativeAcknowledgementsIn = 0
    var negativeAcknowledgementsOut = 0
    var keyFrameRequestsIn = 0
    var keyFrameRequestsOut = 0
  }

  init(_ session: RecordedSession) {
    self.session = session
    let bins = Bins(from: session.start, to: session.end)
    (self.bytesIn, self.bytesOut, self.packetsIn, self.packetsOut) = (bins, bins, bins, bins)
    self.connection.enter("new", .off, at: session.start)
    var decoder = Decoder(session)
    for item in session.items {
      switch item.what {
      case .datagram(let range, let direction, let source, let destination):
        self.count(range.count, direction, at: item.time)
        switch decoder.decode(range, direction) {
        case .stun(let facts): self.add(facts, direction, from: source, to: destination, at: item.time)
        case .records(let records): self.add(records, direction, at: item.time)
        case .media(let facts): self.add(facts, range.count, direction, at: item.time)
        case .unknown: break
        }
      case .call(let call, let isRefused): self.add(call, isRefused, at: item.time)
      case .event(let event, let detail): self.add(event, detail, at: item.time)
      }
    }
    self.finish(at: session.end)
  }

  private mutating func finish(at end: Instant) {
    self.checksUnanswered = self.checks.count { $0.direction == .outgoing && $0.answered == nil && !$0.isAgain }
    for lane in [\Timeline.connection, \.signalling, \.gathering, \.ice, \.pair, \.dtls, \.sctp] {
      self[keyPath: lane].leave(at: end)
    }
    for index in self.channels.indices { self.channels[index].lane.leave(at: end) }
    for index in self.streams.indices { self.streams[index].lane.leave(at: end) }
  }

  mutating func mark(_ text: String, _ tone: Tone, at time: Instant) {
    guard self.marks.count < Self.markLimit else {
      self.marksLeftOut += 1
      return
    }
    self.marks.append(Mark(time: time, tone: tone, text: text))
  }

  private mutating func count(_ size: Int, _ direction: PathDirection, at time: Instant) {
    if direction == .incoming {
      self.bytesIn.add(Double(size), at: time)
      self.packetsIn.add(1, at: time)
    } else {
      self.bytesOut.add(Double(size), at: time)
      self.packetsOut.add(1, at: time)
    }
  }
}

// MARK: Datagrams

extension Timeline {
  private mutating func add(
    _ facts: STUNFacts, _ direction: PathDirection, from source: TransportAddress, to destination: TransportAddress,
    at time: Instant
  ) {
    switch facts.type.messageClass {
    case .indication: return
    case .request:
      let isAgain = self.pendingSent[facts.transaction] != nil
      if self.pendingSent.count < 10_000, !isAgain { self.pendingSent[facts.transaction] = (time, direction) }
      let (local, remote) = direction == .outgoing ? (source, destination) : (destination, source)
      guard self.checks.count < Self.checkLimit, let row = self.row("\(local.text) ↔ \(remote.text)") else {
        self.checksLeftOut += 1
        return
      }
      self.pending[facts.transaction] = self.pending[facts.transaction] ?? self.checks.count
      self.checks.append(
        Check(sent: time, row: row, direction: direction, isNominating: facts.isNominating, isAgain: isAgain))
    case .success, .error:
      if let (sent, asked) = self.pendingSent[facts.transaction], asked == .outgoing, direction == .incoming,
        facts.type.messageClass == .success, self.roundTrips.count < Self.checkLimit
      {
        self.roundTrips.append((time, milliseconds(time - sent)))
      }
      guard self.pendingSent[facts.transaction]?.1 != direction else { return }
      self.pendingSent[facts.transaction] = nil
      guard let index = self.pending.removeValue(forKey: facts.transaction), self.checks[index].direction != direction,
        self.checks[index].answered == nil
      else { return }
      self.checks[index].answered = time
      self.checks[index].isSuccess = facts.type.messageClass == .success
      self.checks[index].errorCode = facts.errorCode
    }
  }

  private mutating func row(_ name: String) -> Int? {
    if let row = self.checkRows.firstIndex(of: name) { return row }
    guard self.checkRows.count < Self.rowLimit else { return nil }
    self.checkRows.append(name)
    return self.checkRows.count - 1
  }

  private mutating func add(_ records: [RecordFacts], _ direction: PathDirection, at time: Instant) {
    var messages: [String] = []
    var (isAgain, isAlert, size) = (false, false, 0)
    for record in records {
      if record.type == 23, record.epoch > 0 { self.addPacket(record.content ?? [], at: time) }
      guard record.type != 23 else { continue }
      size += record.size
      if record.type == 21 {
        isAlert = true
        messages.append(record.content.map { "alert: " + alertText($0) } ?? "alert, encrypted")
      }
      if record.type == 20 { messages.append("ChangeCipherSpec") }
      if record.type == 22, record.handshake.isEmpty { messages.append("encrypted handshake message") }
      for message in record.handshake {
        let key = UInt64(message.type) << 48 | UInt64(message.sequence) << 32
          | UInt64(message.offset & 0xFFFFFF) << 1 | (direction == .incoming ? 1 : 0)
        if !self.seenMessages.insert(key).inserted { isAgain = true }
        messages.append(message.isWhole ? message.name : "\(message.name) (from \(message.offset))")
      }
    }
    guard !messages.isEmpty else { return }
    if self.dtls.open == nil, self.dtls.spans.isEmpty { self.dtls.enter("handshake", .wait, at: time) }
    if let last = self.flights.indices.last, self.flights[last].direction == direction, self.flights[last].isAgain == isAgain,
      !isAlert, !self.flights[last].isAlert, time - self.flights[last].time <= .milliseconds(2)
    {
      self.flights[last].messages += messages
      self.flights[last].size += size
    } else if self.flights.count < Self.flightLimit {
      self.flights.append(
        HandshakeFlight(
          time: time, direction: direction, messages: messages, size: size, isAgain: isAgain, isAlert: isAlert))
    }
  }

  private mutating func addPacket(_ content: [UInt8], at time: Instant) {
    guard let packet = SCTPPacket(content) else { return }
    for chunk in packet.chunks {
      switch chunk.type {
      case 1 where self.sctp.open == nil && self.sctp.spans.isEmpty: self.sctp.enter("set-up", .wait, at: time)
      case 6, 14: self.sctp.leave(at: time)
      default: continue
      }
    }
  }

  private mutating func add(_ facts: MediaFacts, _ size: Int, _ direction: PathDirection, at time: Instant) {
    if facts.isControl { return self.count(facts.plaintext ?? [], direction) }
    guard let header = facts.header else { return }
    self.firstMedia = self.firstMedia ?? time
    if let index = self.traffic.firstIndex(where: { $0.ssrc == header.ssrc && $0.direction == direction }) {
      self.traffic[index].bytes.add(Double(size), at: time)
      self.traffic[index].packets += 1
      self.traffic[index].last = time
      if self.traffic[index].mid.isEmpty { self.traffic[index].mid = facts.mid }
    } else if self.traffic.count < Self.streamLimit {
      var stream = StreamTraffic(
        ssrc: header.ssrc, direction: direction, mid: facts.mid, payloadType: header.payloadType,
        bytes: Bins(from: self.session.start, to: self.session.end), packets: 1, first: time, last: time)
      stream.bytes.add(Double(size), at: time)
      self.traffic.append(stream)
    }
  }

  private mutating func count(_ compound: [UInt8], _ direction: PathDirection) {
    var offset = 0
    while let packet = (try? ControlPacket.next(in: compound.span, at: &offset)) ?? nil {
      let isIncoming = direction == .incoming
      switch (packet.kind, packet.count) {
      case (ControlPacket.Kind.transportFeedback, ControlPacket.Format.negativeAcknowledgement):
        if isIncoming { self.counts.negativeAcknowledgementsIn += 1 } else { self.counts.negativeAcknowledgementsOut += 1 }
      case (ControlPacket.Kind.payloadFeedback, ControlPacket.Format.pictureLoss),
        (ControlPacket.Kind.payloadFeedback, ControlPacket.Format.fullIntraRequest):
        if isIncoming { self.counts.keyFrameRequestsIn += 1 } else { self.counts.keyFrameRequestsOut += 1 }
      default: continue
      }
    }
  }
}
