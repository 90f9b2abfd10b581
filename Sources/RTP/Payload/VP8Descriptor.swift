import Bytes

#if Video

/// The VP8 payload descriptor (RFC 7741 section 4.2).
@frozen
public struct VP8Descriptor: Equatable, Sendable {
  /// N: the frame can be dropped without harm to others.
  public var isNonReference: Bool
  /// S and PID: where partition `partition` begins.
  public var startsPartition: Bool
  public var partition: UInt8
  /// 7 or 15 bits.
  public var pictureID: UInt16?
  public var hasLongPictureID: Bool
  public var temporalLevelZeroIndex: UInt8?
  public var temporalLayer: UInt8?
  /// Y: only frames of the base layer are referred to.
  public var isLayerSync: Bool
  public var keyIndex: UInt8?
  /// Bytes of the descriptor.
  public var size: Int

  /// Nil where the payload ends before its descriptor does, or with it.
  public init?(_ payload: Span<UInt8>) {
    guard payload.count > 0 else { return nil }
    let first = payload[0]
    self.isNonReference = first & 0x20 != 0
    self.startsPartition = first & 0x10 != 0
    // Three bits; the fourth is reserved.
    self.partition = first & 0x07
    self.pictureID = nil
    self.hasLongPictureID = false
    self.temporalLevelZeroIndex = nil
    self.temporalLayer = nil
    self.isLayerSync = false
    self.keyIndex = nil
    var cursor = SpanCursor(payload)
    do {
      try cursor.skip(1)
      if first & 0x80 != 0 {
        let extensions: UInt8 = try cursor.read()
        if extensions & 0x80 != 0 {
          let id: UInt8 = try cursor.read()
          if id & 0x80 != 0 {
            let low: UInt8 = try cursor.read()
            self.pictureID = UInt16(id & 0x7F) &<< 8 | UInt16(low)
            self.hasLongPictureID = true
          } else {
            self.pictureID = UInt16(id)
          }
        }
        if extensions & 0x40 != 0 { self.temporalLevelZeroIndex = try cursor.read(UInt8.self) }
        if extensions & 0x30 != 0 {
          let byte: UInt8 = try cursor.read()
          if extensions & 0x20 != 0 {
            self.temporalLayer = byte &>> 6
            self.isLayerSync = byte & 0x20 != 0
          }
          if extensions & 0x10 != 0 { self.keyIndex = byte & 0x1F }
        }
      }
    } catch { return nil }
    self.size = cursor.offset
    guard self.size < payload.count else { return nil }
  }

  @inlinable public var startsFrame: Bool { self.startsPartition && self.partition == 0 }
}

#endif
