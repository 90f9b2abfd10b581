/// Where in its packet a field of bytes lies, so that headers stay trivial values. An empty field is an absent one.
@frozen
public struct ByteField: Equatable, Sendable {
  public var offset: UInt16
  public var count: UInt8

  @inlinable public init(offset: UInt16 = 0, count: UInt8 = 0) {
    self.offset = offset
    self.count = count
  }

  @inlinable public var isEmpty: Bool { self.count == 0 }

  /// The field's bytes; `packet` is the one that the field was found in.
  @inlinable @_lifetime(copy packet)
  public func bytes(of packet: Span<UInt8>) -> Span<UInt8> {
    let start = min(Int(self.offset), packet.count)
    return packet.extracting(start..<min(start &+ Int(self.count), packet.count))
  }
}
