#if !Audio
import Bytes
import Time

/// There is none without the trait `Audio`.
public enum Transceiver: Equatable, Sendable {}
/// There is none without the trait `Audio`.
public enum ReceivedPacket: Equatable, Sendable {}

/// A peer for data channels alone: it rejects all media that it is offered.
extension PeerConnection {
  mutating func startMedia(now: Instant) {}
  mutating func leaveMedia(now: Instant) {}
  mutating func updateMediaDeadline() {}
  mutating func sealMedia(into writer: inout SpanWriter) -> Bool { false }
  mutating func pollMediaEvent() -> Event? { nil }
}
#endif
