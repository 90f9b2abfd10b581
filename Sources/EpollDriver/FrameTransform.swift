import Bytes
import RTP
import Time
import WebRTC

/// Changes encoded frames between the codec and the packets: to encrypt them end to end, or to add to them. After the model of W3C's
/// WebRTC Encoded Transform, one object a direction.
///
/// Called with the driver's lock held, frame by frame and in order. Who runs the engine in a loop of its own needs no hook: it changes
/// frames before `PeerConnection.sendFrame` and after `receiveFrame`.
public protocol FrameTransform: AnyObject {
  /// An upper bound of what `transform` writes for a frame of `size` bytes.
  func maximumSize(of size: Int) -> Int
  /// Writes what goes on in the frame's place; false: the frame is dropped. A sender's output has to be a frame of the codec still,
  /// as the packetizer reads it: H264 is cut at its start codes.
  func transform(_ frame: Span<UInt8>, _ info: FrameTransformInfo, into writer: inout SpanWriter) -> Bool
}

public struct FrameTransformInfo: Equatable, Sendable {
  public var transceiver: Transceiver
  public var codec: CodecFormat
  /// In units of the codec's clock rate; a receiver's is that of the packets.
  public var timestamp: UInt32
}

/// Runs frames through transforms, in a buffer that is used again.
struct TransformStage {
  private var buffer: [UInt8] = []

  /// Gives `body` the frame as it goes on, or nothing where it is dropped.
  mutating func apply<Failure: Error>(
    _ transform: FrameTransform, to frame: Span<UInt8>, _ info: FrameTransformInfo,
    _ body: (Span<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    let size = max(transform.maximumSize(of: frame.count), 0)
    if self.buffer.count < size { self.buffer = [UInt8](repeating: 0, count: size) }
    var writer = SpanWriter(self.buffer.mutableSpan)
    guard transform.transform(frame, info, into: &writer), !writer.overflowed else { return }
    let count = writer.count
    try body(self.buffer.span.extracting(0..<count))
  }
}
