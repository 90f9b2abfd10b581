import Time

/// Round-trip estimate and retransmission timeout (RFC 9260 section 6.3.1, RFC 6298).
struct RoundTrip: Sendable {
  private let minimum: Interval
  private let maximum: Interval
  private let maximumBackoff: Interval
  private(set) var smoothed = Interval.zero
  private var variation = Interval.zero
  /// The shortest seen; the base of what counts as reordering (RFC 8985 section 6.2).
  private(set) var shortest = Interval(nanoseconds: .max)
  /// Before backing off.
  private var base: Interval
  private var doublings: UInt64 = 0
  private var hasSample = false

  init(configuration: Association.Configuration) {
    self.minimum = configuration.minimumRTO
    self.maximum = configuration.maximumRTO
    self.maximumBackoff = min(configuration.maximumBackoff, configuration.maximumRTO)
    self.base = min(configuration.initialRTO, configuration.maximumRTO)
  }

  var isKnown: Bool { self.smoothed > .zero }

  /// Whether round trips have grown by more than an eighth: packets wait somewhere.
  var isQueueing: Bool { self.smoothed > self.shortest + self.shortest / 8 + .milliseconds(1) }

  /// The timeout to use now. It doubles with every expiry until a new sample (rules E2 and C7).
  var timeout: Interval { min(self.base * (1 &<< min(self.doublings, 20)), max(self.base, self.maximumBackoff)) }

  mutating func backOff() { if self.doublings < 20 { self.doublings &+= 1 } }
  mutating func endBackOff() { self.doublings = 0 }
  var isBackedOff: Bool { self.doublings > 0 }

  /// What another layer measured on the same path; our own first sample replaces it.
  mutating func assume(_ roundTrip: Interval) {
    guard !self.hasSample, roundTrip > .zero else { return }
    self.smoothed = roundTrip
    self.variation = roundTrip / 2
    self.shortest = roundTrip
    self.update()
  }

  mutating func sample(_ measured: Interval) {
    let roundTrip = max(measured, Interval.microseconds(1))
    if roundTrip < self.shortest || !self.hasSample { self.shortest = roundTrip }
    if !self.hasSample {
      self.hasSample = true
      self.smoothed = roundTrip
      self.variation = roundTrip / 2
    } else {
      let error = roundTrip > self.smoothed ? roundTrip - self.smoothed : self.smoothed - roundTrip
      self.variation = (self.variation * 3 + error) / 4
      self.smoothed = (self.smoothed * 7 + roundTrip) / 8
    }
    self.doublings = 0
    self.update()
  }

  private mutating func update() {
    // The variation counts at least a millisecond's worth: rule G1's clock granularity.
    let margin = max(self.variation * 4, .milliseconds(1))
    self.base = min(max(self.smoothed + margin, self.minimum), self.maximum)
  }
}
