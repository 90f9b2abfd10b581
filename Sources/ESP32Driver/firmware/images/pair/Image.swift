import Firmware
import Time

/// What `pair_run` found wrong, as bits.
enum Fault {
  static let setUp: CInt = 1
  static let incomplete: CInt = 2
  static let wrongContent: CInt = 4
}

/// One session from its certificates to its end: connect, talk, close.
@c public func pair_run(_ withAudio: CInt) -> CInt {
  do throws(ImageError) {
    let session = try Session(withAudio: withAudio != 0)
    var faults: CInt = session.run() ? 0 : Fault.incomplete
    let offerer = session.offerer, answerer = session.answerer
    if offerer.wrong > 0 || answerer.wrong > 0 { faults |= Fault.wrongContent }
    say_number("  messages received by the offerer: ", UInt32(offerer.messages))
    say_number("  messages received by the answerer: ", UInt32(answerer.messages))
    if withAudio != 0 {
      say_number("  audio frames received by the offerer: ", UInt32(offerer.frames))
      say_number("  audio frames received by the answerer: ", UInt32(answerer.frames))
    }
    say_number("  virtual milliseconds: ", UInt32(session.now.nanoseconds / 1_000_000 - 1000))
    session.close()
    return faults
  } catch {
    return Fault.setUp
  }
}
