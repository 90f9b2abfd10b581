import Bytes
import Time

extension Sender {
  /// Writes the packet whose turn it is. False: none, or no room.
  mutating func writeNew(
    into writer: inout SpanWriter, departures: inout DepartureLog, now: Instant, ntpTime: UInt64
  ) -> Bool {
    guard self.isReady, let place = self.store.nextWaiting else { return false }
    let entry = self.store.entry(at: place)
    guard writer.remaining >= Int(entry.count) else { return false }
    if carriesVideo, entry.stamps != ExtensionStamps() {
      let number = entry.stamps.transportSequence == 0 ? 0 : departures.depart(Int(entry.count), at: now)
      self.store.stamp(place, absoluteSendTime: NTPTime.absoluteSendTime(ntpTime), transportSequence: number)
    }
    writer.write(self.store.packet(at: place))
    self.store.markSent(place, at: now)
    self.pacer.sent()
    // Where nobody polled for a while, the next group is due already.
    if self.pacer.allowance == 0 { self.pacer.advance(waiting: self.store.waiting, to: now) }
    let payload = UInt32(entry.count &- entry.headerCount)
    self.packetCount &+= 1
    self.octetCount &+= payload
    self.statistics.packetsSent &+= 1
    self.statistics.bytesSent &+= UInt64(payload)
    self.statistics.headerBytesSent &+= UInt64(entry.headerCount)
    self.repeatCredit = min(self.repeatCredit &+ Int(entry.count) &* self.repeatShare / 100, self.repeatBurst)
    return true
  }

  /// The peer misses a packet. It is sent again unless that happened within `spacing`, or too often, or others used up what
  /// repeats may take: a storm of NACKs costs no more than the configured share.
  mutating func requestRepeat(of number: UInt16, spacing: Interval, now: Instant) {
    guard let place = self.store.find(number) else {
      self.statistics.repeatsRefused &+= 1
      return
    }
    let entry = self.store.entry(at: place)
    guard !entry.repeatIsDue, entry.repeats == 0 || now - entry.lastSent >= spacing else { return }
    guard self.isSending, now - entry.firstSent <= self.store.limits.age, entry.repeats < self.maximumRepeats,
      self.repeatCredit >= Int(entry.count), self.repeats.push(number)
    else {
      self.statistics.repeatsRefused &+= 1
      return
    }
    self.repeatCredit &-= Int(entry.count)
    self.store.markRepeatDue(place)
  }

  var owesRepeat: Bool { self.repeats.count > 0 }

  /// Writes the next packet that was asked for: by RTX (RFC 4588) where it was negotiated, else as it was.
  mutating func writeRepeat(
    into writer: inout SpanWriter, departures: inout DepartureLog, now: Instant, ntpTime: UInt64
  ) -> Bool {
    guard writer.remaining >= self.store.packetSize &+ 2 else { return false }
    while let number = self.repeats.pop() {
      guard let place = self.store.find(number) else { continue }
      let entry = self.store.entry(at: place)
      guard entry.repeatIsDue else { continue }
      self.store.markRepeated(place, at: now)
      let start = writer.count
      let payloadType = self.store.packet(at: place)[1] & 0x7F
      if let rtx = self.rtxPayloadType(for: payloadType) {
        self.writeRTX(place, entry, rtx, into: &writer)
        if carriesVideo, entry.stamps.absoluteSendTime != 0 {
          writer.patch24(NTPTime.absoluteSendTime(ntpTime), at: start &+ Int(entry.stamps.absoluteSendTime))
        }
        if carriesVideo, entry.stamps.transportSequence != 0 {
          writer.patch(
            departures.depart(writer.count &- start, at: now), at: start &+ Int(entry.stamps.transportSequence))
        }
      } else {
        // The same bytes, for SRTP makes the same nonce of the same sequence number.
        writer.write(self.store.packet(at: place))
      }
      self.statistics.retransmittedPacketsSent &+= 1
      self.statistics.retransmittedBytesSent &+= UInt64(entry.count &- entry.headerCount)
      return true
    }
    return false
  }

  @inline(__always) private func rtxPayloadType(for payloadType: UInt8) -> UInt8? {
    for mapping in self.mappings where mapping.payloadType == payloadType { return mapping.rtxPayloadType }
    return nil
  }

  /// RFC 4588 section 4: a stream of its own, with the original's sequence number before the payload.
  private mutating func writeRTX(
    _ place: Int, _ entry: SendStore.Entry, _ payloadType: UInt8, into writer: inout SpanWriter
  ) {
    let start = writer.count
    let number = self.rtxSequenceNumber
    self.rtxSequenceNumber &+= 1
    let packet = self.store.packet(at: place)
    let header = Int(entry.headerCount)
    writer.write(packet.extracting(0..<header))
    writer.write(entry.sequenceNumber)
    writer.write(packet.extracting(header..<packet.count))
    writer.patch(packet[1] & 0x80 | payloadType & 0x7F, at: start &+ 1)
    writer.patch(number, at: start &+ 2)
    writer.patch(self.rtxSSRC, at: start &+ 8)
  }
}
