import Bytes
import Time

/// The sending half of one line: frames become packets in the store, leave when their turn comes, and leave again when the peer
/// asks.
struct Sender: Sendable {
  var ssrc: UInt32
  var rtxSSRC: UInt32
  var sequenceNumber: UInt16
  var rtxSequenceNumber: UInt16
  /// Added to the user's timestamps (RFC 3550 section 5.1).
  var timestampOffset: UInt32

  // What was negotiated.
  var isSending = false
  var template: HeaderTemplate
  var mappings: [PayloadMapping] = []
  var packetizer: Packetizer?

  var store: SendStore
  var pacer: Pacer
  var repeats = RepeatQueue()
  let maximumRepeats: UInt8
  /// Bytes that repeats may still take; what is sent anew adds to it.
  var repeatCredit: Int
  let repeatShare: Int
  let repeatBurst: Int

  // For sender reports (RFC 3550 section 6.4.1): counted since the SSRC was taken.
  var packetCount: UInt32 = 0
  var octetCount: UInt32 = 0
  var lastTimestamp: UInt32 = 0
  var lastCapture = Instant.zero
  var statistics = OutboundStatistics()

  init(kind: MediaKind, configuration: Session.Configuration, random: inout SeededRandom) {
    self.ssrc = random.nextWord()
    self.rtxSSRC = random.nextWord()
    // RFC 3711 section 3.3.1: a first number in the lower half keeps the roll-over counter right if the first packets are lost.
    self.sequenceNumber = UInt16(truncatingIfNeeded: random.next(below: 0x8000))
    self.rtxSequenceNumber = UInt16(truncatingIfNeeded: random.next(below: 0x8000))
    self.timestampOffset = random.nextWord()
    self.template = HeaderTemplate(ssrc: self.ssrc, extensions: HeaderExtensionMap(), mid: [])
    self.store = SendStore(
      limits: kind == .audio ? configuration.audioStore : configuration.videoStore,
      packetSize: configuration.maximumPacketSize)
    self.pacer = Pacer(
      interval: kind == .audio ? .zero : configuration.pacingInterval, step: configuration.pacingStep,
      burst: configuration.pacingBurst)
    self.maximumRepeats = configuration.maximumRepeats
    self.repeatCredit = configuration.repeatBurst
    self.repeatShare = configuration.repeatShare
    self.repeatBurst = configuration.repeatBurst
  }

  /// Takes what was negotiated. Where nothing may be sent any more, what waits is thrown away, and what was sent forgotten.
  mutating func configure(_ parameters: LineParameters, random: inout SeededRandom) {
    let before = self.mappings.first
    self.template = HeaderTemplate(ssrc: self.ssrc, extensions: parameters.extensions, mid: parameters.mid)
    self.mappings = parameters.sendCodecs
    self.isSending = parameters.sends && !parameters.sendCodecs.isEmpty
    if let mapping = self.mappings.first {
      if self.packetizer == nil || mapping.codec != before?.codec {
        self.packetizer = Packetizer(codec: mapping.codec, random: &random)
      }
    }
    if !self.isSending {
      // No number is left out: what waits was never sent.
      self.sequenceNumber &-= UInt16(truncatingIfNeeded: self.store.waiting)
      self.store.removeAll()
      self.repeats.removeAll()
    }
  }

  /// Whether a packet that was not sent before may leave now.
  var isReady: Bool { self.store.waiting > 0 && self.pacer.allowance > 0 }

  /// When a packet that waits may leave; nil: none waits, or it may leave now.
  var nextDeadline: Instant? { self.store.waiting > 0 && self.pacer.allowance == 0 ? self.pacer.nextStep : nil }

  mutating func advance(to now: Instant) { self.pacer.advance(waiting: self.store.waiting, to: now) }

  /// Takes another identity after a collision (RFC 3550 section 8.2).
  mutating func rename(random: inout SeededRandom) {
    self.ssrc = random.nextWord()
    self.rtxSSRC = random.nextWord()
    self.template = HeaderTemplate(ssrc: self.ssrc, copying: self.template)
    self.store.rename(self.ssrc)
    self.repeats.removeAll()
    self.packetCount = 0
    self.octetCount = 0
  }

  /// What a sender report says at `now`.
  @inline(__always) func report(at now: Instant, ntpTime: UInt64) -> SenderInfo {
    var info = SenderInfo(ssrc: self.ssrc)
    info.ntpTime = ntpTime
    // The timestamp of this very moment, counted on from the last frame's (RFC 3550 section 6.4.1).
    let rate = self.mappings.first?.codec.clockRate ?? 90_000
    let ahead = now >= self.lastCapture
    let distance = NTPTime.units(ahead ? now - self.lastCapture : self.lastCapture - now, rate: rate)
    let units = UInt32(truncatingIfNeeded: distance)
    info.rtpTimestamp = ahead ? self.lastTimestamp &+ units : self.lastTimestamp &- units
    info.packetCount = self.packetCount
    info.octetCount = self.octetCount
    return info
  }
}
