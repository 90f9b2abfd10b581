/// Events that wait for their owner, in order and in a bound. An owner who does not ask loses the newest, which is
/// counted; states can always be read.
struct EventRing<Event: Sendable>: Sendable {
  private var storage: [Event] = []
  private var head = 0
  /// Those that wait, told without a look at the storage, which lies elsewhere and is cold.
  private var count = 0
  private(set) var dropped: UInt32 = 0
  let capacity: Int

  init(capacity: Int) { self.capacity = capacity }

  mutating func append(_ event: Event) {
    guard self.count < self.capacity else {
      self.dropped &+= 1
      return
    }
    // What was taken goes in one piece once it is as much as may wait, so that each event moves once at most.
    if self.head >= self.capacity {
      self.storage.removeFirst(self.head)
      self.head = 0
    }
    // In small steps: doubling would take for ever what the exchange of descriptions needs once.
    if self.storage.count == self.storage.capacity { self.storage.reserveCapacity(self.storage.count &+ 4) }
    self.storage.append(event)
    self.count &+= 1
  }

  mutating func popFirst() -> Event? {
    guard self.count > 0 else { return nil }
    let event = self.storage[self.head]
    self.head &+= 1
    self.count &-= 1
    if self.count == 0 {
      self.storage.removeAll(keepingCapacity: true)
      self.head = 0
    }
    return event
  }
}
