/// Events in their order, within a bound.
struct EventQueue: Sendable {
  private var events: [Session.Event] = []
  private var first = 0
  /// Those that wait, told without a look at the array, which lies elsewhere and is cold.
  private var count = 0
  let capacity: Int

  init(capacity: Int) { self.capacity = capacity }

  /// False where the queue is full.
  mutating func push(_ event: Session.Event) -> Bool {
    guard self.count < self.capacity else { return false }
    self.events.append(event)
    self.count &+= 1
    return true
  }

  /// Whether one that waits is about the line.
  func concern(_ line: Int) -> Bool {
    for event in self.events[self.first...] {
      switch event {
      case .keyFrameRequested(line), .streamAdded(line, _, _), .streamRemoved(line, _), .sourceChanged(line, _): return true
      default: continue
      }
    }
    return false
  }

  mutating func pop() -> Session.Event? {
    guard self.count > 0 else { return nil }
    let event = self.events[self.first]
    self.first &+= 1
    self.count &-= 1
    // Room is kept, so that a steady trickle of events allocates nothing.
    if self.count == 0 {
      self.events.removeAll(keepingCapacity: true)
      self.first = 0
    } else if self.first >= self.capacity {
      self.events.removeFirst(self.first)
      self.first = 0
    }
    return event
  }
}
