import Bytes
import Time

/// One stream that is received.
struct Stream: Sendable {
  var line: Int
  let ssrc: UInt32
  var rtxSSRC: UInt32?
  /// RFC 8852; empty where the packets name none.
  var rid: [UInt8]
  /// RFC 3550 section 6.5.1; empty until the peer has told.
  var cname: [UInt8] = []
  var receiver: Receiver

  init(line: Int, ssrc: UInt32, rid: [UInt8], receiver: Receiver, now: Instant) {
    self.line = line
    self.ssrc = ssrc
    self.rid = rid
    self.receiver = receiver
    self.lastActivity = now
  }

  /// It said BYE: it goes as soon as its frames are taken.
  var isLeaving = false
  var remoteOutbound = RemoteOutboundStatistics()
  /// Of the newest sender report, for report blocks (RFC 3550 section 6.4.1).
  var lastSenderReport: UInt32 = 0
  /// The number of the last FIR that was written.
  var fullIntraNumber: UInt8 = 0
  var lastActivity: Instant
}

/// Whether a field of a packet is a name that is kept.
func bytesEqual(_ field: Span<UInt8>, _ name: [UInt8]) -> Bool { bytesEqual(field, name.span) }
