/// The bytes of a message or frame follow from its name, so that whoever receives them can tell what they should be.
struct Payload: Equatable {
  /// Channel or track.
  var source: Int
  /// Who sends: the peer's place in the scenario.
  var sender: Int
  var index: Int

  static let nameSize = 8

  func bytes(size: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: size)
    self.fill(&bytes, from: 0)
    return bytes
  }

  /// Fills from `start` on; there is a name first where there is room.
  func fill(_ bytes: inout [UInt8], from start: Int) {
    var state = UInt64(truncatingIfNeeded: self.source) &* 0x9e37_79b9_7f4a_7c15
    state = (state ^ UInt64(truncatingIfNeeded: self.sender)) &* 0xbf58_476d_1ce4_e5b9
    state = (state ^ UInt64(truncatingIfNeeded: self.index)) &* 0x94d0_49bb_1331_11eb
    var place = start
    if bytes.count - start >= Self.nameSize {
      self.writeName(&bytes, at: start)
      place += Self.nameSize
    }
    while place < bytes.count {
      state ^= state &<< 13
      state ^= state &>> 7
      state ^= state &<< 17
      state |= 1
      var word = state
      var count = min(8, bytes.count - place)
      while count > 0 {
        // Never zero: H264 would take rows of them for the ends of its units.
        bytes[place] = UInt8(truncatingIfNeeded: word) | 1
        word &>>= 8
        place += 1
        count -= 1
      }
    }
  }

  private func writeName(_ bytes: inout [UInt8], at start: Int) {
    // Seven bits a byte, the lowest always set: no zeros.
    func put(_ value: Int, _ offset: Int) { bytes[start + offset] = UInt8(truncatingIfNeeded: value &<< 1) | 1 }
    put(self.source, 0)
    put(self.source >> 7, 1)
    put(self.sender, 2)
    put(self.index, 3)
    put(self.index >> 7, 4)
    put(self.index >> 14, 5)
    put(0x53, 6)
    put(0x57, 7)
  }

  /// The name that the bytes begin with; nil where they are too short or begin otherwise.
  init?(reading bytes: ArraySlice<UInt8>) {
    guard bytes.count >= Self.nameSize else { return nil }
    let start = bytes.startIndex
    func get(_ offset: Int) -> Int { Int(bytes[start + offset] >> 1) }
    guard get(6) == 0x53, get(7) == 0x57 else { return nil }
    self.source = get(0) | get(1) << 7
    self.sender = get(2)
    self.index = get(3) | get(4) << 7 | get(5) << 14
  }

  init(source: Int, sender: Int, index: Int) {
    self.source = source
    self.sender = sender
    self.index = index
  }
}
