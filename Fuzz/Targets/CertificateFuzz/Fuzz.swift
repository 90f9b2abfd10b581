import Bytes
import Cryptography

/// Certificates, signatures and DER from a stranger: nothing may trap, and what verifies must not come from luck.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  var reader = DERReader(input.span)
  while reader.nextTag != nil, (try? reader.skip()) != nil {}
  precondition(reader.offset <= input.count)
  if let key = try? Certificate.publicKey(of: input.span) {
    switch key {
    case .secp256r1(let point): precondition(point[0] == 4)
    case .rsa(let modulus, let exponent):
      precondition((128...1024).contains(modulus.count) && (1...4).contains(exponent.count))
    }
    precondition(!key.verifies(input.span, hash: .sha256, of: input.span, input.span))
  }
  return 0
}
