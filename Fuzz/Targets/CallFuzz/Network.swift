import Bytes
import RTP
import STUN
import Time
@testable import WebRTC

/// What comes to a side.
extension Side {
  mutating func take(_ flights: inout [Bench.Flight]) {
    for flight in flights where self.inbox.count < 200 { self.inbox.append(flight) }
    flights.removeAll()
  }

  mutating func deliver(_ n: UInt8, now: Instant) {
    guard !self.inbox.isEmpty else { return }
    self.receive(self.inbox.remove(at: Int(n) % self.inbox.count), now: now)
  }

  mutating func deliverAll(now: Instant) {
    let flights = self.inbox
    self.inbox = []
    for flight in flights { self.receive(flight, now: now) }
  }

  private mutating func receive(_ flight: Bench.Flight, now: Instant) {
    var bytes = flight.bytes
    var span = bytes.mutableSpan
    self.peer.receive(&span, from: flight.path.source, to: self.address, now: now)
  }

  mutating func damage(_ n: UInt8, by mask: UInt8) {
    guard !self.inbox.isEmpty else { return }
    let last = self.inbox.count - 1
    if mask == 0 {
      self.inbox[last].bytes.removeLast(min(Int(n), self.inbox[last].bytes.count))
    } else if !self.inbox[last].bytes.isEmpty {
      let place = Int(n) % self.inbox[last].bytes.count
      self.inbox[last].bytes[place] ^= mask
    }
  }

  mutating func repeatFlight(_ n: UInt8) {
    guard !self.inbox.isEmpty, self.inbox.count < 200 else { return }
    self.inbox.append(self.inbox[Int(n) % self.inbox.count])
  }

  mutating func drop(_ n: UInt8) {
    guard !self.inbox.isEmpty else { return }
    self.inbox.remove(at: Int(n) % self.inbox.count)
  }

  // MARK: Under the encryption

  /// The peer's key holder is the one who can send anything: what it sends is let in where SRTP would give it out. A datagram that is
  /// under way is opened, and has pairs of a place and a mask applied.
  mutating func receivePlain(_ n: UInt8, changes: [UInt8], now: Instant) {
    guard !self.inbox.isEmpty else { return }
    var bytes = self.inbox.remove(at: Int(n) % self.inbox.count).bytes
    guard bytes.count > 12, bytes[0] >= 128, bytes[0] <= 191 else { return }
    let isControl = bytes[1] >= 192 && bytes[1] <= 223
    var span = bytes.mutableSpan
    guard let count = (isControl ? self.peer.srtp?.unprotectControl(&span) : self.peer.srtp?.unprotect(&span)) ?? nil
    else { return }
    var packet = Array(bytes[..<count])
    var place = 0
    while place + 1 < changes.count, !packet.isEmpty {
      packet[Int(changes[place]) % packet.count] ^= changes[place + 1]
      place += 2
    }
    self.takePlain(packet, isControl: isControl, now: now)
  }

  /// RTCP with an SSRC of ours where `aim` says.
  mutating func receiveControl(_ bytes: [UInt8], aim: UInt8, now: Instant) {
    var bytes = bytes
    let line = Int(aim & 1)
    if aim & 6 != 0, let ssrc = self.peer.core.media?.session.sendingStream(of: line)?.ssrc {
      let offset = Int(aim >> 1) * 4
      for i in 0..<4 where offset + i < bytes.count { bytes[offset + i] = UInt8(truncatingIfNeeded: ssrc >> UInt32(24 - 8 * i)) }
    }
    self.takePlain(bytes, isControl: true, now: now)
  }

  /// An RTP packet whose header is right enough to be heeded: the input gives its fields in few bytes, then its payload.
  mutating func receiveMedia(_ bytes: [UInt8], now: Instant) {
    guard bytes.count >= 4 else { return }
    let payloadTypes: [UInt8] = [111, 96, 97, 0, 102, 103, 104, 26]
    var header = PacketHeader(
      payloadType: payloadTypes[Int(bytes[0] & 7)], marker: bytes[0] & 8 != 0, sequenceNumber: UInt16(bytes[1]) &* 3,
      timestamp: UInt32(bytes[2]) * 480, ssrc: UInt32(bytes[3] & 15))
    if bytes[3] & 0xC0 == 0xC0, let own = self.peer.core.media?.session.sendingStream(of: Int(bytes[3] & 1))?.ssrc {
      header.ssrc = own
    } else if bytes[3] & 0xC0 == 0x80, let stream = self.peer.core.media?.session.stream(at: Int(bytes[3] & 1)) {
      header.ssrc = stream.ssrc
      header.sequenceNumber = UInt16(truncatingIfNeeded: stream.ssrc) &+ UInt16(bytes[1])
    }
    header.extensions.transportSequence = bytes[0] & 16 != 0 ? UInt16(bytes[1]) : nil
    let mid: [UInt8] = bytes[0] >> 6 == 0 ? [] : [0x2F + (bytes[0] >> 6)]
    var map = HeaderExtensionMap()
    map.transportSequence = 3
    map.mid = 4
    map.rid = 10
    map.repairedRID = 11
    let rid: [UInt8] = bytes[0] & 32 != 0 ? [0x61 + (bytes[3] & 3)] : []
    var packet = [UInt8](repeating: 0, count: 400)
    var writer = SpanWriter(packet.mutableSpan)
    header.write(into: &writer, extensions: map, mid: mid.span, rid: rid.span)
    writer.write(bytes.span.extracting(4...))
    let count = writer.count
    self.takePlain(Array(packet[..<count]), isControl: false, now: now)
  }

  /// As `PeerConnection.receive` does once SRTP has had its say.
  private mutating func takePlain(_ packet: [UInt8], isControl: Bool, now: Instant) {
    guard self.peer.core.isMediaReady, !self.peer.core.isClosing, let media = self.peer.core.media else { return }
    self.peer.core.clock = max(self.peer.core.clock, now)
    if isControl {
      media.session.receiveControl(packet.span, now: now)
    } else {
      media.session.receive(packet.span, now: now)
    }
    self.peer.updateMediaDeadline()
  }
}
