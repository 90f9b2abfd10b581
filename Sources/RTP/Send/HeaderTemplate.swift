import Bytes

/// The header that most packets of a line share, written once: only payload type, marker, number and timestamp are put into a copy of it.
/// What a packet has to say beyond it (audio level, capture time) makes it written anew.
struct HeaderTemplate: Sendable {
  let extensions: HeaderExtensionMap
  private let mid: [UInt8]
  private let bytes: [UInt8]
  private let stamps: ExtensionStamps

  init(ssrc: UInt32, extensions: HeaderExtensionMap, mid: [UInt8]) {
    self.extensions = extensions
    self.mid = mid
    var header = PacketHeader(payloadType: 0, ssrc: ssrc)
    header.extensions = Self.reserved(extensions)
    var bytes = [UInt8](repeating: 0, count: header.size(extensions: extensions, mid: mid.span, rid: Span()))
    var writer = SpanWriter(bytes.mutableSpan)
    self.stamps = header.writeStamped(into: &writer, extensions: extensions, mid: mid.span, rid: Span())
    self.bytes = bytes
  }

  /// The same under another SSRC.
  init(ssrc: UInt32, copying other: HeaderTemplate) {
    self.init(ssrc: ssrc, extensions: other.extensions, mid: other.mid)
  }

  /// Room for what is filled in when the packet leaves.
  static func reserved(_ map: HeaderExtensionMap) -> ExtensionValues {
    var values = ExtensionValues()
    guard carriesVideo else { return values }
    if map.absoluteSendTime != 0 { values.absoluteSendTime = 0 }
    if map.transportSequence != 0 { values.transportSequence = 0 }
    return values
  }

  @inline(__always)
  private func covers(_ values: ExtensionValues) -> Bool {
    (values.audioLevel == nil || self.extensions.audioLevel == 0)
      && (values.absoluteCaptureTime == nil || self.extensions.absoluteCaptureTime == 0)
  }

  func size(of header: PacketHeader) -> Int {
    self.covers(header.extensions)
      ? self.bytes.count : header.size(extensions: self.extensions, mid: self.mid.span, rid: Span())
  }

  /// Writes the header; `header.extensions` begin with those `reserved`.
  @inline(__always)
  func write(_ header: PacketHeader, into writer: inout SpanWriter) -> ExtensionStamps {
    guard self.covers(header.extensions) else {
      return header.writeStamped(into: &writer, extensions: self.extensions, mid: self.mid.span, rid: Span())
    }
    let start = writer.count
    writer.write(self.bytes.span)
    writer.patch(header.payloadType & 0x7F | (header.marker ? 0x80 : 0), at: start &+ 1)
    writer.patch(header.sequenceNumber, at: start &+ 2)
    writer.patch(header.timestamp, at: start &+ 4)
    return self.stamps
  }
}
