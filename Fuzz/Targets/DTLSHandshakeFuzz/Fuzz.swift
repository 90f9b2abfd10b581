import Bytes
import Cryptography
import DTLS
import Time

/// Handshake messages of the input's making to a fresh server or a client that has said hello: type and body come from the
/// input, headers are right, so that the parsers behind reassembly are reached. Nobody may end up connected.
#if FUZZING
  @c(LLVMFuzzerTestOneInput)
#endif
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  var cursor = SpanCursor(input.span)
  guard let first = try? cursor.read(UInt8.self) else { return 0 }
  var configuration = Connection.Configuration(role: first & 1 == 0 ? .client : .server)
  configuration.requiresCookie = first & 2 != 0
  configuration.srtpProfiles = [.aeadAES128GCM, .aes128CMHMACSHA1_80]
  var connection = try! Connection(
    configuration: configuration, identity: identity, random: SeededRandom(seed: .init(7)), now: .zero)
  connection.start(now: .zero)
  if first & 4 != 0 { connection.setRemoteFingerprints([identity.fingerprint], now: .zero) }
  var sequence: UInt16 = 0
  while let type = try? cursor.read(UInt8.self), let length = try? cursor.read(UInt16.self) {
    guard let body = try? cursor.readBytes(min(Int(length & 0x7FF), cursor.remaining)) else { break }
    var record = [UInt8](repeating: 0, count: 25 + body.count)
    var writer = SpanWriter(record.mutableSpan)
    writer.write(UInt8(22))
    writer.write(UInt16(0xFEFD))
    writer.write(UInt64(sequence))
    writer.write(UInt16(12 + body.count))
    writer.write(type)
    writer.write24(UInt32(body.count))
    writer.write(sequence)
    writer.write24(0)
    writer.write24(UInt32(body.count))
    writer.write(body)
    sequence &+= 1
    var span = record.mutableSpan
    var offset = 0
    precondition(connection.receive(&span, from: &offset, now: .zero) == nil)
    var buffer = [UInt8](repeating: 0, count: 1200)
    for _ in 0..<8 {
      var output = SpanWriter(buffer.mutableSpan)
      guard connection.pollTransmit(into: &output) else { break }
    }
    precondition(!connection.isConnected)
  }
  return 0
}

let identity: Identity = {
  var random = SeededRandom(seed: .init(1))
  return try! Identity(random: &random)
}()
