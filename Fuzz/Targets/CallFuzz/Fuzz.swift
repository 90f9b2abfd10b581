import Bytes
import RTP
import Simulator
import Time
import WebRTC

/// Two peers with audio and video whose input is a string of calls, time steps, what happens to the datagrams and
/// descriptions between them, and what the other side's key holder could send. Keys and handshakes are made once; every run
/// plays on a fork.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  var cursor = SpanCursor(input.span)
  guard let start = try? cursor.read(UInt8.self) else { return 0 }
  var bench = Start.shared.bench(start)
  bench.settle()
  // Long enough for any story; what is longer tells nothing new, and takes seconds.
  for _ in 0..<400 {
    guard let verb = try? cursor.read(UInt8.self), let n = try? cursor.read(UInt8.self) else { break }
    bench.step(verb, n, &cursor)
    bench.settle()
  }
  bench.finish()
  return 0
}

/// The places from which runs begin.
final class Start {
  nonisolated(unsafe) static let shared = Start()
  /// Nothing exchanged yet.
  let new: Bench
  /// Opus and VP8 flow both ways.
  let call: Bench
  /// G.711 and H264, within tight bounds, and the second side forwards packets.
  let tight: Bench

  init() {
    self.new = Bench(isTight: false)
    self.call = Start.connect(self.new.fork())
    self.tight = Start.connect(Bench(isTight: true))
  }

  private static func connect(_ start: consuming Bench) -> Bench {
    var bench = start
    bench.exchange(offerer: 0)
    var rounds = 0
    while !bench.first.isConnected || !bench.second.isConnected {
      bench.pass()
      rounds += 1
      precondition(rounds < 800, "runs could not begin connected")
    }
    for n in 0..<4 as Range<UInt8> {
      for transceiver in 0..<2 as Range<UInt8> {
        bench.first.sendFrame(transceiver, size: n, now: bench.now)
        bench.second.sendFrame(transceiver, size: n, now: bench.now)
      }
      for _ in 0..<4 { bench.pass() }
    }
    precondition(bench.first.taken > 2 && bench.second.taken > 2, "runs could not begin with media")
    return bench
  }

  func bench(_ start: UInt8) -> Bench {
    switch start & 7 {
    case 0: self.new.fork()
    case 1, 2, 3: self.tight.fork()
    default: self.call.fork()
    }
  }
}
