import SCTP

extension DataChannels {
  public enum Event: Equatable, Sendable {
    /// The association is up.
    case connected
    /// The channel may be used: the peer opened it (`remote`), or answered our opening.
    case opened(Channel, remote: Bool)
    /// Both directions are reset, or the association ended: the handle is void.
    case closed(Channel)
    /// What waits unsent fell to the channel's threshold.
    case bufferedAmountLow(Channel)
    /// A `send` was refused with `wouldBlock`, and the send buffer has room again.
    case writable
    /// The association ended; every channel was closed before. The last event.
    case ended(Association.CloseReason)
  }

  /// Why a channel was not opened.
  public enum OpenError: Error, Equatable, Sendable {
    /// `maximumChannels` exist, or no identifier is left.
    case tooManyChannels
    /// The negotiated identifier is 65,535, in use, or not yet reset by both sides.
    case identifierUnavailable
    /// The label or the subprotocol exceeds what DCEP or the configuration carries.
    case nameTooLong
    /// The association is shutting down or gone.
    case closed
  }

  /// Why a message was not taken. Nothing of it was queued.
  public enum SendError: Error, Equatable, Sendable {
    /// The channel does not exist, or is closing.
    case notOpen
    /// The send buffer has no room now.
    case wouldBlock
    /// It exceeds what the peer accepts, or the whole send buffer.
    case messageTooLarge
  }
}
