import Time

/// What RTCP has to say that is no stream's own, and when.
struct ReportState: Sendable {
  static let maximumGoodbyes = 64

  /// The next regular report; `distantFuture` while nothing is sent or received.
  var deadline = Instant.distantFuture
  var isDue = false
  /// Lines before this one have reported already: a report may take several packets.
  var nextLine = 0
  /// SSRCs that are used no more (RFC 3550 section 6.6).
  var goodbyes: [UInt32] = []

  // Transport-wide feedback; how many packets have come since the last, and when the first of them did.
  static let manyArrivals = 16
  var transportArrivals = 0
  var transportSince = Instant.zero
  var transportDeadline = Instant.distantFuture
  var transportIsDue = false
  var transportMedia: UInt32 = 0

  /// The last receiver reference time that came, whose delay is to be told (RFC 3611 section 4.5).
  var reference: Reference?

  /// The peer's newest estimate of what it can receive, until it is told.
  var bandwidth: UInt64?

  struct Reference: Sendable {
    var receiver: UInt32
    /// The middle 32 bits of its NTP time.
    var time: UInt32
    var at: Instant
  }
}
