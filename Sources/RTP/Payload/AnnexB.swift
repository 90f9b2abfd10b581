import Bytes

#if Video

/// The byte stream format of ITU-T H.264 annex B.
enum AnnexB {
  /// Where the next start code prefix (0, 0, 1) begins, at `start` or later; the end of `stream` if there is none.
  ///
  /// Every byte of every frame passes through here: eight at a time while there is no zero among them.
  static func nextStartCode(in stream: Span<UInt8>, from start: Int) -> Int {
    unsafe stream.withUnsafeBytes { bytes in
      let count = bytes.count
      var i = start
      while i &+ 3 <= count {
        if i &+ 8 <= count {
          let word = unsafe bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)
          if (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080 == 0 {
            i &+= 8
            continue
          }
        }
        let third = unsafe bytes[i &+ 2]
        if third > 1 {
          i &+= 3
        } else if unsafe third == 1 && bytes[i] == 0 && bytes[i &+ 1] == 0 {
          return i
        } else {
          i &+= 1
        }
      }
      return count
    }
  }

  /// The NAL unit that follows the start code prefix at `prefix`, and where the next prefix begins. Zero bytes at its end are not
  /// its own: they are trailing_zero_8bits or the zero_byte of the next start code, for no NAL unit ends in zero (7.4.1).
  static func unit(in stream: Span<UInt8>, after prefix: Int) -> (range: Range<Int>, next: Int) {
    let start = prefix &+ 3
    let next = Self.nextStartCode(in: stream, from: start)
    var end = next
    while end > start, stream[end &- 1] == 0 { end &-= 1 }
    return (start..<end, next)
  }
}

#endif
