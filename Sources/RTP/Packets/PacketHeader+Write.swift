import Bytes

/// Where in a written packet the extensions lie that only the moment of sending can fill in; 0: not written.
struct ExtensionStamps: Equatable, Sendable {
  var absoluteSendTime: UInt16 = 0
  var transportSequence: UInt16 = 0
}

extension PacketHeader {
  /// Writes the header with those of its extensions that `map` knows, and `mid` and `rid` where they are not empty. Contributing sources
  /// and padding are not written.
  public func write(
    into writer: inout SpanWriter, extensions map: HeaderExtensionMap, mid: Span<UInt8>, rid: Span<UInt8>
  ) {
    _ = self.writeStamped(into: &writer, extensions: map, mid: mid, rid: rid)
  }

  func writeStamped(
    into writer: inout SpanWriter, extensions map: HeaderExtensionMap, mid: Span<UInt8>, rid: Span<UInt8>
  ) -> ExtensionStamps {
    let start = writer.count
    writer.write(0x80 as UInt8)
    writer.write(self.payloadType & 0x7F | (self.marker ? 0x80 : 0))
    writer.write(self.sequenceNumber)
    writer.write(self.timestamp)
    writer.write(self.ssrc)
    var block = ExtensionBlock(map: map, values: self.extensions, mid: mid, rid: rid)
    guard block.isNeeded else { return ExtensionStamps() }
    writer.patch(0x90 as UInt8, at: start)
    return block.write(self.extensions, mid: mid, rid: rid, map: map, into: &writer, packetStart: start)
  }

  /// The size of what `write` writes.
  func size(extensions map: HeaderExtensionMap, mid: Span<UInt8>, rid: Span<UInt8>) -> Int {
    let block = ExtensionBlock(map: map, values: self.extensions, mid: mid, rid: rid)
    return Self.fixedSize &+ (block.isNeeded ? 4 &+ (block.size &+ 3) / 4 &* 4 : 0)
  }
}

/// The form and size of an extension block: one-byte elements where ids and lengths allow (RFC 8285 section 4.2), else two-byte
/// ones for all (a block has one form).
private struct ExtensionBlock {
  var size = 0
  var isNeeded: Bool { self.size > 0 }
  var usesTwoBytes = false

  init(map: HeaderExtensionMap, values: ExtensionValues, mid: Span<UInt8>, rid: Span<UInt8>) {
    var elements = 0
    var bytes = 0
    func add(_ id: UInt8, _ count: Int, _ block: inout ExtensionBlock) {
      guard id != 0, count > 0, count <= 255 else { return }
      elements &+= 1
      bytes &+= count
      if id > 14 || count > 16 { block.usesTwoBytes = true }
    }
    add(map.mid, mid.count, &self)
    add(map.rid, rid.count, &self)
    if values.absoluteSendTime != nil { add(map.absoluteSendTime, 3, &self) }
    if values.transportSequence != nil { add(map.transportSequence, 2, &self) }
    if values.audioLevel != nil { add(map.audioLevel, 1, &self) }
    if values.absoluteCaptureTime != nil {
      add(map.absoluteCaptureTime, values.captureClockOffset == nil ? 8 : 16, &self)
    }
    self.size = bytes &+ elements &* (self.usesTwoBytes ? 2 : 1)
  }

  mutating func write(
    _ values: ExtensionValues, mid: Span<UInt8>, rid: Span<UInt8>, map: HeaderExtensionMap, into writer: inout SpanWriter,
    packetStart: Int
  ) -> ExtensionStamps {
    var stamps = ExtensionStamps()
    writer.write(self.usesTwoBytes ? 0x1000 as UInt16 : 0xBEDE)
    let words = (self.size &+ 3) / 4
    writer.write(UInt16(truncatingIfNeeded: words))
    let start = writer.count
    if map.mid != 0, mid.count > 0, mid.count <= 255 {
      self.element(map.mid, mid.count, &writer)
      writer.write(mid)
    }
    if map.rid != 0, rid.count > 0, rid.count <= 255 {
      self.element(map.rid, rid.count, &writer)
      writer.write(rid)
    }
    if let value = values.absoluteSendTime, map.absoluteSendTime != 0 {
      self.element(map.absoluteSendTime, 3, &writer)
      stamps.absoluteSendTime = UInt16(truncatingIfNeeded: writer.count &- packetStart)
      writer.write24(value)
    }
    if let value = values.transportSequence, map.transportSequence != 0 {
      self.element(map.transportSequence, 2, &writer)
      stamps.transportSequence = UInt16(truncatingIfNeeded: writer.count &- packetStart)
      writer.write(value)
    }
    if let value = values.audioLevel, map.audioLevel != 0 {
      self.element(map.audioLevel, 1, &writer)
      writer.write(min(value, 127) | (values.hasVoice ? 0x80 : 0))
    }
    if let value = values.absoluteCaptureTime, map.absoluteCaptureTime != 0 {
      self.element(map.absoluteCaptureTime, values.captureClockOffset == nil ? 8 : 16, &writer)
      writer.write(value)
      if let offset = values.captureClockOffset { writer.write(UInt64(bitPattern: offset)) }
    }
    writer.writeZeros(words &* 4 &- (writer.count &- start))
    return stamps
  }

  private func element(_ id: UInt8, _ count: Int, _ writer: inout SpanWriter) {
    if self.usesTwoBytes {
      writer.write(id)
      writer.write(UInt8(truncatingIfNeeded: count))
    } else {
      writer.write(id &<< 4 | UInt8(truncatingIfNeeded: count &- 1))
    }
  }
}
