import Bytes

/// Bytes in chains of fixed-size blocks: one growing array, no allocation a message.
///
/// Links and fill counts lie beside the bytes, so that a block of payload is exactly a divisor of a full
/// packet's payload. Memory grows with use up to `limit` blocks and is reused; `trim` gives it back when idle.
struct BlockPool: Sendable {
  static let blockSize = 128

  /// A run of linked blocks. `none` marks the empty chain.
  struct Chain: Sendable {
    static let none: Int32 = -1
    var first: Int32 = Self.none
    var last: Int32 = Self.none
    var isEmpty: Bool { self.first == Self.none }
  }

  let limit: Int
  private(set) var used = 0
  private var bytes: [UInt8] = []
  private var next: [Int32] = []
  private var fill: [UInt8] = []
  private var free: Int32 = Chain.none

  init(limit: Int) { self.limit = limit }

  var available: Int { self.limit &- self.used }

  static func blocks(for size: Int) -> Int { (size &+ (Self.blockSize &- 1)) / Self.blockSize }

  /// Copies `source` into new blocks at the end of `chain`. The caller has checked `available`.
  mutating func append(_ source: Span<UInt8>, to chain: inout Chain) {
    var offset = 0
    while offset < source.count {
      let size = min(Self.blockSize, source.count &- offset)
      let block = self.take()
      let start = Int(block) &* Self.blockSize
      let part = source.extracting(offset..<(offset &+ size))
      // Not by `mutableSpan`: optimised by Swift 6.3.1 it wrote into storage that a fork still shared.
      unsafe self.bytes.withUnsafeMutableBufferPointer { target in
        var span = unsafe target.mutableSpan
        copyBytes(from: part, to: &span, at: start)
      }
      self.fill[Int(block)] = UInt8(truncatingIfNeeded: size)
      if chain.isEmpty { chain.first = block } else { self.next[Int(chain.last)] = block }
      chain.last = block
      offset &+= size
    }
  }

  /// Moves the blocks of `tail` behind those of `chain`.
  mutating func join(_ tail: Chain, to chain: inout Chain) {
    guard !tail.isEmpty else { return }
    if chain.isEmpty {
      chain = tail
    } else {
      self.next[Int(chain.last)] = tail.first
      chain.last = tail.last
    }
  }

  /// Writes `count` bytes from `block` on; returns the block behind the last one read.
  @discardableResult
  func write(_ count: Int, from block: Int32, into writer: inout SpanWriter) -> Int32 {
    var block = block
    var left = count
    while left > 0, block != Chain.none {
      let start = Int(block) &* Self.blockSize
      let size = min(left, Int(self.fill[Int(block)]))
      writer.write(self.bytes.span.extracting(start..<(start &+ size)))
      left &-= size
      block = self.next[Int(block)]
    }
    return block
  }

  /// The block `count` bytes behind `block`.
  func skip(_ count: Int, from block: Int32) -> Int32 {
    var block = block
    var left = count
    while left > 0, block != Chain.none {
      left &-= Int(self.fill[Int(block)])
      block = self.next[Int(block)]
    }
    return block
  }

  /// Gives back every block of the chain.
  mutating func release(_ chain: Chain) {
    guard !chain.isEmpty else { return }
    var block = chain.first
    while block != Chain.none {
      let next = self.next[Int(block)]
      self.give(block)
      block = next
    }
  }

  /// Gives back the blocks that hold `count` bytes from `block` on; returns the block behind them.
  @discardableResult
  mutating func release(_ count: Int, from block: Int32) -> Int32 {
    var block = block
    var left = count
    while left > 0, block != Chain.none {
      let next = self.next[Int(block)]
      left &-= Int(self.fill[Int(block)])
      self.give(block)
      block = next
    }
    return block
  }

  /// Lets the memory go if nothing is stored.
  mutating func trim() {
    guard self.used == 0, !self.bytes.isEmpty else { return }
    self.bytes = []
    self.next = []
    self.fill = []
    self.free = Chain.none
  }

  private mutating func give(_ block: Int32) {
    self.next[Int(block)] = self.free
    self.free = block
    self.used &-= 1
  }

  private mutating func take() -> Int32 {
    if self.free == Chain.none { self.grow() }
    let block = self.free
    self.free = self.next[Int(block)]
    self.next[Int(block)] = Chain.none
    self.used &+= 1
    return block
  }

  private mutating func grow() {
    let old = self.next.count
    // A pool that is to stay small grows in small steps.
    let step = max(1, min(16, self.limit / 16))
    let count = max(1, min(self.limit &- old, max(step, old / 2)))
    self.bytes.append(contentsOf: repeatElement(0, count: count &* Self.blockSize))
    self.next.append(contentsOf: repeatElement(Chain.none, count: count))
    self.fill.append(contentsOf: repeatElement(0, count: count))
    // Chained so that blocks come in ascending order: neighbours in memory are neighbours in a message.
    var block = old &+ count &- 1
    while block >= old {
      self.next[block] = self.free
      self.free = Int32(truncatingIfNeeded: block)
      block &-= 1
    }
  }
}
