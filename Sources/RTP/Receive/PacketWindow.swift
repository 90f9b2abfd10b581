import Time

/// What is known of one sequence number.
struct PacketSlot: Sendable {
  enum Kind: UInt8, Sendable {
    /// Nothing is known.
    case none
    /// Noticed to be missing, and waited for.
    case missing
    /// Given up.
    case lost
    /// A payload that waits for its frame to become whole or to be taken.
    case payload
    /// Came and needs no more: taken, thrown away, or of no use (empty).
    case done
    /// Came with a payload that is none of its format: its frame will never be whole.
    case broken
  }

  var kind = Kind.none
  var payloadType: UInt8 = 0
  var format = CodecFormat.pcmu
  /// How often it was asked for.
  var requests: UInt8 = 0
  var marker = false
  var start = PayloadFacts.Start.unknown
  var endsFrame = false
  var isKeyFrame = false
  /// Above 127: not said.
  var audioLevel: UInt8 = 255
  var hasVoice = false
  var hasCaptureTime = false
  var timestamp: UInt32 = 0
  /// In the payload pool.
  var block: UInt32 = 0
  var assembledSize: Int32 = 0
  /// When it came, or was noticed to be missing.
  var time = Instant.zero
  /// When it is to be asked for.
  var nextRequest = Instant.distantFuture
  var captureTime: UInt64 = 0

  /// Of the first packet of a frame that waits to be taken: how many packets it has, how many bytes it may become, what it
  /// follows. `frameLength` 0: no frame begins here.
  var frameLength: Int32 = 0
  var frameSize: Int32 = 0
  var frameIsKey = false
  var frameFollowsLoss = false
  var frameBeginsAnew = false
  var frameMissing: UInt32 = 0
  var frameCompletedAt = Instant.zero
}

/// The slots of the packets `base..<end`, by index: a sequence number counted on without wrapping. A ring that doubles up to
/// its bound.
struct PacketWindow: Sendable {
  private var slots: [PacketSlot]
  let maximumCount: Int
  var base: Int64 = 0
  var end: Int64 = 0

  /// `maximumCount` is a power of 2.
  init(maximumCount: Int) {
    self.maximumCount = maximumCount
    self.slots = [PacketSlot](repeating: PacketSlot(), count: min(32, maximumCount))
  }

  var count: Int { self.slots.count }

  subscript(_ index: Int64) -> PacketSlot {
    @inline(__always) get { self.slots[self.position(index)] }
    @inline(__always) _modify { yield &self.slots[self.position(index)] }
  }

  @inline(__always)
  private func position(_ index: Int64) -> Int { Int(truncatingIfNeeded: index) & (self.slots.count &- 1) }

  /// Whether the slot before `base` is still that packet's own.
  func remembers(_ index: Int64) -> Bool { index >= self.end &- Int64(self.slots.count) && index < self.end }

  /// False: at the bound.
  mutating func grow() -> Bool {
    guard self.slots.count < self.maximumCount else { return false }
    var larger = [PacketSlot](repeating: PacketSlot(), count: self.slots.count &* 2)
    var index = self.base
    while index < self.end {
      larger[Int(truncatingIfNeeded: index) & (larger.count &- 1)] = self[index]
      index &+= 1
    }
    self.slots = larger
    return true
  }
}
