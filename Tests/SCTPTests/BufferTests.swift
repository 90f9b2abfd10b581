import Bytes
import Testing
import Time

@testable import SCTP

@Test func `the stream index agrees with a dictionary through insertions and removals`() {
  var random = SeededRandom(seed: .init(1))
  var index = StreamIndex()
  var model: [UInt16: Int32] = [:]
  for _ in 0..<20_000 {
    let id = UInt16(random.next(below: 300)) * 7
    if let slot = model[id] {
      #expect(index.slot(of: id) == slot)
      #expect(index.identifier(of: slot) == id)
      if random.next(below: 2) == 0 {
        index.remove(slot)
        model[id] = nil
      }
    } else {
      #expect(index.slot(of: id) == StreamIndex.none)
      let slot = index.insert(id)
      #expect(!model.values.contains(slot))
      model[id] = slot
    }
    #expect(index.count == model.count)
  }
}

@Test(arguments: [UInt32(1), 0xFFFF_FF00, 0x7FFF_FF80]) func `received TSNs agree with a set, gap blocks included`(initial: UInt32) throws {
  for seed in 0..<20 {
    var random = SeededRandom(seed: .init(UInt64(seed)))
    var tsns = ReceivedTSNs(initialTSN: initial, limit: 500)
    var model: Set<UInt32> = []
    var cumulative = initial &- 1
    for _ in 0..<600 {
      let offset = random.next(below: 20) == 0 ? random.next(below: 700) : random.next(below: 60)
      let tsn = cumulative &+ offset &- 5
      let distance = tsn &- cumulative
      let verdict = tsns.judge(tsn)
      if distance == 0 || distance >= 1 << 31 || model.contains(tsn) {
        #expect(verdict == .duplicate)
      } else if distance > 500 {
        #expect(verdict == .outside)
      } else {
        #expect(verdict == .new)
        tsns.insert(tsn)
        model.insert(tsn)
      }
      if random.next(below: 50) == 0 {
        let target = cumulative &+ random.next(below: 80)
        tsns.skip(to: target)
        if target &- cumulative < 1 << 31 {
          while cumulative != target {
            cumulative = cumulative &+ 1
            model.remove(cumulative)
          }
        }
      }
      while model.remove(cumulative &+ 1) != nil { cumulative = cumulative &+ 1 }
      #expect(tsns.cumulative == cumulative)
      #expect(tsns.ahead == model.count)
      #expect(tsns.highest == (model.map { $0 &- cumulative }.max() ?? 0) &+ cumulative)
      var buffer = [UInt8](repeating: 0, count: 2000)
      var writer = SpanWriter(buffer.mutableSpan)
      tsns.writeSack(receiveWindow: 0, room: 2000, into: &writer)
      let chunk = arrayCopy(writer.bytes(in: 0..<writer.count))
      var cursor = SpanCursor(chunk.span)
      let sack = try SackChunk(parsing: Chunk(parsing: &cursor))
      var reported: Set<UInt32> = []
      var lastEnd: UInt16 = 0
      for i in 0..<sack.gapCount {
        let gap = sack.gap(i)
        #expect(gap.start > lastEnd + 1 || lastEnd == 0 && gap.start > 1)
        lastEnd = gap.end
        for offset in gap.start...gap.end { reported.insert(cumulative &+ UInt32(offset)) }
      }
      #expect(reported == model)
    }
  }
}

@Test func `the block pool gives back every block, and lets its memory go when idle`() {
  var pool = BlockPool(limit: 100)
  var random = SeededRandom(seed: .init(3))
  var chains: [(BlockPool.Chain, [UInt8])] = []
  for i in 0..<5000 {
    let bytes = pattern(1 + Int(random.next(below: 900)), i)
    if pool.available >= BlockPool.blocks(for: bytes.count) {
      var chain = BlockPool.Chain()
      pool.append(bytes.span, to: &chain)
      chains.append((chain, bytes))
    } else {
      let (chain, bytes) = chains.remove(at: Int(random.next(below: UInt32(chains.count))))
      var out = [UInt8](repeating: 0, count: bytes.count)
      var writer = SpanWriter(out.mutableSpan)
      pool.write(bytes.count, from: chain.first, into: &writer)
      #expect(out == bytes)
      pool.release(chain)
    }
  }
  for (chain, bytes) in chains { pool.release(bytes.count, from: chain.first) }
  #expect(pool.used == 0)
  pool.trim()
  var chain = BlockPool.Chain()
  pool.append([1, 2, 3].span, to: &chain)
  #expect(pool.used == 1)
}
