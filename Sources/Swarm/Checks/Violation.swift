import Time

/// Something that must never happen, and happened.
public struct Violation: Codable, Equatable, Sendable, CustomStringConvertible {
  public var kind: Kind
  /// Milliseconds from the scenario's start.
  public var at: Double
  public var peer: Int?
  public var detail: String

  public enum Kind: String, Codable, Sendable {
    /// `nextDeadline` is not after the time that `advance` was told.
    case deadlineNotInFuture
    /// The world goes on at one instant, or takes more steps than anything could need.
    case timeStandsStill
    /// A datagram after the connection ended.
    case transmitAfterEnd
    /// Anything but checks though nothing was heard for longer than consent lasts (RFC 7675).
    case transmitWithoutConsent
    /// A check to an address that only forged ones came from.
    case forgeryBelieved
    /// More packets got through decryption than the other side encrypted.
    case replayAccepted
    /// An event, message or frame queue that does not come to its end.
    case endlessPoll
    case messageCorrupt, messageTwice, messageOutOfOrder, messageMissing, messageOnUnknownChannel
    case bufferedAmountWrong, refusedSendChanged, writableNeverCame, wrongRefusal
    case channelDisagreement, channelNeverSettled, channelClosedWithoutCause
    case recordNumberTwice, mediaIndexTwice, controlIndexTwice
    case frameCorrupt, frameTwice, frameOutOfOrder, mediaNotFlowing
    case falseDisconnect, silenceUnnoticed, failedWithoutCause, stateImpossible
    case notConverged, pairDisagreement, signalingStuck, rollOverDisagreement
    case misuseAccepted, misuseChanged
    case statisticsWentBack, boundExceeded, accountingWrong
    case eventsLost
    case outputDiffers, forkDiffers
    /// The process ended, or took too long: told by whoever ran it.
    case trap, hang
  }

  public init(_ kind: Kind, at: Double = 0, peer: Int? = nil, _ detail: String) {
    self.kind = kind
    self.at = at
    self.peer = peer
    self.detail = detail
  }

  public var description: String {
    let who = self.peer.map { ", peer \($0)" } ?? ""
    return "\(self.kind.rawValue) at \(self.at) ms\(who): \(self.detail)"
  }
}
