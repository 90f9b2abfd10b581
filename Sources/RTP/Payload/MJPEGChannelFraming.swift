import Bytes

#if Video

/// MJPEG over a data channel, as Espressif's esp_webrtc sends it (`video_dc_chunked`): each message is a flag byte, the length of
/// the piece that follows in 4 bytes, big-endian, and the piece.
public enum MJPEGChannelFraming {
  /// What the flag byte holds, which differs between versions of esp_webrtc.
  @frozen
  public enum Style: UInt8, Sendable {
    /// Bit 0: start, bit 1: end. A piece lost in the middle goes unnoticed, so the channel should be reliable and ordered.
    case startEnd
    /// Bit 7: end, bits 0 to 6: the piece's number, from 0. No more than 128 pieces a frame.
    case numbered
  }

  public static let headerSize = 5
  /// Bytes of a frame in a message, as esp_webrtc has it by default.
  public static let defaultPieceSize = 10_000

  static let startFlag: UInt8 = 1
  static let endFlag: UInt8 = 2
  static let numberedEndFlag: UInt8 = 0x80
  static let numberMask: UInt8 = 0x7F
}

/// Splits JPEG frames into data channel messages: `begin`, then `writeNext` with the same bytes until it returns false.
public struct MJPEGChannelPacketizer: Sendable {
  let style: MJPEGChannelFraming.Style
  let pieceSize: Int
  var size = 0
  var offset = 0
  var number: UInt8 = 0

  /// `pieceSize` of 1 and up: bytes of a frame in a message, its header of 5 bytes not counted.
  public init(
    style: MJPEGChannelFraming.Style = .startEnd, pieceSize: Int = MJPEGChannelFraming.defaultPieceSize
  ) {
    self.style = style
    self.pieceSize = max(pieceSize, 1)
  }

  public var isLast: Bool { self.offset == self.size }

  /// Returns how many messages the frame takes. `.tooLarge`: more than 128 where pieces are numbered.
  public mutating func begin(_ frame: Span<UInt8>) throws(FrameError) -> Int {
    self.size = 0
    self.offset = 0
    self.number = 0
    guard frame.count > 0 else { throw .empty }
    guard isJPEG(frame) else { throw .malformed }
    let pieces = (frame.count &- 1) / self.pieceSize &+ 1
    guard self.style == .startEnd || pieces <= 128 else { throw .tooLarge }
    self.size = frame.count
    return pieces
  }

  /// Where the message does not fit, `writer.overflowed` tells, false is returned, and the message is not lost.
  public mutating func writeNext(of frame: Span<UInt8>, into writer: inout SpanWriter) -> Bool {
    guard self.offset < self.size, frame.count == self.size else { return false }
    let count = min(self.pieceSize, self.size &- self.offset)
    let isEnd = self.offset &+ count == self.size
    switch self.style {
    case .startEnd:
      writer.write(
        (self.offset == 0 ? MJPEGChannelFraming.startFlag : 0) | (isEnd ? MJPEGChannelFraming.endFlag : 0) as UInt8)
    case .numbered: writer.write(self.number | (isEnd ? MJPEGChannelFraming.numberedEndFlag : 0))
    }
    writer.write(UInt32(truncatingIfNeeded: count))
    writer.write(frame.extracting(self.offset..<(self.offset &+ count)))
    guard !writer.overflowed else { return false }
    self.offset &+= count
    self.number &+= 1
    return true
  }
}

/// Puts the messages of a channel together again, into one buffer that grows up to a bound.
public struct MJPEGChannelAssembler: Sendable {
  let style: MJPEGChannelFraming.Style
  let maximumFrameSize: Int
  var buffer: [UInt8] = []
  var size = 0
  /// The number that the next piece must have; nil: no frame has begun.
  var nextNumber: Int?
  var isWhole = false
  /// Frames thrown away: a piece is missing, or they are too large, or no JPEG.
  public private(set) var droppedFrames = 0
  /// Messages thrown away: no framing, a length that lies, a piece of no frame.
  public private(set) var droppedMessages = 0

  public init(style: MJPEGChannelFraming.Style = .startEnd, maximumFrameSize: Int = 512_000) {
    self.style = style
    self.maximumFrameSize = maximumFrameSize
  }

  /// Takes a message. True: a frame is whole and can be read from `frame` until the next call.
  public mutating func receive(_ message: Span<UInt8>) -> Bool {
    self.isWhole = false
    var cursor = SpanCursor(message)
    guard let flags = try? cursor.read(UInt8.self), let length = try? cursor.read(UInt32.self),
      Int(exactly: length) == cursor.remaining, cursor.remaining > 0
    else {
      self.droppedMessages &+= 1
      return false
    }
    let isStart: Bool
    let isEnd: Bool
    switch self.style {
    case .startEnd:
      isStart = flags & MJPEGChannelFraming.startFlag != 0
      isEnd = flags & MJPEGChannelFraming.endFlag != 0
    case .numbered:
      isStart = flags & MJPEGChannelFraming.numberMask == 0
      isEnd = flags & MJPEGChannelFraming.numberedEndFlag != 0
    }
    if isStart {
      if self.nextNumber != nil { self.droppedFrames &+= 1 }
      self.size = 0
    } else {
      guard let expected = self.nextNumber else {
        self.droppedMessages &+= 1
        return false
      }
      guard self.style == .startEnd || expected == Int(flags & MJPEGChannelFraming.numberMask) else {
        return self.dropFrame()
      }
    }
    guard self.add(message.extracting(MJPEGChannelFraming.headerSize..<message.count)) else { return self.dropFrame() }
    guard isEnd else {
      self.nextNumber = isStart ? 1 : (self.nextNumber ?? 0) &+ 1
      return false
    }
    guard isJPEG(self.buffer.span.extracting(0..<self.size)) else { return self.dropFrame() }
    self.nextNumber = nil
    self.isWhole = true
    return true
  }

  /// The frame that the last message ended; empty where it did not end one.
  public var frame: Span<UInt8> {
    @_lifetime(borrow self)
    get { self.buffer.span.extracting(0..<(self.isWhole ? self.size : 0)) }
  }

  private mutating func dropFrame() -> Bool {
    self.droppedFrames &+= 1
    self.nextNumber = nil
    self.size = 0
    return false
  }

  private mutating func add(_ piece: Span<UInt8>) -> Bool {
    guard piece.count <= self.maximumFrameSize &- self.size else { return false }
    let needed = self.size &+ piece.count
    if needed > self.buffer.count {
      // Doubled, so that growing costs a few allocations in the life of a channel.
      let target = min(self.maximumFrameSize, max(needed, 2 &* self.buffer.count))
      self.buffer.append(contentsOf: repeatElement(0, count: target &- self.buffer.count))
    }
    let end = self.size
    var span = self.buffer.mutableSpan
    copyBytes(from: piece, to: &span, at: end)
    self.size = needed
    return true
  }
}

/// Whether it begins with SOI and ends with EOI: what a frame pieced together wrongly mostly fails.
private func isJPEG(_ frame: Span<UInt8>) -> Bool {
  let count = frame.count
  return count >= 4 && frame[0] == 0xFF && frame[1] == 0xD8 && frame[count &- 2] == 0xFF && frame[count &- 1] == 0xD9
}

#endif
