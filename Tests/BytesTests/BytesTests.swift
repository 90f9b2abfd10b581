import Bytes
import Testing

@Suite struct BytesTests {
  @Test func `a cursor reads big-endian fields and refuses to read past the end without moving`() throws {
    let bytes: [UInt8] = [0x12, 0x34, 0x56, 0x78, 0x9a]
    var cursor = SpanCursor(bytes.span)
    let short = try cursor.read(UInt16.self)
    let long = try cursor.read24()
    #expect(short == 0x1234)
    #expect(long == 0x56789a)
    let atEnd = cursor.isAtEnd
    #expect(atEnd)
    var failed: WireError?
    do throws(WireError) { _ = try cursor.read(UInt8.self) } catch { failed = error }
    #expect(failed == .truncated)
    let offset = cursor.offset
    #expect(offset == 5)
  }

  @Test func `a writer that runs out of room says so and keeps what was written`() {
    var buffer = [UInt8](repeating: 0, count: 4)
    var writer = SpanWriter(buffer.mutableSpan)
    writer.write(UInt16(0xabcd))
    writer.write(UInt32(1))
    writer.write(UInt8(9))
    let (count, overflowed) = (writer.count, writer.overflowed)
    #expect(count == 2 && overflowed)
    #expect(buffer == [0xab, 0xcd, 0, 0])
  }

  @Test func `a patch outside what was written changes nothing`() {
    var buffer = [UInt8](repeating: 7, count: 4)
    var writer = SpanWriter(buffer.mutableSpan)
    writer.write(UInt16(0))
    writer.patch(UInt16(0x0102), at: 0)
    writer.patch(UInt16(0x0304), at: 1)
    writer.patch(UInt16(0x0304), at: -1)
    #expect(buffer == [1, 2, 7, 7])
  }

  @Test func `sequence numbers compare across the wrap, and opposite ones in neither direction`() {
    let low = SequenceNumber<UInt16>(3), high = SequenceNumber<UInt16>(0xfffe)
    #expect(high.precedes(low) && !low.precedes(high))
    #expect(high.distance(to: low) == 5)
    let a = SequenceNumber<UInt32>(0), b = SequenceNumber<UInt32>(1 << 31)
    #expect(!a.precedes(b) && !b.precedes(a))
  }
}
