import CESPPeer
import Glibc
import Testing

/// An arena of its own memory.
private final class Arena {
  let memory: UnsafeMutableRawPointer
  let size: Int
  let arena: OpaquePointer

  init(_ size: Int, offset: Int = 0) throws {
    self.size = size
    self.memory = UnsafeMutableRawPointer.allocate(byteCount: size + 64, alignment: 64)
    self.arena = try #require(arena_create(self.memory + offset, size))
  }

  deinit {
    arena_destroy(self.arena)
    self.memory.deallocate()
  }

  func allocate(_ size: Int, alignment: Int = 16) -> UnsafeMutableRawPointer? { arena_allocate(self.arena, alignment, size) }
  var isSound: Bool { arena_check(self.arena) == 0 }
  var used: Int { arena_used(self.arena) }
}

/// Numbers that look random and are the same in each run.
private struct Draw {
  var state: UInt64
  mutating func next(below bound: Int) -> Int {
    self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((self.state >> 33) % UInt64(bound))
  }
}

struct ArenaTests {
  @Test func `memory too small for an arena makes none`() {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 16)
    defer { memory.deallocate() }
    #expect(arena_create(nil, 4096) == nil)
    for size in 0..<arena_overhead() {
      let arena = arena_create(memory, size)
      if let arena { arena_destroy(arena) }
      #expect(arena == nil || arena_available(arena) < 64)
    }
    #expect(arena_create(memory, 64) == nil)
    let arena = arena_create(memory, arena_overhead() + 128)
    #expect(arena != nil)
    arena_destroy(arena)
  }

  @Test func `an arena works wherever its memory begins`() throws {
    for offset in 0..<17 {
      let arena = try Arena(4096, offset: offset)
      let block = try #require(arena.allocate(100))
      #expect(Int(bitPattern: block) % 16 == 0)
      memset(block, 1, 100)
      #expect(arena.isSound)
      arena_free(block)
      #expect(arena.isSound && arena.used == 0)
    }
  }

  @Test func `blocks lie at the alignment asked for and keep their bytes`() throws {
    let arena = try Arena(65_536)
    for power in 0..<12 {
      for size in [0, 1, 7, 8, 9, 31, 100, 1000] {
        let block = try #require(arena.allocate(size, alignment: 1 << power))
        #expect(Int(bitPattern: block) % (1 << power) == 0)
        memset(block, 0xA5, size)
        #expect(arena.isSound)
        arena_free(block)
        #expect(arena.isSound && arena.used == 0)
      }
    }
    #expect(arena.allocate(8, alignment: 48) == nil)
  }

  @Test func `any order of allocations and releases leaves one free block behind`() throws {
    for seed in 0..<20 {
      let arena = try Arena(32_768)
      let whole = arena_available(arena.arena)
      var draw = Draw(state: UInt64(seed))
      var blocks: [(UnsafeMutableRawPointer, Int, UInt8)] = []
      var refused = 0
      for step in 0..<4000 {
        if draw.next(below: 100) < 52 {
          let size = draw.next(below: draw.next(below: 20) == 0 ? 3000 : 160)
          if let block = arena.allocate(size, alignment: 1 << draw.next(below: 8)) {
            memset(block, Int32(step & 0xFF), size)
            blocks.append((block, size, UInt8(step & 0xFF)))
          } else {
            refused += 1
          }
        } else if !blocks.isEmpty {
          let (block, size, value) = blocks.remove(at: draw.next(below: blocks.count))
          let isIntact = UnsafeRawBufferPointer(start: block, count: size).allSatisfy { $0 == value }
          #expect(isIntact)
          arena_free(block)
        }
        if step % 50 == 0 { #expect(arena.isSound) }
      }
      #expect(arena_blocks(arena.arena) == blocks.count && Int(arena_refusals(arena.arena)) == refused)
      for (block, _, _) in blocks { arena_free(block) }
      #expect(arena.isSound && arena.used == 0 && arena_available(arena.arena) == whole)
    }
  }

  @Test func `what the arena says is available can be had, and a refusal changes nothing`() throws {
    let arena = try Arena(16_384)
    var draw = Draw(state: 7)
    while true {
      let available = arena_available(arena.arena)
      if available < 200 { break }
      // Every other block goes back, so that holes remain.
      let first = try #require(arena.allocate(draw.next(below: 100)))
      _ = try #require(arena.allocate(draw.next(below: 100)))
      arena_free(first)
      let now = arena_available(arena.arena)
      let largest = try #require(arena.allocate(now))
      arena_free(largest)
      #expect(arena.isSound)
    }
    let used = arena.used
    #expect(arena.allocate(16_384) == nil && arena.allocate(.max) == nil && arena.allocate(.max - 20) == nil)
    #expect(arena.used == used && arena.isSound && arena_refusals(arena.arena) == 3)
  }

  @Test func `the peak is the most that was in use`() throws {
    let arena = try Arena(16_384)
    let first = try #require(arena.allocate(1000))
    let second = try #require(arena.allocate(2000))
    let peak = arena.used
    #expect(peak >= 3000 && peak < 3100)
    arena_free(first)
    #expect(arena_peak(arena.arena) == peak && arena.used < peak)
    arena_reset_peak(arena.arena)
    #expect(arena_peak(arena.arena) == arena.used)
    arena_free(second)
  }

  @Test func `the allocation that a test names is refused, and no other`() throws {
    let arena = try Arena(16_384)
    arena_refuse(arena.arena, 3)
    let blocks = (0..<5).map { _ in arena.allocate(10) }
    #expect(blocks.map { $0 != nil } == [true, true, false, true, true])
    for block in blocks { arena_free(block) }
    #expect(arena.isSound && arena.used == 0)
  }

  @Test func `a thread allocates in the arena that it entered, and frees in any`() throws {
    let outer = try Arena(8192), inner = try Arena(8192)
    var a: UnsafeMutableRawPointer?, b: UnsafeMutableRawPointer?, none: UnsafeMutableRawPointer?
    #expect(arena_memalign(&none, 16, 10) == ENOMEM)
    let before = arena_enter(outer.arena)
    #expect(arena_memalign(&a, 16, 100) == 0)
    let former = arena_enter(inner.arena)
    #expect(arena_memalign(&b, 16, 100) == 0)
    #expect(outer.used > 0 && inner.used > 0)
    arena_free(a)
    #expect(outer.used == 0)
    arena_leave(former)
    arena_free(b)
    arena_leave(before)
    #expect(inner.used == 0)
    #expect(arena_memalign(&none, 16, 10) == ENOMEM)
  }

  @Test(arguments: [false, true])
  func `a block that is freed twice, or is none, ends the program`(_ isForeign: Bool) async {
    let result = await #expect(processExitsWith: .failure) { [isForeign] in
      let memory = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 16)
      let arena = arena_create(memory, 4096)
      let block = arena_allocate(arena, 16, 100)
      if isForeign {
        arena_free(memory)
      } else {
        arena_free(block)
        arena_free(block)
      }
    }
    #expect(result != nil)
  }
}
