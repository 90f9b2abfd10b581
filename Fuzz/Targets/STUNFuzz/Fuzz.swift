import Bytes
import STUN

/// Parses the input as a message. What parses must be walked, checked and rewritten without a trap, and an address in it
/// must survive being written and read again.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  if let ip = try? IPAddress(text: input.span) {
    var buffer = [UInt8](repeating: 0, count: 64)
    var writer = SpanWriter(buffer.mutableSpan)
    ip.write(into: &writer)
    let again = try? IPAddress(text: writer.bytes(in: 0..<writer.count))
    precondition(again == ip)
  }
  guard let message = try? Message(parsing: input.span) else { return 0 }
  var attributes = message.attributes
  var end = Message.headerSize
  while let attribute = try? attributes.next() {
    precondition(attribute.start == end && attribute.value.upperBound <= input.count)
    end = attribute.value.upperBound + (4 - attribute.value.count % 4) % 4
  }
  precondition(end == input.count)
  guard let fields = try? message.fields() else { return 0 }
  if let integrity = fields.integrity { _ = message.isIntegrityValid(at: integrity, key: input.span) }
  if let fingerprint = fields.fingerprint { _ = message.isFingerprintValid(at: fingerprint) }
  var buffer = [UInt8](repeating: 0, count: 256)
  var writer = SpanWriter(buffer.mutableSpan)
  let start = writer.beginMessage(.bindingSuccess, message.transactionID)
  if let mapped = fields.mappedAddress { writer.writeXorMappedAddress(mapped, message.transactionID) }
  writer.writeUnknownAttributes(fields.unknown)
  writer.finishMessage(at: start, key: input.span)
  let written = writer.bytes(in: 0..<writer.count)
  guard let copy = try? Message(parsing: written), let again = try? copy.fields() else { preconditionFailure() }
  precondition(again.mappedAddress == fields.mappedAddress)
  precondition(copy.isIntegrityValid(at: again.integrity ?? 0, key: input.span))
  precondition(copy.isFingerprintValid(at: again.fingerprint ?? 0))
  return 0
}
