import Bytes
import Testing
import Time

@testable import RTP

@Suite struct SendStoreTests {
  func fill(_ store: inout SendStore, _ number: UInt16, size: Int) -> Bool {
    guard let offset = store.reserve() else { return false }
    for i in 0..<size { store.bytes[offset + i] = UInt8(truncatingIfNeeded: number) }
    store.append(SendStore.Entry(offset: Int32(offset), count: UInt16(size), headerCount: 12, sequenceNumber: number))
    return true
  }

  @Test(arguments: 0..<20)
  func `packets keep their bytes until they are sent, however the ring turns`(seed: Int) {
    var random = SeededRandom(seed: .init(UInt64(seed)))
    var store = SendStore(limits: .init(bytes: 5000 + seed * 37, packets: 16, age: .seconds(1)), packetSize: 1000)
    var next = UInt16(truncatingIfNeeded: 65_500)
    var waiting: [(UInt16, Int)] = []
    for _ in 0..<3000 {
      if random.next(below: 2) == 0 {
        let size = 20 + Int(random.next(below: 980))
        let hasRoom = store.hasRoom(packets: 1, bytes: size)
        let isTaken = self.fill(&store, next, size: size)
        // What is said to fit does.
        #expect(isTaken || !hasRoom)
        if isTaken {
          waiting.append((next, size))
          next &+= 1
        }
      } else if let place = store.nextWaiting {
        let (number, size) = waiting.removeFirst()
        let bytes = arrayCopy(store.packet(at: place))
        #expect(bytes == [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size))
        store.markSent(place, at: .zero)
      }
      #expect(store.waiting == waiting.count && store.count <= 16)
      #expect(store.waitingBytes == waiting.reduce(0) { $0 + $1.1 })
      // Whatever is found is what it claims to be.
      for back in 1...20 as ClosedRange<UInt16> {
        guard let place = store.find(next &- back) else { continue }
        #expect(store.entry(at: place).sequenceNumber == next &- back)
        let first = store.packet(at: place)[0]
        #expect(first == UInt8(truncatingIfNeeded: next &- back))
      }
    }
  }

  @Test func `only what was sent is found`() {
    var store = SendStore(limits: .init(bytes: 10_000, packets: 16, age: .seconds(1)), packetSize: 1000)
    #expect(store.find(0) == nil)
    _ = self.fill(&store, 7, size: 100)
    #expect(store.find(7) == nil)
    store.markSent(store.nextWaiting ?? 0, at: .zero)
    #expect(store.find(7) != nil)
    #expect(store.find(6) == nil && store.find(8) == nil)
  }

  @Test func `an unfinished frame is undone`() {
    var store = SendStore(limits: .init(bytes: 10_000, packets: 16, age: .seconds(1)), packetSize: 1000)
    for number in 0..<5 as Range<UInt16> { _ = self.fill(&store, number, size: 500) }
    store.undo(3)
    #expect(store.waiting == 2 && store.waitingBytes == 1000)
    #expect(self.fill(&store, 2, size: 500))
    #expect(store.waiting == 3)
  }

  @Test func `a session's memory does not grow with what it sends`() {
    var store = SendStore(limits: .init(bytes: 20_000, packets: 32, age: .seconds(1)), packetSize: 1000)
    for number in 0..<2000 as Range<UInt16> {
      #expect(self.fill(&store, number, size: 700))
      store.markSent(store.nextWaiting ?? 0, at: .zero)
    }
    #expect(store.bytes.count == 20_000 && store.entries.count == 32)
  }
}

@Suite struct PacerTests {
  @Test func `groups leave a step apart and the whole within the interval`() {
    var pacer = Pacer(interval: .milliseconds(10), step: .milliseconds(1), burst: 4)
    var now = Instant(nanoseconds: 1_000_000_000)
    var waiting = 95
    pacer.enqueue(waiting: waiting, now: now)
    var steps = 0
    while waiting > 0 {
      #expect(pacer.allowance <= 10)
      while pacer.allowance > 0, waiting > 0 {
        pacer.sent()
        waiting -= 1
      }
      if waiting > 0 {
        #expect(pacer.nextStep == now + .milliseconds(1))
        now = pacer.nextStep
        pacer.advance(waiting: waiting, to: now)
        steps += 1
      }
    }
    #expect(steps == 9)
  }

  @Test func `a host that comes late catches up`() {
    var pacer = Pacer(interval: .milliseconds(10), step: .milliseconds(1), burst: 4)
    let now = Instant(nanoseconds: 1_000_000_000)
    pacer.enqueue(waiting: 100, now: now)
    for _ in 0..<10 { pacer.sent() }
    pacer.advance(waiting: 90, to: now + .milliseconds(5))
    #expect(pacer.allowance == 50)
    pacer.advance(waiting: 90, to: now + .seconds(5))
    #expect(pacer.allowance == 90)
  }

  @Test func `frames in quick succession do not add bursts`() {
    var pacer = Pacer(interval: .milliseconds(10), step: .milliseconds(1), burst: 4)
    let now = Instant(nanoseconds: 1_000_000_000)
    var sent = 0
    for _ in 0..<50 {
      pacer.enqueue(waiting: 2, now: now)
      while pacer.allowance > 0 {
        pacer.sent()
        sent += 1
      }
    }
    #expect(sent == 2)
  }
}
