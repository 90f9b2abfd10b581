import Bytes
import Cryptography
import DTLS
import DataChannel
import ICE
import RTP
import SCTP
import SDP
import SRTP
import STUN
import Time
import WebRTC

extension PeerConnection.Event {
  /// An unambiguous form to record and compare: a tag, then numbers.
  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    switch self {
    case .connectionStateChanged(let state): bytes = [0, state.rawValue]
    case .phaseChanged(let phase): bytes = [1, phase.rawValue]
    case .iceStateChanged(let state): bytes = [2, state.rawValue]
    case .signalingStateChanged(let state): bytes = [3, state.rawValue]
    case .localCandidate(let candidate): bytes = [4] + text(of: candidate)
    case .gatheringComplete: bytes = [5]
    case .selectedPairChanged(let local, let remote):
      bytes = [6]
      append(local, to: &bytes)
      append(remote, to: &bytes)
    case .failed(let reason): bytes = [7] + reason.encoded()
    case .dataChannelsConnected: bytes = [8]
    case .channelOpened(let channel, let remote):
      bytes = [9, remote ? 1 : 0]
      appendVarint(UInt64(channel.index), to: &bytes)
    case .channelClosed(let channel):
      bytes = [10]
      appendVarint(UInt64(channel.index), to: &bytes)
    case .bufferedAmountLow(let channel):
      bytes = [11]
      appendVarint(UInt64(channel.index), to: &bytes)
    case .writable: bytes = [12]
    case .negotiationNeeded: bytes = [13]
    case .trackAdded(let transceiver): bytes = [14, UInt8(truncatingIfNeeded: transceiver.index)]
    case .trackRemoved(let transceiver): bytes = [15, UInt8(truncatingIfNeeded: transceiver.index)]
    case .streamAdded(let transceiver, let ssrc, let codec):
      bytes = [16, UInt8(truncatingIfNeeded: transceiver.index), codec.format.rawValue]
      appendVarint(UInt64(ssrc), to: &bytes)
    case .streamRemoved(let transceiver, let ssrc):
      bytes = [17, UInt8(truncatingIfNeeded: transceiver.index)]
      appendVarint(UInt64(ssrc), to: &bytes)
    case .keyFrameRequested(let transceiver): bytes = [18, UInt8(truncatingIfNeeded: transceiver.index)]
    case .bandwidthEstimated(let bitsPerSecond):
      bytes = [19]
      appendVarint(bitsPerSecond, to: &bytes)
    }
    return bytes
  }
}

extension FailureReason {
  fileprivate func encoded() -> [UInt8] {
    switch self {
    case .ice: return [0]
    case .srtp: return [3]
    case .dtls(let failure):
      switch failure {
      case .timedOut: return [1, 0]
      case .fingerprintMismatch: return [1, 1]
      case .peerAlert(let alert): return [1, 2, alert.rawValue]
      case .peerFault(let alert): return [1, 3, alert.rawValue]
      case .outOfMemory: return [1, 4]
      }
    case .sctp(let reason):
      switch reason {
      case .shutdown: return [2, 0]
      case .abortedLocally: return [2, 1]
      case .abortedByPeer(let cause):
        return [2, 2, UInt8(truncatingIfNeeded: cause &>> 8), UInt8(truncatingIfNeeded: cause)]
      case .connectTimeout: return [2, 3]
      case .retransmissionsExceeded: return [2, 4]
      case .protocolViolation: return [2, 5]
      case .messageTooLarge: return [2, 6]
      case .tooManyStreams: return [2, 7]
      }
    }
  }
}

private func text(of candidate: Candidate) -> [UInt8] {
  var buffer = [UInt8](repeating: 0, count: 256)
  var writer = SpanWriter(buffer.mutableSpan)
  candidate.write(into: &writer)
  let count = writer.count
  return Array(buffer[0..<count])
}

private func append(_ address: TransportAddress, to bytes: inout [UInt8]) {
  for i in 0..<16 { bytes.append(address.ip[i]) }
  bytes.append(UInt8(truncatingIfNeeded: address.port &>> 8))
  bytes.append(UInt8(truncatingIfNeeded: address.port))
}

extension ChannelOptions {
  func encoded() -> [UInt8] {
    var bytes: [UInt8] = [self.ordered ? 1 : 0]
    switch self.reliability {
    case .reliable: bytes.append(0)
    case .maxRetransmits(let count):
      bytes.append(1)
      appendVarint(UInt64(count), to: &bytes)
    case .maxLifetime(let lifetime):
      bytes.append(2)
      appendVarint(lifetime.nanoseconds, to: &bytes)
    }
    appendVarint(self.negotiatedID.map { UInt64($0) + 1 } ?? 0, to: &bytes)
    appendVarint(UInt64(self.priority), to: &bytes)
    appendVarint(UInt64(self.label.count), to: &bytes)
    return bytes + self.label + self.subprotocol
  }

  init(decoding cursor: inout SpanCursor) throws(WireError) {
    let ordered = try cursor.read(UInt8.self) == 1
    let reliability: DataChannels.Reliability
    switch try cursor.read(UInt8.self) {
    case 0: reliability = .reliable
    case 1: reliability = .maxRetransmits(try number(try cursor.readVarint()))
    case 2: reliability = .maxLifetime(Interval(nanoseconds: try cursor.readVarint()))
    default: throw .malformed
    }
    let identifier: UInt32 = try number(try cursor.readVarint())
    let priority: UInt16 = try number(try cursor.readVarint())
    let labelCount: UInt16 = try number(try cursor.readVarint())
    self.init(label: arrayCopy(try cursor.readBytes(Int(labelCount))))
    self.subprotocol = arrayCopy(try cursor.readBytes(cursor.remaining))
    self.ordered = ordered
    self.reliability = reliability
    self.priority = priority
    if identifier > 0 {
      guard identifier <= 65_536 else { throw .malformed }
      self.negotiatedID = UInt16(truncatingIfNeeded: identifier &- 1)
    }
  }
}

/// A recorded number in the width that the engine wants; malformed where it does not fit.
func number<T: FixedWidthInteger>(_ value: UInt64) throws(WireError) -> T {
  guard let result = T(exactly: value) else { throw .malformed }
  return result
}
