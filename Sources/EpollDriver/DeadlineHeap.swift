import Time

/// The peers that wait for a time, earliest first: a binary heap in which every peer knows its own place, so that
/// changing a deadline is O(log n) and leaves nothing stale behind.
struct DeadlineHeap {
  private var entries: [(deadline: Instant, peer: Peer)] = []

  var earliest: Instant? { self.entries.first?.deadline }

  /// The first peer whose deadline is not after `now`; it stays in the heap.
  func due(at now: Instant) -> Peer? {
    guard let first = self.entries.first, first.deadline <= now else { return nil }
    return first.peer
  }

  /// Gives `peer` a deadline, a new one, or none.
  mutating func update(_ peer: Peer, to deadline: Instant?) {
    guard let deadline else { return self.remove(peer) }
    if peer.heapIndex < 0 {
      peer.heapIndex = self.entries.count
      self.entries.append((deadline, peer))
      self.moveUp(peer.heapIndex)
    } else {
      let previous = self.entries[peer.heapIndex].deadline
      guard deadline != previous else { return }
      self.entries[peer.heapIndex].deadline = deadline
      if deadline < previous { self.moveUp(peer.heapIndex) } else { self.moveDown(peer.heapIndex) }
    }
  }

  mutating func remove(_ peer: Peer) {
    let index = peer.heapIndex
    guard index >= 0 else { return }
    let last = self.entries.count - 1
    if index != last { self.swap(index, last) }
    self.entries.removeLast()
    peer.heapIndex = -1
    if index < last {
      self.moveUp(index)
      self.moveDown(index)
    }
  }

  private mutating func moveUp(_ start: Int) {
    var index = start
    while index > 0, self.entries[index].deadline < self.entries[(index - 1) / 2].deadline {
      self.swap(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  private mutating func moveDown(_ start: Int) {
    var index = start
    while true {
      var smallest = index
      for child in (2 * index + 1)...(2 * index + 2)
      where child < self.entries.count && self.entries[child].deadline < self.entries[smallest].deadline {
        smallest = child
      }
      if smallest == index { return }
      self.swap(index, smallest)
      index = smallest
    }
  }

  private mutating func swap(_ a: Int, _ b: Int) {
    self.entries.swapAt(a, b)
    self.entries[a].peer.heapIndex = a
    self.entries[b].peer.heapIndex = b
  }
}
