/// The 48-bit index of an RTP packet: roll-over counter and sequence number (RFC 3711 section 3.3.1).
enum PacketIndex {
  /// The index that is meant by a sequence number, given the highest index so far (0 before the first packet).
  ///
  /// RFC 3711 appendix A, with libsrtp2's own rule for a stream that has just begun: up to index 32,768 the roll-over
  /// counter is taken for zero. It has to be libsrtp2's answer in every case, for a fork goes by it.
  @inline(__always)
  static func estimate(_ sequenceNumber: UInt16, highest: UInt64) -> UInt64 {
    guard highest > 0x8000 else { return UInt64(sequenceNumber) }
    let rollOver = UInt32(truncatingIfNeeded: highest &>> 16)
    let local = Int32(UInt16(truncatingIfNeeded: highest))
    let remote = Int32(sequenceNumber)
    let guess: UInt32
    if local < 0x8000 {
      guess = remote &- local > 0x8000 ? rollOver &- 1 : rollOver
    } else {
      guess = local &- 0x8000 > remote ? rollOver &+ 1 : rollOver
    }
    return UInt64(guess) &<< 16 | UInt64(sequenceNumber)
  }
}
