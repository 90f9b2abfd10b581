/// Who each SSRC is, found by bisection.
struct SourceTable: Sendable {
  enum Role: UInt8, Sendable {
    /// Ours: the index is a line's.
    case own
    /// A received stream, or the RTX stream that repairs it: the index is the stream's.
    case stream, repair
  }

  struct Entry: Sendable {
    var ssrc: UInt32
    var role: Role
    var index: Int
  }

  private var entries: [Entry] = []

  func find(_ ssrc: UInt32) -> Entry? {
    let place = self.place(of: ssrc)
    return place < self.entries.count && self.entries[place].ssrc == ssrc ? self.entries[place] : nil
  }

  mutating func insert(_ ssrc: UInt32, _ role: Role, _ index: Int) {
    let place = self.place(of: ssrc)
    let entry = Entry(ssrc: ssrc, role: role, index: index)
    if place < self.entries.count, self.entries[place].ssrc == ssrc {
      self.entries[place] = entry
    } else {
      self.entries.insert(entry, at: place)
    }
  }

  mutating func remove(_ ssrc: UInt32) {
    let place = self.place(of: ssrc)
    guard place < self.entries.count, self.entries[place].ssrc == ssrc else { return }
    self.entries.remove(at: place)
  }

  /// The first place whose SSRC is not smaller.
  private func place(of ssrc: UInt32) -> Int {
    var low = 0
    var high = self.entries.count
    while low < high {
      let middle = (low &+ high) / 2
      if self.entries[middle].ssrc < ssrc { low = middle &+ 1 } else { high = middle }
    }
    return low
  }
}
