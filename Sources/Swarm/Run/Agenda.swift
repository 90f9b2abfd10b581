import Time

/// What a run has to do and when, in order.
struct Agenda {
  enum Item {
    case step(Int)
    case signal(to: Int, Signal)
    case pull(Int)
    case play(Int)
    case endOutage(host: Int, Action.Way)
    case endPartition(Int)
    case resume(host: Int)
    case report(host: Int)
    case heal
    case tick
    case fork
  }

  struct Entry {
    var at: Instant
    var number: UInt64
    var item: Item
  }

  /// The next one last.
  private var entries: [Entry] = []
  private var count: UInt64 = 0

  var next: Instant? { self.entries.last?.at }

  mutating func add(_ item: Item, at: Instant) {
    self.count += 1
    var index = self.entries.count
    while index > 0, self.entries[index - 1].at <= at { index -= 1 }
    self.entries.insert(Entry(at: at, number: self.count, item: item), at: index)
  }

  mutating func popFirst(by now: Instant) -> Item? {
    guard let entry = self.entries.last, entry.at <= now else { return nil }
    self.entries.removeLast()
    return entry.item
  }

  /// Whether a signal is on its way to one of these.
  func hasSignals(to peers: [Int]) -> Bool {
    self.entries.contains { if case .signal(let peer, _) = $0.item { peers.contains(peer) } else { false } }
  }
}
