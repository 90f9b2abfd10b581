/// Maps the identifiers of streams in use to small consecutive slots: open addressing, so that memory follows
/// the number of streams in use and order never depends on hashing's seed.
package struct StreamIndex: Sendable {
  package static let none: Int32 = -1

  package private(set) var count = 0
  /// The identifier in each slot; of a free slot, the last one it had.
  private var identifiers: [UInt16] = []
  private var freeSlots: [Int32] = []
  /// A slot or `none`; a power of two long, at most half full.
  private var cells: [Int32] = []

  package init() {}

  package func identifier(of slot: Int32) -> UInt16 { self.identifiers[Int(slot)] }

  /// One past the highest slot ever given.
  package var slots: Int { self.identifiers.count }

  package func slot(of identifier: UInt16) -> Int32 {
    guard self.count > 0 else { return Self.none }
    var cell = self.home(of: identifier)
    while self.cells[cell] != Self.none {
      if self.identifiers[Int(self.cells[cell])] == identifier { return self.cells[cell] }
      cell = (cell &+ 1) & (self.cells.count &- 1)
    }
    return Self.none
  }

  /// Adds an identifier that is absent. A new slot equals `slots` before the call; else one is reused.
  package mutating func insert(_ identifier: UInt16) -> Int32 {
    if (self.count &+ 1) &* 2 > self.cells.count { self.grow() }
    let slot: Int32
    if let free = self.freeSlots.popLast() {
      slot = free
      self.identifiers[Int(slot)] = identifier
    } else {
      slot = Int32(truncatingIfNeeded: self.identifiers.count)
      self.identifiers.append(identifier)
    }
    self.place(slot)
    self.count &+= 1
    return slot
  }

  package mutating func remove(_ slot: Int32) {
    let mask = self.cells.count &- 1
    var hole = self.home(of: self.identifiers[Int(slot)])
    while self.cells[hole] != slot { hole = (hole &+ 1) & mask }
    // Moves later entries of the cluster up, so that no tombstones are needed.
    var cell = (hole &+ 1) & mask
    while self.cells[cell] != Self.none {
      let home = self.home(of: self.identifiers[Int(self.cells[cell])])
      if (cell &- home) & mask >= (cell &- hole) & mask {
        self.cells[hole] = self.cells[cell]
        hole = cell
      }
      cell = (cell &+ 1) & mask
    }
    self.cells[hole] = Self.none
    self.freeSlots.append(slot)
    self.count &-= 1
  }

  private func home(of identifier: UInt16) -> Int {
    // Stream identifiers are consecutive or two apart; an odd multiplier keeps both spread.
    Int(truncatingIfNeeded: (UInt32(identifier) &* 0x9E37_79B1) &>> 16) & (self.cells.count &- 1)
  }

  private mutating func place(_ slot: Int32) {
    var cell = self.home(of: self.identifiers[Int(slot)])
    while self.cells[cell] != Self.none { cell = (cell &+ 1) & (self.cells.count &- 1) }
    self.cells[cell] = slot
  }

  private mutating func grow() {
    let old = self.cells
    self.cells = [Int32](repeating: Self.none, count: max(8, old.count &* 2))
    for slot in old where slot != Self.none { self.place(slot) }
  }
}
