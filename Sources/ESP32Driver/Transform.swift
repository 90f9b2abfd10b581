import CESPPeer

/// The application's functions that change frames.
@safe
struct FrameTransform {
  let size: @convention(c) (UnsafeMutablePointer<esp_peer_rtp_frame_t>?, UnsafeMutablePointer<Bool>?, UnsafeMutableRawPointer?) -> CInt
  let run: @convention(c) (UnsafeMutablePointer<esp_peer_rtp_frame_t>?, UnsafeMutableRawPointer?) -> CInt
  let context: UnsafeMutableRawPointer?
}

/// The buffers in which a frame is changed.
@safe
struct TransformStage {
  /// The frame as it comes: a copy, so that a transform that works in place changes nothing of the application's.
  private var input = Buffer(count: 0)
  private var other = Buffer(count: 0)
  private var isInPlace = true
  /// Of the frame as it goes on.
  private(set) var count = 0
  /// Some thread has a frame in the transform's hands.
  var isBusy = false

  /// The frame as it goes on, in the first `count` bytes.
  var output: UnsafeMutableBufferPointer<UInt8> { unsafe self.isInPlace ? self.input.bytes : self.other.bytes }

  func free() {
    self.input.free()
    self.other.free()
  }

  mutating func take(_ frame: Span<UInt8>) {
    self.input.ensure(frame.count)
    for index in frame.indices { self.input[index] = frame[index] }
    self.count = frame.count
  }

  /// Changes the frame that was taken; false: it goes no further.
  mutating func apply(_ transform: FrameTransform, _ payloadType: UInt8) -> Bool {
    self.isInPlace = true
    var frame = unsafe esp_peer_rtp_frame_t()
    unsafe frame.orig_data = self.input.bytes.baseAddress
    unsafe frame.orig_size = UInt32(clamping: self.count)
    unsafe frame.payload_type = payloadType
    var inPlace = false
    let answer = unsafe transform.size(&frame, &inPlace, transform.context)
    if answer == .notSupported { return true }
    let bound = unsafe Int(clamping: frame.encoded_size)
    guard answer == .none, bound <= (inPlace ? self.count : Self.maximumSize) else { return false }
    self.isInPlace = inPlace
    if !inPlace { self.other.ensure(bound) }
    unsafe frame.encoded_data = self.output.baseAddress
    guard unsafe transform.run(&frame, transform.context) == .none, unsafe Int(clamping: frame.encoded_size) <= bound else { return false }
    self.count = unsafe Int(frame.encoded_size)
    return true
  }

  private static let maximumSize = 1 << 24
}
