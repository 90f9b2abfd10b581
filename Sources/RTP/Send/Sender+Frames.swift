import Bytes
import Time

extension Sender {
  /// Takes a whole frame or nothing of it.
  mutating func send(_ frame: Span<UInt8>, _ timing: FrameTiming, now: Instant) throws(SendError) {
    guard self.isSending, let mapping = self.mappings.first else { throw .notNegotiated }
    var header = self.header(mapping.payloadType, timing)
    let headerSize = self.template.size(of: header)
    // The original's sequence number goes before the payload when it is sent again (RFC 4588 section 4).
    let room = self.store.packetSize &- headerSize &- 2
    if timing.followsSilence { self.packetizer?.noteSilence() }
    let summary: FrameSummary
    do throws(FrameError) {
      guard let begun = try self.packetizer?.begin(frame, maximumPayloadSize: room) else { throw .unsupported }
      summary = begun
    } catch {
      throw error == .tooLarge ? .tooLarge : .malformed
    }
    let bytes = summary.maximumBytes &+ summary.maximumPackets &* headerSize
    guard self.store.canHold(packets: summary.maximumPackets, bytes: bytes) else { throw .tooLarge }
    guard self.store.hasRoom(packets: summary.maximumPackets, bytes: bytes) else {
      self.statistics.framesRefused &+= 1
      throw .wouldBlock
    }
    var written = 0
    var isLast = false
    while !isLast {
      guard let entry = self.writeNext(of: frame, header: header) else {
        self.store.undo(written)
        self.sequenceNumber &-= UInt16(truncatingIfNeeded: written)
        throw .malformed
      }
      self.store.append(entry)
      self.sequenceNumber &+= 1
      written &+= 1
      header.sequenceNumber = self.sequenceNumber
      // Once a frame is enough.
      header.extensions.absoluteCaptureTime = nil
      header.extensions.captureClockOffset = nil
      isLast = self.packetizer?.isLast ?? true
    }
    self.note(header.timestamp, timing, now: now)
    self.statistics.framesSent &+= 1
    if summary.isKeyFrame { self.statistics.keyFramesSent &+= 1 }
  }

  /// Takes one payload as it is.
  mutating func sendPacket(
    _ payload: Span<UInt8>, marker: Bool, _ timing: FrameTiming, now: Instant
  ) throws(SendError) {
    guard self.isSending, let mapping = self.mappings.first else { throw .notNegotiated }
    guard payload.count > 0 else { throw .malformed }
    var header = self.header(mapping.payloadType, timing)
    header.marker = marker
    let size = self.template.size(of: header) &+ payload.count
    guard size <= self.store.packetSize else { throw .tooLarge }
    guard self.store.hasRoom(packets: 1, bytes: size), let offset = self.store.reserve() else {
      self.statistics.framesRefused &+= 1
      throw .wouldBlock
    }
    self.store.append(
      Self.write(
        header, self.template, into: &self.store.bytes, offset..<(offset &+ self.store.packetSize), payload: payload))
    self.sequenceNumber &+= 1
    self.note(header.timestamp, timing, now: now)
  }

  @inline(__always) private func header(_ payloadType: UInt8, _ timing: FrameTiming) -> PacketHeader {
    var header = PacketHeader(
      payloadType: payloadType, sequenceNumber: self.sequenceNumber,
      timestamp: timing.timestamp &+ self.timestampOffset, ssrc: self.ssrc)
    header.extensions = HeaderTemplate.reserved(self.template.extensions)
    header.extensions.audioLevel = timing.audioLevel
    header.extensions.hasVoice = timing.hasVoice
    header.extensions.absoluteCaptureTime = timing.absoluteCaptureTime
    header.extensions.captureClockOffset = timing.captureClockOffset
    return header
  }

  private mutating func writeNext(of frame: Span<UInt8>, header: PacketHeader) -> SendStore.Entry? {
    guard let offset = self.store.reserve() else { return nil }
    let room = offset..<(offset &+ self.store.packetSize &- 2)
    let entry = Self.write(
      header, self.template, into: &self.store.bytes, room, packetizer: &self.packetizer, of: frame)
    return entry.count > entry.headerCount ? entry : nil
  }

  /// Writes the next payload of the frame behind its header; an entry without a payload says that there was none.
  private static func write(
    _ header: PacketHeader, _ template: HeaderTemplate, into bytes: inout [UInt8], _ room: Range<Int>,
    packetizer: inout Packetizer?, of frame: Span<UInt8>
  ) -> SendStore.Entry {
    var entry = SendStore.Entry(offset: Int32(truncatingIfNeeded: room.lowerBound), sequenceNumber: header.sequenceNumber)
    var storage = bytes.mutableSpan
    var writer = SpanWriter(storage._mutatingExtracting(room))
    entry.stamps = template.write(header, into: &writer)
    entry.headerCount = UInt16(truncatingIfNeeded: writer.count)
    guard packetizer?.writeNext(of: frame, into: &writer) ?? false, !writer.overflowed else { return entry }
    if packetizer?.marker ?? false { writer.patch(header.payloadType & 0x7F | 0x80, at: 1) }
    entry.count = UInt16(truncatingIfNeeded: writer.count)
    return entry
  }

  private static func write(
    _ header: PacketHeader, _ template: HeaderTemplate, into bytes: inout [UInt8], _ room: Range<Int>,
    payload: Span<UInt8>
  ) -> SendStore.Entry {
    var entry = SendStore.Entry(offset: Int32(truncatingIfNeeded: room.lowerBound), sequenceNumber: header.sequenceNumber)
    var storage = bytes.mutableSpan
    var writer = SpanWriter(storage._mutatingExtracting(room))
    entry.stamps = template.write(header, into: &writer)
    entry.headerCount = UInt16(truncatingIfNeeded: writer.count)
    writer.write(payload)
    entry.count = UInt16(truncatingIfNeeded: writer.count)
    return entry
  }

  private mutating func note(_ timestamp: UInt32, _ timing: FrameTiming, now: Instant) {
    self.lastTimestamp = timestamp
    self.lastCapture = timing.capturedAt ?? now
    self.pacer.enqueue(waiting: self.store.waiting, now: now)
  }
}
