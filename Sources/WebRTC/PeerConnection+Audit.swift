import DataChannel
import ICE
import SCTP

#if Audio
import RTP
import SRTP
#endif

extension PeerConnection {
  /// What does not add up inside, or exceeds its bound; nil: everything is right. For simulations and fuzzers, which ask it often.
  package var inconsistency: StaticString? {
    if let problem = self.core.agent.inconsistency { return problem }
    if let problem = self.core.channels.inconsistency { return problem }
    return self.core.events.dropped == 0 ? nil : "events that nobody took"
  }

  #if Audio
  /// The highest packet index (RFC 3711 section 3.3.1: the roll-over counter and the sequence number) of each stream that is sent.
  package var sentMediaIndices: [SRTP.Session.StreamIndex] {
    switch self.srtp {
    case .some(let session): session.sentIndices
    case .none: []
    }
  }

  /// The same of those that are received.
  package var receivedMediaIndices: [SRTP.Session.StreamIndex] {
    switch self.srtp {
    case .some(let session): session.receivedIndices
    case .none: []
    }
  }
  #endif
}
