import RTP

/// The input as H264 payloads, and as a frame to be sent.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  drive(Array(UnsafeBufferPointer(start: data, count: count)), .h264)
  return 0
}
