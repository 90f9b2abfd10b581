import Time

/// One deadline for each of many machines, the earliest first; changing one takes steps with the logarithm of their number. Of
/// equal deadlines the machine with the lower number comes first.
struct DeadlineHeap: Sendable {
  private var deadlines: [Instant] = []
  /// Where a machine stands in the heap; -1: nowhere.
  private var places: [Int] = []
  private var heap: [Int] = []

  /// A machine that waits for nothing, numbered by the order of these calls.
  mutating func append() {
    self.deadlines.append(.distantFuture)
    self.places.append(-1)
  }

  var next: Instant? {
    guard let first = self.heap.first else { return nil }
    return self.deadlines[first]
  }

  /// The machine that waits longest for its turn, where its deadline is not after `now`.
  func first(by now: Instant) -> Int? {
    guard let first = self.heap.first, self.deadlines[first] <= now else { return nil }
    return first
  }

  /// Nil: it waits for nothing.
  mutating func set(_ machine: Int, at deadline: Instant?) {
    let deadline = deadline ?? .distantFuture
    guard deadline != self.deadlines[machine] else { return }
    self.deadlines[machine] = deadline
    let place = self.places[machine]
    if deadline == .distantFuture {
      self.remove(at: place)
    } else if place < 0 {
      self.heap.append(machine)
      self.places[machine] = self.heap.count &- 1
      self.rise(from: self.heap.count &- 1)
    } else {
      self.rise(from: place)
      self.sink(from: self.places[machine])
    }
  }

  private mutating func remove(at place: Int) {
    guard place >= 0 else { return }
    self.places[self.heap[place]] = -1
    let last = self.heap.removeLast()
    guard place < self.heap.count else { return }
    self.put(last, at: place)
    self.rise(from: place)
    self.sink(from: self.places[last])
  }

  private func isBefore(_ a: Int, _ b: Int) -> Bool {
    self.deadlines[a] == self.deadlines[b] ? a < b : self.deadlines[a] < self.deadlines[b]
  }

  private mutating func put(_ machine: Int, at place: Int) {
    self.heap[place] = machine
    self.places[machine] = place
  }

  private mutating func rise(from start: Int) {
    let machine = self.heap[start]
    var place = start
    while place > 0 {
      let parent = (place &- 1) / 2
      guard self.isBefore(machine, self.heap[parent]) else { break }
      self.put(self.heap[parent], at: place)
      place = parent
    }
    self.put(machine, at: place)
  }

  private mutating func sink(from start: Int) {
    let machine = self.heap[start]
    var place = start
    while true {
      var child = place &* 2 &+ 1
      guard child < self.heap.count else { break }
      if child &+ 1 < self.heap.count, self.isBefore(self.heap[child &+ 1], self.heap[child]) { child &+= 1 }
      guard self.isBefore(self.heap[child], machine) else { break }
      self.put(self.heap[child], at: place)
      place = child
    }
    self.put(machine, at: place)
  }
}
