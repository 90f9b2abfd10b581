import Bytes
import Testing
import Time

@testable import RTP

extension PayloadPool {
  fileprivate func copy(of block: UInt32) -> [UInt8] { arrayCopy(self.payload(of: block)) }
}

@Suite struct ReceivePoolTests {
  @Test(arguments: 0..<10) func `payloads stay as they were until they are freed, in any order, within the bound`(seed: UInt64) {
    var random = SeededRandom(seed: .init(seed))
    var pool = PayloadPool(startBytes: 256, maximumBytes: 4000, maximumBlocks: 64)
    var live: [(block: UInt32, bytes: [UInt8])] = []
    var stored = 0
    var refused = 0
    for round in 0..<5000 {
      if random.next(below: 100) < 55 {
        let bytes = [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: 1 + Int(random.next(below: 300)))
        if let block = pool.store(bytes.span) {
          live.append((block, bytes))
          stored += 1
        } else {
          refused += 1
          #expect(!live.isEmpty)
        }
      } else if !live.isEmpty {
        let i = Int(random.next(below: UInt32(min(live.count, 4))))
        let (block, bytes) = live.remove(at: i)
        #expect(pool.copy(of: block) == bytes)
        pool.free(block)
      }
      #expect(pool.bytes.count <= 4000)
    }
    for (block, bytes) in live { #expect(pool.copy(of: block) == bytes) }
    #expect(stored > 1000)
    #expect(refused > 0)
  }

  @Test func `a pool whose payloads are all freed takes one of its whole size`() throws {
    var pool = PayloadPool(startBytes: 100, maximumBytes: 1000, maximumBlocks: 32)
    let small = [UInt8](repeating: 1, count: 30)
    var blocks: [UInt32] = []
    while let block = pool.store(small.span) { blocks.append(block) }
    #expect(blocks.count == 32)
    for block in blocks.reversed() { pool.free(block) }
    let large = [UInt8](repeating: 2, count: 1000)
    let stored = pool.store(large.span)
    let block = try #require(stored)
    #expect(pool.copy(of: block) == large)
    let overfull = pool.store(small.span)
    #expect(overfull == nil)
    let larger = [UInt8](repeating: 2, count: 1001)
    pool.free(block)
    let tooLarge = pool.store(larger.span)
    #expect(tooLarge == nil)
  }
}
