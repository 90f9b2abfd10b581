import Bytes

/// Payloads in one ring of bytes, each in one piece, in the order of their arrival. They are freed in any order; room comes
/// back once everything that came before is free as well, which a jitter buffer does within its hold time.
///
/// The ring starts small and doubles up to its bound, so that a stream takes the memory that it needs: no allocation once it has
/// found its size.
struct PayloadPool: Sendable {
  struct Block: Sendable {
    var isFree = true
    var offset: Int32 = 0
    var count: Int32 = 0
  }

  private(set) var bytes: [UInt8]
  private let maximumBytes: Int
  /// A ring whose size is a power of 2; blocks `first..<next` are in use, or free and waiting for the ones before them.
  private var blocks: [Block]
  private let maximumBlocks: Int
  private var first: UInt32 = 0
  private var next: UInt32 = 0
  /// Where the next block begins.
  private var head = 0

  /// `maximumBlocks` is a power of 2.
  init(startBytes: Int, maximumBytes: Int, maximumBlocks: Int) {
    self.bytes = [UInt8](repeating: 0, count: min(startBytes, maximumBytes))
    self.maximumBytes = maximumBytes
    self.blocks = [Block](repeating: Block(), count: min(32, maximumBlocks))
    self.maximumBlocks = maximumBlocks
  }

  /// Copies a payload into the ring. Nil: no room until older ones are freed.
  mutating func store(_ payload: Span<UInt8>) -> UInt32? {
    let count = payload.count
    guard count <= self.maximumBytes else { return nil }
    if Int(self.next &- self.first) == self.blocks.count, !self.growBlocks() { return nil }
    var place = self.place(for: count)
    while place == nil, self.growBytes() { place = self.place(for: count) }
    guard let offset = place else { return nil }
    var target = self.bytes.mutableSpan
    copyBytes(from: payload, to: &target, at: offset)
    let block = self.next
    self.blocks[self.slot(block)] = Block(
      isFree: false, offset: Int32(truncatingIfNeeded: offset), count: Int32(truncatingIfNeeded: count))
    self.next &+= 1
    self.head = offset &+ count
    return block
  }

  /// Gives a block back; each once.
  mutating func free(_ block: UInt32) {
    self.blocks[self.slot(block)].isFree = true
    while self.first != self.next, self.blocks[self.slot(self.first)].isFree { self.first &+= 1 }
    if self.first == self.next { self.head = 0 }
  }

  @_lifetime(borrow self)
  func payload(of block: UInt32) -> Span<UInt8> {
    let record = self.blocks[self.slot(block)]
    let offset = Int(record.offset)
    return self.bytes.span.extracting(offset..<(offset &+ Int(record.count)))
  }

  func append(
    _ block: UInt32, marker: Bool, to assembler: inout FrameAssembler, into writer: inout SpanWriter
  ) -> Bool {
    assembler.append(self.payload(of: block), marker: marker, into: &writer)
  }

  func count(of block: UInt32) -> Int { Int(self.blocks[self.slot(block)].count) }

  private func slot(_ block: UInt32) -> Int { Int(truncatingIfNeeded: block & UInt32(self.blocks.count &- 1)) }

  /// Blocks never wrap around the ring's end; `head` never catches up with the oldest, so that equal offsets mean empty.
  private func place(for count: Int) -> Int? {
    guard self.first != self.next else { return count <= self.bytes.count ? 0 : nil }
    let tail = Int(self.blocks[self.slot(self.first)].offset)
    if self.head > tail {
      if self.bytes.count &- self.head >= count { return self.head }
      return tail > count ? 0 : nil
    }
    return tail &- self.head > count ? self.head : nil
  }

  private mutating func growBytes() -> Bool {
    guard self.bytes.count < self.maximumBytes else { return false }
    var larger = [UInt8](repeating: 0, count: min(self.bytes.count &* 2, self.maximumBytes))
    var target = larger.mutableSpan
    var offset = 0
    var block = self.first
    while block != self.next {
      let i = self.slot(block)
      let count = self.blocks[i].isFree ? 0 : Int(self.blocks[i].count)
      let start = Int(self.blocks[i].offset)
      copyBytes(from: self.bytes.span.extracting(start..<(start &+ count)), to: &target, at: offset)
      self.blocks[i].offset = Int32(truncatingIfNeeded: offset)
      self.blocks[i].count = Int32(truncatingIfNeeded: count)
      offset &+= count
      block &+= 1
    }
    self.head = offset
    self.bytes = larger
    return true
  }

  private mutating func growBlocks() -> Bool {
    guard self.blocks.count < self.maximumBlocks else { return false }
    var larger = [Block](repeating: Block(), count: self.blocks.count &* 2)
    var block = self.first
    while block != self.next {
      larger[Int(truncatingIfNeeded: block & UInt32(larger.count &- 1))] = self.blocks[self.slot(block)]
      block &+= 1
    }
    self.blocks = larger
    return true
  }
}
