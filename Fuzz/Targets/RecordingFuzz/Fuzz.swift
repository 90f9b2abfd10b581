import Simulator
import WebRTC

/// Replays a recording of which nothing may be true: it ends in an error or an end, in bounded time and memory.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let replayer = try? Replayer(Array(UnsafeBufferPointer(start: data, count: count))) else { return 0 }
  play(replayer)
  return 0
}

func play(_ replayer: consuming Replayer) {
  while let step = try? replayer.step() {
    guard case .event = step else { continue }
    // What a user looks at while it runs.
    _ = replayer.connection.statistics
    _ = replayer.connection.nextDeadline
  }
}
