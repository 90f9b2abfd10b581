import ICE
import RTP
import Time
import WebRTC

/// The connection's numbers at one moment.
struct Sample: Sendable {
  var time: Instant
  var congestionWindow = 0
  var bytesInFlight = 0
  var peerWindow = 0
  var hasSCTP = false
  var iceRoundTrip: Interval?
  var sctpRoundTrip: Interval?
  var mediaRoundTrip: Interval?
  /// Counts since the start.
  var sctpRetransmissions: UInt64 = 0
  var sctpTimeouts: UInt64 = 0
  var flightsRepeated: UInt64 = 0
  var messagesSent: UInt64 = 0
  var messagesReceived: UInt64 = 0
  var outbound: [Outbound] = []
  var inbound: [Inbound] = []

  struct Outbound: Sendable {
    var transceiver: Int
    var line: RTP.Session.LineStatistics
  }

  struct Inbound: Sendable {
    var transceiver: Int
    var stream: RTP.Session.StreamStatistics
  }
}

/// Looks at the connection at even distances that double whenever there are too many samples: however long a session is,
/// there are 1,500 to 3,000 of them where that much happened.
struct Sampler: Sendable {
  static let limit = 3000
  /// No more transceivers, and streams of each, are looked at.
  static let streamLimit = 16

  private(set) var samples: [Sample] = []
  /// The pair that was selected last: a connection that ended has none any more.
  private(set) var lastPair: ICE.Agent.SelectedPair?
  /// A session in one machine is over within milliseconds.
  private var distance = Interval.microseconds(200)
  private var next = Instant.zero

  init() {}

  mutating func sample(_ connection: borrowing PeerConnection, at now: Instant) {
    guard now >= self.next else { return }
    self.next = now + self.distance
    self.append(connection, at: now)
    guard self.samples.count >= Self.limit else { return }
    self.distance = self.distance * 2
    self.samples = self.samples.enumerated().compactMap { $0.offset % 2 == 0 ? $0.element : nil }
  }

  /// The last word.
  mutating func finish(_ connection: borrowing PeerConnection, at now: Instant) {
    self.append(connection, at: now)
  }

  private mutating func append(_ connection: borrowing PeerConnection, at now: Instant) {
    let statistics = connection.statistics
    if let pair = statistics.selectedPair { self.lastPair = pair }
    self.samples.append(Sample(connection, statistics, at: now))
  }
}

extension Sample {
  init(_ connection: borrowing PeerConnection, _ statistics: PeerConnection.Statistics, at now: Instant) {
    self.time = now
    self.hasSCTP = statistics.sctp.packetsReceived > 0
    self.congestionWindow = statistics.sctp.congestionWindow
    self.bytesInFlight = statistics.sctp.bytesInFlight
    self.peerWindow = statistics.sctp.peerReceiveWindow
    self.iceRoundTrip = statistics.selectedPair?.roundTrip
    self.sctpRoundTrip = statistics.sctp.smoothedRoundTrip == .zero ? nil : statistics.sctp.smoothedRoundTrip
    self.mediaRoundTrip = connection.mediaRoundTripTime
    self.sctpRetransmissions = statistics.sctp.retransmissions
    self.sctpTimeouts = statistics.sctp.timeouts
    self.messagesSent = statistics.sctp.messagesSent
    self.messagesReceived = statistics.sctp.messagesReceived
    self.flightsRepeated = UInt64(statistics.dtls.retransmittedFlights)
    for index in 0..<min(connection.transceiverCount, Sampler.streamLimit) {
      let transceiver = Transceiver(index: index)
      if let line = connection.mediaStatistics(of: transceiver), line.outbound.packetsSent > 0 {
        self.outbound.append(Outbound(transceiver: index, line: line))
      }
      for stream in connection.receivedStreams(of: transceiver).prefix(Sampler.streamLimit) {
        self.inbound.append(Inbound(transceiver: index, stream: stream))
      }
    }
  }
}
