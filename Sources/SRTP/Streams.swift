/// What libsrtp2 knows of each SSRC that we send, and does not tell: enough to lead a fresh session there.
struct SendStreams {
  struct Stream {
    var ssrc: UInt32
    /// The highest packet index sent.
    var highest: UInt64 = 0
    /// The latest SRTCP index sent; libsrtp2 begins with 1.
    var controlIndex: UInt32 = 0
  }

  var streams: [Stream] = []
  /// Packets come in runs of one SSRC.
  private var recent = 0

  @inline(__always)
  mutating func find(_ ssrc: UInt32) -> Int? {
    if self.recent < self.streams.count, self.streams[self.recent].ssrc == ssrc { return self.recent }
    var i = 0
    while i < self.streams.count {
      if self.streams[i].ssrc == ssrc {
        self.recent = i
        return i
      }
      i &+= 1
    }
    return nil
  }

  mutating func add(_ ssrc: UInt32) -> Int {
    self.streams.append(Stream(ssrc: ssrc))
    return self.streams.count &- 1
  }
}

/// The receiving side's replay state. It is the authority, before libsrtp2's own: a fork's libsrtp2 session is led to the
/// highest packet index only, and without this would let pass again what came before the fork.
struct ReceiveStreams {
  struct Stream {
    var ssrc: UInt32
    /// Where the ring of the RTP packets seen starts; that of the RTCP packets follows.
    var bits: Int
    var highest: UInt64 = 0
    var controlHighest: UInt64 = 0
  }

  /// libsrtp2's window for SRTCP, in words: 128 packets.
  static let controlWords = 2

  private(set) var streams: [Stream] = []
  private var bits = ReplayBits()
  private let words: Int
  private var recent = 0

  /// `window` is a multiple of 64.
  init(window: Int) { self.words = window / 64 }

  @inline(__always)
  mutating func find(_ ssrc: UInt32) -> Int? {
    if self.recent < self.streams.count, self.streams[self.recent].ssrc == ssrc { return self.recent }
    var i = 0
    while i < self.streams.count {
      if self.streams[i].ssrc == ssrc {
        self.recent = i
        return i
      }
      i &+= 1
    }
    return nil
  }

  mutating func add(_ ssrc: UInt32) -> Int {
    self.streams.append(Stream(ssrc: ssrc, bits: self.bits.grow(by: self.words &+ Self.controlWords)))
    return self.streams.count &- 1
  }

  @inline(__always)
  func verdict(_ index: UInt64, of slot: Int) -> ReplayBits.Verdict {
    let stream = self.streams[slot]
    return self.bits.verdict(index, highest: stream.highest, start: stream.bits, count: self.words)
  }

  @inline(__always)
  mutating func record(_ index: UInt64, of slot: Int) {
    let stream = self.streams[slot]
    self.streams[slot].highest =
      self.bits.record(index, highest: stream.highest, start: stream.bits, count: self.words)
  }

  func controlVerdict(_ index: UInt64, of slot: Int) -> ReplayBits.Verdict {
    let stream = self.streams[slot]
    return self.bits.verdict(
      index, highest: stream.controlHighest, start: stream.bits &+ self.words, count: Self.controlWords)
  }

  mutating func recordControl(_ index: UInt64, of slot: Int) {
    let stream = self.streams[slot]
    self.streams[slot].controlHighest = self.bits.record(
      index, highest: stream.controlHighest, start: stream.bits &+ self.words, count: Self.controlWords)
  }
}
