import Bytes
import STUN
import Testing

let vectorPassword = Array("VOkJxbRl1RmTxUk/WvJxBt".utf8)

@Suite struct VectorTests {
  @Test func `RFC 5769's request is read, and its integrity and fingerprint hold`() throws {
    let password = vectorPassword
    let bytes = try vector("rfc5769-request")
    let fields = try fieldsOf(bytes)
    #expect(fields.priority == 0x6e00_01ff)
    #expect(fields.iceControlled == 0x932f_f9b1_5126_3b36 && fields.iceControlling == nil)
    #expect(fields.username.map { Array(bytes[$0]) } == Array("evtj:h6vY".utf8))
    #expect(fields.software.map { Array(bytes[$0]) } == Array("STUN test client".utf8))
    let message = try Message(parsing: bytes.span)
    let isBinding = message.type == .bindingRequest
    let holds = message.isIntegrityValid(at: try #require(fields.integrity), key: password.span)
    let matches = message.isFingerprintValid(at: try #require(fields.fingerprint))
    #expect(isBinding && holds && matches)
  }

  @Test(arguments: [
    ("rfc5769-ipv4-response", "192.0.2.1"), ("rfc5769-ipv6-response", "2001:db8:1234:5678:11:2233:4455:6677"),
  ])
  func `RFC 5769's responses tell the mapped address`(_ name: String, _ ip: String) throws {
    let password = vectorPassword
    let bytes = try vector(name)
    let fields = try fieldsOf(bytes)
    #expect(fields.mappedAddress == TransportAddress(ip: try IPAddress(text: Array(ip.utf8).span), port: 32853))
    let message = try Message(parsing: bytes.span)
    let holds = message.isIntegrityValid(at: try #require(fields.integrity), key: password.span)
    let matches = message.isFingerprintValid(at: try #require(fields.fingerprint))
    #expect(holds && matches)
  }

  @Test func `RFC 5769's long-term request is made with the MD5 key of section 9.2.2`() throws {
    let bytes = try vector("rfc5769-long-term-request")
    let fields = try fieldsOf(bytes)
    // MD5 of "マトリックス:example.org:TheMatrIX".
    let key: [UInt8] = [
      0xe8, 0xca, 0x7a, 0xd5, 0x9d, 0x5e, 0xb0, 0x51, 0x8e, 0x31, 0x29, 0x11, 0xd2, 0xda, 0xb2, 0xa9,
    ]
    let message = try Message(parsing: bytes.span)
    let holds = message.isIntegrityValid(at: try #require(fields.integrity), key: key.span)
    #expect(holds && fields.fingerprint == nil && fields.unknown.isEmpty)
  }

  @Test func `a message written here is byte for byte RFC 5769's IPv6 response`() throws {
    let password = vectorPassword
    let expected = try vector("rfc5769-ipv6-response")
    var buffer = [UInt8](repeating: 0xee, count: 128)
    var writer = SpanWriter(buffer.mutableSpan)
    let id = TransactionID(high: 0xb7e7_a701, low: 0xbc34_d686_fa87_dfae)
    let start = writer.beginMessage(.bindingSuccess, id)
    // The vector pads SOFTWARE with a space where this writer pads with zero: written by hand.
    writer.write(AttributeType.software.rawValue)
    writer.write(UInt16(11))
    writer.write("test vector ")
    let ip = try IPAddress(text: Array("2001:db8:1234:5678:11:2233:4455:6677".utf8).span)
    writer.writeXorMappedAddress(TransportAddress(ip: ip, port: 32853), id)
    writer.finishMessage(at: start, key: password.span)
    let count = writer.count
    #expect(Array(buffer[0..<count]) == expected)
  }

  @Test func `a corrupted byte anywhere breaks the integrity or the fingerprint`() throws {
    let password = vectorPassword
    let original = try vector("rfc5769-request")
    for i in original.indices {
      var bytes = original
      bytes[i] ^= 0x10
      guard let message = try? Message(parsing: bytes.span), let fields = try? message.fields() else { continue }
      var holds = false
      if let integrity = fields.integrity, let fingerprint = fields.fingerprint {
        holds =
          message.isIntegrityValid(at: integrity, key: password.span)
          && message.isFingerprintValid(at: fingerprint)
      }
      #expect(!holds, "byte \(i)")
    }
  }
}
