import Bytes

/// Puts handshake messages together from fragments that come in pieces, out of order, twice or overlapping
/// (RFC 6347 section 4.2.3), and hands them out in order.
struct Reassembly: Sendable {
  enum Outcome: Equatable {
    case kept
    /// A repeat, something too far ahead, or something that contradicts what was kept.
    case ignored
    /// The next message is larger than this side is willing to keep.
    case tooLarge
  }

  fileprivate struct Message: Sendable {
    var sequence: UInt16
    /// The header as the transcript wants it (a single fragment), then the body.
    var bytes: [UInt8]
    /// One bit a byte of the body.
    var present: [UInt8]
    var missing: Int
  }

  /// A flight has five messages at most; more than this many ahead are not kept.
  private static var maximumMessages: UInt16 { 8 }

  /// message_seq of the next message to be handed out.
  private(set) var next: UInt16 = 0
  private var messages: [Message] = []
  private var total = 0
  private let maximumMessageSize: Int

  init(maximumMessageSize: Int) { self.maximumMessageSize = maximumMessageSize }

  mutating func insert(_ header: HandshakeHeader, _ fragment: Span<UInt8>) -> Outcome {
    guard header.sequence &- self.next < Reassembly.maximumMessages else { return .ignored }
    guard header.length <= self.maximumMessageSize else {
      return header.sequence == self.next ? .tooLarge : .ignored
    }
    var index = 0
    while index < self.messages.count, self.messages[index].sequence != header.sequence { index &+= 1 }
    if index == self.messages.count {
      guard header.length <= 2 &* self.maximumMessageSize &- self.total else { return .ignored }
      self.messages.append(Reassembly.begin(header))
      self.total &+= header.length
    }
    return self.messages[index].add(header, fragment) ? .kept : .ignored
  }

  /// The next message with its header, if it is whole.
  mutating func removeNext() -> [UInt8]? {
    for index in self.messages.indices
    where self.messages[index].sequence == self.next && self.messages[index].missing == 0 {
      let bytes = self.messages.remove(at: index).bytes
      self.total &-= bytes.count &- HandshakeHeader.length
      self.next &+= 1
      return bytes
    }
    return nil
  }

  private static func begin(_ header: HandshakeHeader) -> Message {
    var bytes = [UInt8](repeating: 0, count: HandshakeHeader.length &+ header.length)
    var writer = SpanWriter(bytes.mutableSpan)
    writer.write(header.type)
    writer.write24(UInt32(truncatingIfNeeded: header.length))
    writer.write(header.sequence)
    writer.write24(0)
    writer.write24(UInt32(truncatingIfNeeded: header.length))
    return Message(
      sequence: header.sequence, bytes: bytes, present: [UInt8](repeating: 0, count: (header.length &+ 7) / 8),
      missing: header.length)
  }
}

extension Reassembly.Message {
  mutating func add(_ header: HandshakeHeader, _ fragment: Span<UInt8>) -> Bool {
    guard self.bytes[0] == header.type, self.bytes.count == HandshakeHeader.length &+ header.length else { return false }
    for i in fragment.indices {
      let position = header.fragmentOffset &+ i
      let bit = UInt8(1) &<< UInt8(truncatingIfNeeded: position & 7)
      // What came first stays: a forger who comes later cannot change it.
      guard self.present[position / 8] & bit == 0 else { continue }
      self.present[position / 8] |= bit
      self.bytes[HandshakeHeader.length &+ position] = fragment[i]
      self.missing &-= 1
    }
    return true
  }
}
