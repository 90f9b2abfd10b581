import Bytes
import ICE

/// Parses the input as a candidate attribute: what is a candidate must read the same when written.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  guard let parsed = try? ParsedCandidate(parsing: input.span) else { return 0 }
  let candidate: Candidate
  switch parsed {
  case .candidate(let value): candidate = value
  case .hostname(let hidden):
    precondition((1...253).contains(hidden.name.count))
    candidate = hidden.resolved(to: .anyV6)
  case .unsupported: return 0
  }
  var buffer = [UInt8](repeating: 0, count: 300)
  var writer = SpanWriter(buffer.mutableSpan)
  candidate.write(into: &writer)
  precondition(!writer.overflowed)
  let again = try? ParsedCandidate(parsing: writer.bytes(in: 0..<writer.count))
  precondition(again == .candidate(candidate))
  return 0
}
