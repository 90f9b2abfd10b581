import Bytes
import SDP
import Time

/// What the offer/answer exchange has settled so far (RFC 8829).
struct Signaling: Sendable {
  var state = SignalingState.stable
  /// Kept for the session's life; the version goes up with each description (RFC 8829 section 5.2.1).
  let sessionID: UInt64
  var version: UInt64 = 0
  /// The description of ours that waits for an answer.
  var localOffer: SessionDescription?
  /// The description of the peer's that waits for our answer.
  var remoteOffer: SessionDescription?
  /// What the peer said last, once its description was applied.
  var remote: RemoteParameters?

  init(random: inout SeededRandom) {
    // RFC 3264 section 5: fits a signed 64-bit number; browsers take 63 bits. Never 0, which some parsers refuse.
    self.sessionID = max(random.next() >> 2, 1)
  }
}
