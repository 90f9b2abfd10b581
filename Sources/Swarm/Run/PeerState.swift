import Bytes
import ICE
import RTP
import Simulator
import Time
import WebRTC

/// What a run knows of one peer, beside the peer itself. A value: a fork of the run copies it.
struct PeerState {
  let index: Int
  let id: PeerID
  let plan: PeerPlan
  /// The other side; nil for a peer of no pair.
  var other: Int?
  var pair: Int?
  var isPolite = false
  var trickle = PairPlan.Trickle.full

  // Signalling.
  var isGathered = false
  var wantsOffer = false
  var owesAnswer = false
  /// It made a description, or took one.
  var isDescribed = false
  var hasRemote = false
  /// The other side could not take our offer: it may be made anew.
  var wasRefused = false
  var heldCandidates: [Signal] = []

  // Channels and messages.
  var channels: [ChannelState] = []
  var backlog: [Backlog] = []
  var isBlocked = false
  var pullInterval = 0
  var pullsAt: Instant?

  // Media.
  var tracks: [TrackState] = []
  var playing: [Playing] = []
  var playsAt: Instant?
  var arrivals: [ArrivalOrder] = []

  // What it came to.
  /// It was closed by its owner, or the connection ended: nothing may be sent after that.
  var endedAt: Instant?
  var closedByOwner = false
  var failures: [FailureReason] = []
  var connectedAt: Instant?
  var wasConnected = false
  var disconnects = 0
  var previous: CounterList?
  var watch = WireWatch()
  /// When a datagram came last that was not injected.
  var heardAt: Instant?
  /// The same, of injected ones: a genuine check that is replayed proves nothing, and cannot be told from one that does.
  var touchedAt = Instant.zero
  /// Genuine checks were replayed from other addresses: asking there is right.
  var wasReplayedElsewhere = false
  /// Datagrams that it was given, for whoever replays them: the latest, in a ring.
  var captured: [Captured] = []
  var captureCount = 0

  init(index: Int, id: PeerID, plan: PeerPlan) {
    self.index = index
    self.id = id
    self.plan = plan
  }

  var isOver: Bool { self.endedAt != nil }
}

struct Captured {
  var bytes: [UInt8]
  var path: Transmit
}

/// A channel as one side sees it.
struct ChannelState {
  let number: Int
  let plan: ChannelPlan
  let handle: Channel
  let isRemote: Bool
  var streamID: UInt16?
  var openedAt: Instant?
  var isClosed = false
  var closedByOwner = false
  /// After a `wouldBlock`.
  var buffered = 0
  var threshold: Int?

  var isOpen: Bool { self.openedAt != nil && !self.isClosed && !self.closedByOwner }
}

/// Messages that wait for the channel to open, or for room.
struct Backlog {
  var channel: Int
  var count: Int
  var size: Int
  var isText: Bool
}

/// A track of ours or one that the peer sends us on the same section.
struct TrackState {
  let number: Int
  let transceiver: Transceiver
  let plan: TrackPlan
  var isStopped = false
}

/// Frames that are being sent.
struct Playing {
  var track: Int
  var transceiver: Transceiver
  var left: Int
  var size: Int
  var interval: Interval
  var next: Instant
  var timestamp: UInt32
  var isProbe = false
}

/// The last frame of each stream that arrived.
struct ArrivalOrder {
  var ssrc: UInt32
  var source: Int
  var index: Int
}

/// What travels between two peers' owners.
struct Signal {
  enum Kind { case offer, answer, refusal, candidate, endOfCandidates }
  var kind: Kind
  var bytes: [UInt8] = []
}

/// What one side sent on a track.
struct FrameLedger {
  struct Sent {
    var size: Int
    var format: CodecFormat
    var isKeyFrame: Bool
    var isDelivered = false
    var isProbe = false
  }
  let track: Int
  let sender: Int
  var sent: [Sent] = []
  var delivered = 0
}
