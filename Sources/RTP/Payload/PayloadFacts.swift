/// What one payload says of itself, found without state.
@frozen
public struct PayloadFacts: Equatable, Sendable {
  @frozen
  public enum Start: UInt8, Sendable { case yes, no, unknown }

  /// Whether a frame can begin with this payload. `.yes` where nothing of the frame needs to precede it, `.no` where something
  /// must, `.unknown` where only the packet before can tell.
  public var start: Start
  /// Whether the frame ends here, by the marker bit or, for audio, always.
  public var endsFrame: Bool
  /// Whether it belongs to a key frame, as far as this payload shows: a frame is one if any of its payloads says so. Always for
  /// audio and JPEG; for H264 on parts of an IDR picture, for VP8 on a frame's first payload.
  public var isKeyFrame: Bool
  /// No more bytes than this does the payload add to its frame.
  public var assembledSize: Int

  @inlinable
  public init(start: Start, endsFrame: Bool, isKeyFrame: Bool, assembledSize: Int) {
    self.start = start
    self.endsFrame = endsFrame
    self.isKeyFrame = isKeyFrame
    self.assembledSize = assembledSize
  }
}

/// What an assembled frame is.
@frozen
public struct FrameFacts: Equatable, Sendable {
  public var isKeyFrame: Bool
  /// Pixels, after cropping; 0 where not known.
  public var width: UInt16
  public var height: UInt16

  @inlinable
  public init(isKeyFrame: Bool, width: UInt16 = 0, height: UInt16 = 0) {
    self.isKeyFrame = isKeyFrame
    self.width = width
    self.height = height
  }
}
