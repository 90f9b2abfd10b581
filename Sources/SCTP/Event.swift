extension Association {
  public enum Event: Equatable, Sendable {
    /// The handshake is complete; both directions are open.
    case connected
    /// The peer lost its state and began anew (RFC 9260 section 5.2.4.1): what was in flight is gone.
    case restarted
    /// The peer reset the streams it sends on; its next message on this one has number 0 (RFC 6525).
    case incomingStreamReset(stream: UInt16)
    /// Our request is answered. Only if accepted may the stream be used for something new.
    case outgoingStreamReset(stream: UInt16, accepted: Bool)
    /// What waits unsent on the stream fell to the threshold set for it.
    case bufferedAmountLow(stream: UInt16)
    /// The end; the last event.
    case closed(CloseReason)
  }

  /// Why an association ended.
  public enum CloseReason: Equatable, Sendable {
    /// Either side shut down, and everything was delivered.
    case shutdown
    case abortedLocally
    /// The first error cause that the peer gave, 0 for none (RFC 9260 section 3.3.10).
    case abortedByPeer(cause: UInt16)
    /// No answer to INIT or COOKIE ECHO.
    case connectTimeout
    /// The path failed: Association.Max.Retrans was exceeded.
    case retransmissionsExceeded
    case protocolViolation
    /// The peer sent a message beyond `maximumMessageSize`.
    case messageTooLarge
    /// The peer uses more streams than `maximumActiveStreams`.
    case tooManyStreams
  }

  /// Where the association stands.
  public enum State: Equatable, Sendable {
    case closed, connecting, established, shuttingDown
  }
}
