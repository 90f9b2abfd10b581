import Bytes

/// Reads fields of every width in an order that the input chooses: no read may trap or go past the end.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  var cursor = SpanCursor(input.span)
  while let verb = try? cursor.read(UInt8.self) {
    switch verb & 3 {
    case 0: _ = try? cursor.read(UInt64.self)
    case 1: _ = try? cursor.read24()
    case 2: _ = try? cursor.readBytes(Int(verb) &- 8)
    default: try? cursor.skip(Int(verb >> 2))
    }
    precondition(cursor.offset + cursor.remaining == input.count)
  }
  return 0
}
