import Bytes

/// SDES with the one item that must be sent (RFC 3550 section 6.5.1).
public enum SourceDescription {
  /// One chunk: the SSRC and its canonical name, of 255 bytes at most.
  static func writeChunk(ssrc: UInt32, cname: Span<UInt8>, into writer: inout SpanWriter) {
    let start = writer.count
    writer.write(ssrc)
    writer.write(1 as UInt8)
    writer.write(UInt8(truncatingIfNeeded: min(cname.count, 255)))
    writer.write(cname.extracting(0..<min(cname.count, 255)))
    // One to four zero bytes end the list at a multiple of four.
    writer.writeZeros(4 &- (writer.count &- start) % 4)
  }

  static func chunkSize(cname: Span<UInt8>) -> Int { (4 &+ 2 &+ min(cname.count, 255)) / 4 &* 4 &+ 4 }

  /// A packet of one chunk.
  public static func write(ssrc: UInt32, cname: Span<UInt8>, into writer: inout SpanWriter) {
    let start = ControlPacket.begin(ControlPacket.Kind.sourceDescription, count: 1, into: &writer)
    self.writeChunk(ssrc: ssrc, cname: cname, into: &writer)
    ControlPacket.end(start, into: &writer)
  }

  /// The canonical name in the chunk at `offset` of the packet's body, which moves behind the chunk; empty where it has none.
  @_lifetime(copy body)
  public static func readChunk(
    _ body: Span<UInt8>, at offset: inout Int, ssrc: inout UInt32
  ) throws(WireError) -> Span<UInt8> {
    guard body.count &- offset >= 4 else { throw .truncated }
    ssrc = load32(body, at: offset)
    let start = offset
    offset &+= 4
    var name = 0..<0
    while true {
      guard offset < body.count else { throw .truncated }
      if body[offset] == 0 { break }
      guard body.count &- offset >= 2 else { throw .truncated }
      let size = Int(body[offset &+ 1])
      guard body.count &- offset &- 2 >= size else { throw .truncated }
      if body[offset] == 1 { name = (offset &+ 2)..<(offset &+ 2 &+ size) }
      offset &+= 2 &+ size
    }
    offset &+= 4 &- (offset &- start) % 4
    guard offset <= body.count else { throw .truncated }
    return body.extracting(name)
  }
}
