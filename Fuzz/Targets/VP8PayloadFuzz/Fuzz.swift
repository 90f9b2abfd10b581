import RTP

/// The input as VP8 payloads, and as a frame to be sent.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  drive(Array(UnsafeBufferPointer(start: data, count: count)), .vp8)
  return 0
}
