import RTP

/// Finds what two sides have in common about a media section (RFC 3264 section 6, RFC 8829 section 5.10 and 5.11).
///
/// Payload types: each side says with which numbers it wants to be sent to. An answer keeps the offer's, so both directions use
/// the same, unless the answerer gave its own.
public enum MediaNegotiation {
  /// Our answer to a section of the peer's offer. `direction` is what we would like; what comes out is no more than the offer
  /// leaves room for (RFC 3264 section 6.1). Nil: nothing in common, and the section is to be rejected.
  public static func answer(
    _ offer: MediaDescription, capabilities: MediaCapabilities, direction: MediaSection.Direction
  ) -> NegotiatedMedia? {
    nil
  }

  /// What the peer's answer leaves of a section that we offered. Nil: no codec of ours, and the section is as good as rejected.
  public static func settle(_ answer: MediaDescription, offered: OfferedMedia) -> NegotiatedMedia? {
    nil
  }
}
