import Bytes

#if Video

/// The parameter sets that a sender's frames have carried, kept to be repeated before key frames that lack them: a receiver that
/// joins late can decode from any key frame.
struct H264ParameterSets: Sendable {
  struct Entry: Equatable, Sendable {
    var type: UInt8
    /// seq_parameter_set_id or pic_parameter_set_id.
    var id: UInt32
    var start: Int
    var count: Int
    var end: Int { self.start &+ self.count }
  }

  static let maximumEntries = 16
  static let maximumBytes = 4096

  /// All sets, one after the other.
  private(set) var bytes: [UInt8] = []
  private(set) var entries: [Entry] = []

  /// Keeps a set in place of the one with its type and id. The same bytes again, the usual case, cost no allocation.
  mutating func keep(_ unit: Span<UInt8>) {
    guard unit.count > 1, let id = Self.id(of: unit) else { return }
    let type = unit[0] & H264NAL.typeMask
    var i = 0
    while i < self.entries.count {
      let entry = self.entries[i]
      if entry.type == type, entry.id == id {
        if bytesEqual(self.bytes.span.extracting(entry.start..<entry.end), unit) { return }
        self.remove(at: i)
        break
      }
      i &+= 1
    }
    guard self.entries.count < Self.maximumEntries, unit.count <= Self.maximumBytes &- self.bytes.count else { return }
    self.entries.append(Entry(type: type, id: id, start: self.bytes.count, count: unit.count))
    i = 0
    while i < unit.count {
      self.bytes.append(unit[i])
      i &+= 1
    }
  }

  private mutating func remove(at index: Int) {
    let gone = self.entries.remove(at: index)
    self.bytes.removeSubrange(gone.start..<gone.end)
    var i = index
    while i < self.entries.count {
      self.entries[i].start &-= gone.count
      i &+= 1
    }
  }

  private static func id(of unit: Span<UInt8>) -> UInt32? {
    // profile_idc, the constraint flags and level_idc precede an SPS's id, nothing a PPS's.
    let skipped = unit[0] & H264NAL.typeMask == H264NAL.pps ? 0 : 24
    var reader = RBSPReader(unit, from: 1)
    do {
      _ = try reader.bits(skipped)
      return try reader.unsigned()
    } catch { return nil }
  }
}

#endif
